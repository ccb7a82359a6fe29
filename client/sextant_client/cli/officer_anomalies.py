"""`sextant officer anomalies`: differences to explain, their cards, and accepted explanations."""

import time
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.officer_accesses import PurposeOption
from sextant_client.cli.output import table_lines
from sextant_client.officers import officers_session
from sextant_shared.models.purposes import PURPOSE_HEADER

app = typer.Typer(help="Differences to explain, before anyone travels.", no_args_is_help=True)
_PATH = "/v1/anomalies"
_HEAD = ["card", "rank", "State", "year", "method", "with", "law", "accepted before", ""]
_PAGE = 200
_LOOK_S = 1.0
_ENDED = {"DONE", "FAILED"}
CardArgument = Annotated[str, typer.Argument(help="Card of the list, such as AN-0123456789abcdef.")]
TextOption = Annotated[str, typer.Option(help="In words, for those who read it later.")]


@app.command("list")
def list_cards(
    state: Annotated[str | None, typer.Option(help="State on any side, such as XAL.")] = None,
    year: Annotated[int | None, typer.Option(help="Reporting year.")] = None,
    method: Annotated[str | None, typer.Option(help="Method, such as SLIP.")] = None,
    kept: Annotated[
        str, typer.Option(help="OPEN, ACCEPTED, EXPLAINED by the analysis, or set ASIDE.")
    ] = "OPEN",
    capacity: Annotated[
        int | None,
        typer.Option(help="How many you can take up; a share of them is drawn by chance.", min=1),
    ] = None,
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=_PAGE)] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List differences in their order; figures, sites and chemicals stand on the cards alone."""
    run = start(home, as_json=as_json)
    given: dict[str, str | int | None] = {
        "state": state,
        "year": year,
        "method": method,
        "kept": kept,
        "capacity": capacity,
        "limit": limit,
        "cursor": cursor,
    }
    params = {name: value for name, value in given.items() if value is not None}
    with officers_session(run.home) as session:
        found = session.request("GET", _PATH, params=params).json()
    rows = [_row(one) for one in found["anomalies"]]
    lines = table_lines([_HEAD, *rows]) if rows else ["Nothing to explain."]
    if not found["run"]:
        lines = ["No run was made yet: sextant officer anomalies run"]
    if found["next"]:
        lines.append(f"More with --cursor {found['next']}")
    run.output.result(found, lines)


@app.command("show")
def show_card(
    card: CardArgument,
    purpose: PurposeOption,
    seen_by: Annotated[str | None, typer.Option(help="Show it as this State may see it.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show a card: figures with their places, what was tried, what would clear it."""
    run = start(home, as_json=as_json)
    params = {"seen_by": seen_by} if seen_by else {}
    headers = {PURPOSE_HEADER: purpose}
    with officers_session(run.home) as session:
        found = session.request("GET", f"{_PATH}/{card}", params=params, headers=headers).json()
    run.output.result(found, _card_lines(found))


@app.command("accept")
def accept(
    card: CardArgument,
    reason: Annotated[str, typer.Option(help="Why, as a code; `show` lists them.")],
    text: TextOption,
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Accept an explanation of a card; it stands in the log."""
    body = {"reason": reason, "text": text}
    _act(card, "explanations", body, purpose, home, as_json=as_json)


@app.command("withdraw")
def withdraw(
    card: CardArgument,
    number: Annotated[int, typer.Argument(help="Number of the explanation on the card.", min=1)],
    text: TextOption,
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Take an accepted explanation back; it stays in the history."""
    path = f"explanations/{number}/withdrawal"
    _act(card, path, {"text": text}, purpose, home, as_json=as_json)


@app.command("runs")
def list_runs(
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=_PAGE)] = 20,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List runs, newest first: who ordered them, what they read and found."""
    run = start(home, as_json=as_json)
    params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
    with officers_session(run.home) as session:
        found = session.request("GET", f"{_PATH}/runs", params=params).json()
    rows = [_run_row(one) for one in found["runs"]]
    head = ["run", "state", "by", "ordered", "read", "open", "explained", "aside", "name"]
    lines = table_lines([head, *rows]) if rows else ["No run was made yet."]
    if found["next"]:
        lines.append(f"More with --cursor {found['next']}")
    run.output.result(found, lines)


@app.command("run")
def order_run(
    wait: Annotated[bool, typer.Option(help="Wait until it is done.")] = True,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Order a run of all methods over all that is registered."""
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        found = session.request("POST", f"{_PATH}/runs").json()
        while wait and found["state"] not in _ENDED:
            time.sleep(_LOOK_S)
            found = session.request("GET", f"{_PATH}/runs/{found['number']}").json()
            if found["progress"]:
                run.output.say("{stage}: {done} of {of} States".format(**found["progress"]))
    said = f"Run {found['number']}: {found['state']}"
    if found["counts"]:
        said += ", {read} declarations read, {open} differences to explain".format(
            **found["counts"]
        )
    run.output.result(found, [said, *([found["error"]] if found["error"] else [])])


