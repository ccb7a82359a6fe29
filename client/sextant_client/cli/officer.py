"""`sextant officer`: the Secretariat's side, against the declarations service."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli import officer_grants, officer_work
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.officer_accesses import PurposeOption, accesses
from sextant_client.cli.officer_anomalies import app as anomalies_app
from sextant_client.cli.officer_cases import app as cases_app
from sextant_client.cli.officer_clarifications import clarifications, clarify, extend
from sextant_client.cli.officer_exports import export, exports
from sextant_client.cli.officer_inspections import app as inspection_app
from sextant_client.cli.officer_lives import diff, life, step
from sextant_client.cli.officer_messages import ask, owed, send, thread
from sextant_client.cli.officer_obligations import obligations, remind
from sextant_client.cli.officer_pictures import picture
from sextant_client.cli.officer_sign_in import login, logout, whoami
from sextant_client.cli.officer_sites import dossier, identities, same_site
from sextant_client.cli.officer_transfers import app as transfers_app
from sextant_client.cli.output import table_lines
from sextant_client.cli.shredding import shred
from sextant_client.officers import officers_session
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import DiscardReason, DiscardRequest
from sextant_shared.models.purposes import PURPOSE_HEADER

app = typer.Typer(help="For officers of the Secretariat.", no_args_is_help=True)
for command in (
    export,
    exports,
    picture,
    login,
    logout,
    whoami,
    send,
    ask,
    thread,
    owed,
    obligations,
    remind,
    accesses,
    shred,
    life,
    step,
    diff,
):
    app.command()(command)
app.command()(dossier)
app.command()(identities)
app.command()(same_site)
dead_letters_app = typer.Typer(help="Deliveries that were given up.", invoke_without_command=True)
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(anomalies_app, name="anomalies")
app.command()(clarify)
app.command()(clarifications)
app.command()(extend)
app.add_typer(transfers_app, name="transfers")
app.add_typer(cases_app, name="cases")
app.add_typer(officer_work.app, name="work")
app.add_typer(officer_grants.app, name="grants")
app.add_typer(inspection_app, name="inspection")
SeqArgument = Annotated[int, typer.Argument(help="Number from the list.", min=1)]


@app.command("list")
def list_declarations(
    state: Annotated[str | None, typer.Option(help="State code, such as XAL.")] = None,
    kind: Annotated[str | None, typer.Option(help="Kind, such as S2_AND.")] = None,
    year: Annotated[int | None, typer.Option(help="Reporting year.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List declarations, newest first."""
    wanted: dict[str, str | int | None] = {"state": state, "kind": kind, "year": year}
    params = {name: value for name, value in wanted.items() if value is not None}
    _show(start(home, as_json=as_json), "/v1/declarations", params)


@app.command("read")
def read(
    declaration: Annotated[str, typer.Argument(help="Id from the list.")],
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Read a declaration with its versions and findings."""
    _show(start(home, as_json=as_json), f"/v1/declarations/{declaration}", {}, purpose)


@app.command("evidence")
def evidence(
    declaration: Annotated[str, typer.Argument(help="Id from the list.")],
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show everything that proves a declaration."""
    _show(start(home, as_json=as_json), f"/v1/declarations/{declaration}/evidence", {}, purpose)


@app.command("attachments")
def attachments(
    declaration: Annotated[str, typer.Argument(help="Id from the list.")],
    purpose: PurposeOption,
    version: Annotated[
        int, typer.Option("--version", help="Which submission, counted from 1.", min=1)
    ] = 1,
    fetch: Annotated[
        int | None, typer.Option(help="Fetch this one of the list, into --out.", min=1)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; never overwritten.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List what came with a declaration, or fetch one attachment."""
    run = start(home, as_json=as_json)
    path = f"/v1/declarations/{declaration}/versions/{version}/attachments"
    if fetch is None:
        _show(run, path, {}, purpose)
        return
    if out is None:
        raise typer.BadParameter("name a file with --out")
    size = _fetch(run, f"{path}/{fetch}", out, purpose)
    run.output.result({"file": str(out), "size": size}, [f"Wrote {out} ({size:,} bytes)."])


@app.command("queue")
def queue(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """List what waits for verification."""
    _show(start(home, as_json=as_json), "/v1/queue", {})


@dead_letters_app.callback()
def dead_letters(
    ctx: typer.Context, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """List deliveries that were given up, with their reasons."""
    if ctx.invoked_subcommand is None:
        _show(start(home, as_json=as_json), "/v1/dead-letters", {})


@dead_letters_app.command("replay")
def replay(seq: SeqArgument, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Let a dead letter come again, once its cause is mended."""
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        session.request("POST", f"/v1/dead-letters/{seq}/replay", repeatable=False)
    run.output.result({"seq": seq, "replayed": True}, [f"REPLAYED  delivery {seq}"])


@dead_letters_app.command("discard")
def discard(
    seq: SeqArgument,
    reason: Annotated[DiscardReason, typer.Option(help="Why, as a code.", case_sensitive=False)],
    note: Annotated[str, typer.Option(help="Why, in your words.")] = "",
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Give up a dead letter for good; it stands in the log."""
    run = start(home, as_json=as_json)
    body = DiscardRequest(reason=reason, note=note).model_dump(mode="json")
    with officers_session(run.home) as session:
        session.request("POST", f"/v1/dead-letters/{seq}/discard", json=body)
    run.output.result({"seq": seq, "discarded": str(reason)}, [f"DISCARDED  delivery {seq}"])


def _fetch(run: Run, path: str, out: Path, purpose: str) -> int:
    """Write the answer to a new file, which appears whole or not at all."""
    if out.exists():
        raise PlatformError(Code.STATE, f"{out} is there already", fix="Name another file.")
    with (
        officers_session(run.home) as session,
        session.stream(path, headers={PURPOSE_HEADER: purpose}) as response,
        tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".fetching-") as folder,
    ):
        partial = Path(folder) / "part"
        with partial.open("xb") as file:
            for block in response.iter_bytes():
                file.write(block)
        size = partial.stat().st_size
        partial.rename(out)
    return size


def _show(run: Run, path: str, params: dict[str, str | int], purpose: str | None = None) -> None:
    headers = {PURPOSE_HEADER: purpose} if purpose else {}
    with officers_session(run.home) as session:
        answer = session.request("GET", path, params=params, headers=headers).json()
    run.output.result(answer, _lines(answer))


def _lines(answer: Any, indent: str = "") -> list[str]:
    """Return any answer as indented lines; tables where items are flat."""
    if isinstance(answer, dict):
        lines = []
        for name, value in answer.items():
            if isinstance(value, dict | list) and value:
                lines += [f"{indent}{name}:", *_lines(value, indent + "  ")]
            else:
                lines.append(f"{indent}{name}: {_said(value)}")
        return lines
    if isinstance(answer, list):
        if all(_is_flat(item) for item in answer):
            return _table(answer, indent)
        return [line for item in answer for line in (f"{indent}-", *_lines(item, indent + "  "))]
    return [f"{indent}{answer}"]


def _is_flat(item: Any) -> bool:
    return isinstance(item, dict) and not any(isinstance(v, dict | list) for v in item.values())


def _table(items: list[dict[str, Any]], indent: str) -> list[str]:
    """Return flat items as a table with the names of their members above."""
    names = list(items[0])
    rows = [names, *([_cell(item.get(name)) for name in names] for item in items)]
    return table_lines(rows, indent)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None or value in ([], {}) else str(value)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
