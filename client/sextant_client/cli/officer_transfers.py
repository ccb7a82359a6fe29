"""`sextant officer transfers`: what two States declare of the same transfers, side by side."""

from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.officer_accesses import PurposeOption
from sextant_client.cli.output import table_lines
from sextant_client.officers import officers_session
from sextant_shared import codelists
from sextant_shared.models.purposes import PURPOSE_HEADER

app = typer.Typer(help="Transfers, as both States declare them.", no_args_is_help=True)
_PAIRS = "/v1/transfers/pairs"
_PAGE = 200
_HEAD = ["pair", "chemical", "class", "more", "to explain, kg", "since"]
_NOTICE_HEAD = ["day", "from", "to", "chemical", "sender says", "receiver says", "findings"]

StateOption = Annotated[str | None, typer.Option(help="A State on either side, such as XAL.")]
YearOption = Annotated[int | None, typer.Option(help="Calendar year of the transfers.")]
LimitOption = Annotated[int, typer.Option(help="Longest list.", min=1, max=_PAGE)]
CursorOption = Annotated[str | None, typer.Option(help="`next` of the page before.")]


@app.command("list")
def list_pairs(
    purpose: PurposeOption,
    year: YearOption = None,
    chemical: Annotated[str | None, typer.Option(help="CAS number, such as 111-48-8.")] = None,
    state: StateOption = None,
    klass: Annotated[
        str | None, typer.Option("--class", help="Class, such as QUANTITY_MISMATCH.")
    ] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List pairs: what is declared by both, and what is left to explain."""
    run = start(home, as_json=as_json)
    wanted = {"year": year, "chemical": chemical, "state": state, "class": klass}
    found = _asked(run, _PAIRS, purpose, **wanted, limit=limit, cursor=cursor)
    run.output.result(found, pair_lines(found))


@app.command("show")
def show(
    pair: Annotated[str, typer.Argument(help="Pair from the list: 2025.111-48-8.XAL.XBO.")],
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show what both States say of a pair, and the explanations that fit."""
    run = start(home, as_json=as_json)
    found = _asked(run, f"{_PAIRS}/{pair}", purpose)
    run.output.result(found, detail_lines(found))


@app.command("notices")
def notices(
    purpose: PurposeOption,
    year: YearOption = None,
    state: StateOption = None,
    finding: Annotated[
        str | None,
        typer.Option(
            help="SENDER_SILENT, RECEIVER_SILENT, SENDER_LATE, RECEIVER_LATE, QUANTITY or DAY."
        ),
    ] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List notices of Schedule 1 transfers: both States give one of each."""
    run = start(home, as_json=as_json)
    wanted = {"year": year, "state": state, "finding": finding}
    found = _asked(run, "/v1/transfers/notices", purpose, **wanted, limit=limit, cursor=cursor)
    run.output.result(found, notice_lines(found))


def pair_lines(found: dict[str, Any]) -> list[str]:
    """Return a page of pairs for people."""
    rows = [
        [
            one["id"],
            _name(one["chemical"]),
            one["class"],
            one["more"] or "",
            _between(one["gap"], one["span"]),
            one["since"][:10],
        ]
        for one in found["pairs"]
    ]
    lines = table_lines([_HEAD, *rows], "") if rows else ["Nothing is declared that fits."]
    if found["owed"]:
        lines.append(f"{found['owed']} declarations are not compared yet.")
    lines += [
        f"{one['state']} {one['declaration_id']} is not compared: {one['why']}"
        for one in found["unread"]
    ]
    return [*lines, *_more(found), *_handled(found)]


def detail_lines(found: dict[str, Any]) -> list[str]:
    """Return one pair for people: the sides, what was tried, and what it said before."""
    pair, body = found["pair"], found["body"]
    lines = [
        f"{pair['class']}  {pair['id']}  {_name(pair['chemical'])} (Schedule {pair['schedule']})",
        f"to explain: {_between(pair['gap'], pair['span'])} kg; threshold {body['threshold']} kg",
        *_side_lines("exports", body["export"]),
        *_side_lines("imports", body["import"]),
    ]
    if body["notes"]:
        lines.append(f"notes: {', '.join(body['notes'])}")
    for one in body["explanations"]:
        rest = "" if one["residual"] is None else f", {one['residual']} kg would be left"
        third = f" with {one['third']}" if one["third"] else ""
        closes = "closes the difference" if one["closes"] else "fits, and does not close it"
        lines.append(f"{one['kind']}{third}: {closes}{rest}")
        lines += [f"  {f['name']}: {f['value']}{_place(f['place'])}" for f in one["figures"]]
        lines += [f"  see {name}" for name in one["related"]]
    lines += [f"{step['t']}  {step['class'] or 'declared by nobody'}" for step in found["steps"]]
    return [*lines, *_handled(found)]


def notice_lines(found: dict[str, Any]) -> list[str]:
    """Return a page of notices for people."""
    rows = [
        [
            (one["sent"] or one["received"])["day"],
            one["sender"],
            one["receiver"],
            _name(one["chemical"]),
            _notice(one["sent"]),
            _notice(one["received"]),
            ", ".join(one["findings"]) or "agree",
        ]
        for one in found["notices"]
    ]
    lines = table_lines([_NOTICE_HEAD, *rows], "") if rows else ["There are no such notices."]
    return [*lines, *_more(found), *_handled(found)]


def _side_lines(verb: str, side: dict[str, Any]) -> list[str]:
    says = "no row" if not side["rows"] else f"{side['kg'] or 'no figure'} kg"
    within = "" if side["low"] is None else f", between {side['low']} and {side['high']} kg"
    lines = [f"{side['state']} {verb}: {says} ({side['filed']}{within})"]
    if side["basis_note"]:
        lines.append(f"  basis: {side['basis_note']}")
    for row in side["rows"]:
        note = f", {row['mixture_note']}" if row["mixture_note"] else ""
        lines.append(f"  {row['qualifier']} {row['kg'] or ''}{note}{_place(row['place'])}")
    return lines


def _place(place: dict[str, Any] | None) -> str:
    if place is None:
        return ""
    return f"  [{place['declaration_id']} version {place['version']} {place['pointer']}]"


def _notice(one: dict[str, Any] | None) -> str:
    if one is None:
        return "silent"
    late = ", late" if one["received"] and one["received"] > one["last_day"] else ""
    return f"{one['kg'] or '?'} kg on {one['day']}{late}"


def _between(gap: str | None, span: str | None) -> str:
    if gap is None or span is None:
        return ""
    return gap if gap == span else f"{gap} to {span}"


def _name(chemical: str) -> str:
    known = codelists.chemicals_by_cas().get(chemical)
    return known.name if known else chemical


def _more(found: dict[str, Any]) -> list[str]:
    return [f"There are more: --cursor {found['next']}"] if found["next"] else []


def _handled(found: dict[str, Any]) -> list[str]:
    return [f"To be handled as {found['marking']}."] if found["marking"] else []


def _asked(run: Run, path: str, purpose: str, **wanted: str | int | None) -> dict[str, Any]:
    params = {name: value for name, value in wanted.items() if value is not None}
    headers = {PURPOSE_HEADER: purpose}
    with officers_session(run.home) as session:
        found: dict[str, Any] = session.request("GET", path, params=params, headers=headers).json()
    return found