@app.command("notes")
def list_notes(
    purpose: PurposeOption,
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=_PAGE)] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List what the newest run could not compare, and why."""
    run = start(home, as_json=as_json)
    params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
    headers = {PURPOSE_HEADER: purpose}
    with officers_session(run.home) as session:
        found = session.request("GET", f"{_PATH}/notes", params=params, headers=headers).json()
    lines = [line for one in found["notes"] for line in _note_lines(one)] or ["No notes."]
    if found["next"]:
        lines.append(f"More with --cursor {found['next']}")
    run.output.result(found, lines)


def _act(
    card: str, path: str, body: dict[str, str], purpose: str, home: HomePath, *, as_json: bool
) -> None:
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        shown = session.request("GET", f"{_PATH}/{card}", headers={PURPOSE_HEADER: purpose})
        headers = {"If-Match": shown.headers["etag"]}
        done = session.request("POST", f"{_PATH}/{card}/{path}", json=body, headers=headers).json()
    run.output.result(done, [f"{done['id']}: {done['kept']}"])


def _row(one: dict[str, Any]) -> list[str]:
    return [
        one["id"],
        f"{one['rank']:.2f}",
        one["state"],
        f"{one['year']}",
        one["method"],
        " ".join(code for code in one["states"] if code != one["state"]),
        f"{one['law']} [{one['mark']}]",
        f"{one['accepted_before'] or ''}",
        "by chance" if one["pick"] == "RANDOM" else "",
    ]


def _card_lines(found: dict[str, Any]) -> list[str]:
    card = found["card"]
    chance = "" if card["probability"] is None else f", by chance {card['probability']:.1e}"
    lines = [
        f"{card['id']}  {card['state']} {card['year']} {card['subject']}  {card['method']}",
        f"  {found['marking']}",
        f"  {card['sentence']}",
        *(f"  {_figure(one)}" for one in card["figures"]),
    ]
    if card["tolerance"]:
        lines.append(f"  let pass: {card['tolerance']}{chance}")
    lines += [
        f"  tried: {one['name']}: {'closes it' if one['closes'] else 'leaves ' + one['left']}"
        for one in card["tried"]
    ]
    if card["clears"]:
        lines.append(f"  would clear it: {card['clears']}")
    if card["also"]:
        lines.append(f"  also found by {', '.join(card['also'])}")
    for one in found["explanations"]:
        about = "holds" if one["holds"] else f"of {one['year']}"
        about = f"withdrawn {one['withdrawn'][:10]}" if one["withdrawn"] else about
        lines.append(f"  accepted {one['number']}: {one['reason']} ({about}): {one['text']}")
    reasons = ", ".join(found["reasons"])
    return [*lines, f"  to accept an explanation: --reason {reasons}"]


def _figure(one: dict[str, Any]) -> str:
    place = one["place"]
    where = f"  {place['declaration_id']} v{place['version']} {place['pointer']}" if place else ""
    owner = f" of {one['owner']}" if one["owner"] else ""
    return f"{one['name']}{owner}: {one['text']}{where}".rstrip()


def _run_row(one: dict[str, Any]) -> list[str]:
    counts = (f"{one['counts'].get(name, '')}" for name in ("read", "open", "explained", "aside"))
    by = [f"{one['number']}", one["state"], one["client"], one["ordered"][:16]]
    return [*by, *counts, one["run"] or ""]


def _note_lines(one: dict[str, Any]) -> list[str]:
    about = f"{one['state']} {one['year']} {one['chemical']}".rstrip()
    where = ", ".join(f"{p['declaration_id']} v{p['version']}" for p in one["places"])
    return [f"{about}  {one['code']}: {one['sentence']}", f"  {where}"]
