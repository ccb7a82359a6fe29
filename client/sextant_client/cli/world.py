"""`sextant world`: a made-up world with an answer key, for tests, benchmarks and sandboxes."""

import csv
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, start
from sextant_client.home import Home, read_json
from sextant_client.world import WorldPlan, write_world
from sextant_client.world.answers import count_kinds
from sextant_client.world.enrolling import Registrar, enrol_states
from sextant_client.world.loading import find_homes, load_world, read_documents
from sextant_client.world.writing import ANSWERS_FILE, RECEIVED_FILE, WORLD_FILE
from sextant_shared.errors import Code, PlatformError

app = typer.Typer(help="A made-up world of States with an answer key.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="Folder of a world.")]


@app.command("make")
def make(
    states: Annotated[int, typer.Option(help="How many States Parties.", min=1)] = 190,
    years: Annotated[int, typer.Option(help="How many reporting years, up to 2025.", min=1)] = 20,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    out: Annotated[Path, typer.Option(help="New folder to write into.")] = Path("world"),
    jobs: Annotated[int, typer.Option(help="How many processes.", min=1, max=64)] = 2,
    as_json: JsonFlag = False,
) -> None:
    """Make a world: declarations of all States, days of receipt, and the answer key."""
    run = start(DEFAULT_HOME, as_json=as_json)
    plan = WorldPlan(states=states, years=years, seed=seed)
    written = write_world(plan, out, jobs, run.output.meter)
    members = {
        "folder": str(out),
        "documents": written.documents,
        "bytes": written.size_bytes,
        "faults": written.faults,
        "honest_differences": written.honest_differences,
    }
    lines = [
        f"Wrote {written.documents:,} declarations ({written.size_bytes:,} bytes) into {out}.",
        f"{ANSWERS_FILE}: {written.faults:,} planted, {written.honest_differences:,} honest.",
        f"Next: sextant world show {out}",
    ]
    run.output.result(members, lines)


@app.command("show")
def show(folder: Folder, as_json: JsonFlag = False) -> None:
    """Show what a world holds: States, years, kinds of declarations, and what the key lists."""
    run = start(DEFAULT_HOME, as_json=as_json)
    world = read_world(folder)
    kinds: dict[str, int] = {}
    with (folder / RECEIVED_FILE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kinds[row["kind"]] = kinds.get(row["kind"], 0) + 1
    key = _read_key(folder / ANSWERS_FILE)
    parties = sum(bool(state["is_state_party"]) for state in world["states"])
    others = len(world["states"]) - parties
    lines = [
        f"{parties} States Parties and {others} others, seed {world['seed']}",
        f"{world['first_year']} to {world['last_year']}: {world['documents']:,} declarations",
        *(f"  {count:>8,}  {kind}" for kind, count in sorted(kinds.items())),
        *_key_lines(key),
    ]
    members: dict[str, Any] = {
        "states": parties,
        "not_party": others,
        "first_year": world["first_year"],
        "last_year": world["last_year"],
        "seed": world["seed"],
        "kinds": kinds,
        "planted": {kind: count for (is_planted, kind), count in key.items() if is_planted},
        "honest": {kind: count for (is_planted, kind), count in key.items() if not is_planted},
    }
    run.output.result(members, lines)


@app.command("load")
def load(
    folder: Folder,
    home: Annotated[
        list[Path],
        typer.Option(help="Home of a National Authority, or a folder of homes; repeat it."),
    ],
    state: Annotated[list[str] | None, typer.Option(help="Only this State; repeat it.")] = None,
    registrar: Annotated[
        Path | None,
        typer.Option(help="Home of a registrar, to enrol States without a home (sandbox only)."),
    ] = None,
    registrar_id: Annotated[str, typer.Option(help="The registrar's client id.")] = "REG-1",
    new_homes: Annotated[
        Path | None, typer.Option(help="Where homes of States enrolled now are made.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="How many States send at once.", min=1, max=64)] = 4,
    as_json: JsonFlag = False,
) -> None:
    """Send a world to a running platform, as its parties; run it again to go on or to repeat."""
    run = start(DEFAULT_HOME, as_json=as_json)
    documents = read_documents(folder, state or [])
    homes = dict(find_homes(home))
    missing = [code for code in documents if code not in homes]
    if registrar is not None and missing:
        place = new_homes or folder.parent / f"{folder.name}-homes"
        report = run.output.meter("enrol, States")
        signer = Registrar(Home(registrar), registrar_id)
        enrolled = enrol_states(missing, signer, next(iter(homes.values())), place)
        for number, (code, new) in enumerate(enrolled, start=1):
            homes[code] = new
            report(number, len(missing))
    loaded = load_world(documents, homes, run.output.meter("send, declarations"), jobs)
    homeless = [code for code in documents if code not in homes]
    lines = [f"Sent {loaded.sent:,} declarations; {loaded.known:,} had their receipt before."]
    if homeless:
        lines.append(f"Left {loaded.homeless:,} of {len(homeless)} States without a home here.")
    members = {
        "sent": loaded.sent,
        "known": loaded.known,
        "homeless": loaded.homeless,
        "states": [code for code in documents if code in homes],
    }
    run.output.result(members, lines)


def read_world(folder: Path) -> dict[str, Any]:
    """Return what `world.json` says.

    Raises:
        PlatformError: `E_STATE`, when there is no world in the folder.
    """
    if not (folder / WORLD_FILE).exists():
        raise PlatformError(
            Code.STATE,
            f"there is no world in {folder}",
            expected=WORLD_FILE,
            received="nothing",
            fix="Make one: sextant world make --out FOLDER.",
        )
    return read_json(folder / WORLD_FILE)


def _read_key(path: Path) -> dict[tuple[bool, str], int]:
    """Return what the key counts; nothing where it was taken away for an exercise."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as file:
        return count_kinds(json.loads(line) for line in file)


def _key_lines(key: dict[tuple[bool, str], int]) -> list[str]:
    if not key:
        return ["No answer key here."]
    lines: list[str] = []
    for is_planted, title in ((True, "planted faults"), (False, "honest differences")):
        found = {kind: count for (planted, kind), count in key.items() if planted is is_planted}
        lines.append(f"{sum(found.values()):,} {title}")
        lines += [f"  {count:>8,}  {kind}" for kind, count in sorted(found.items())]
    return lines
