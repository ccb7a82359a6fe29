"""`sextant due`: what a State owes in a calendar year, what came of it, and a calendar of it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.agenda.filed import Answered, Filed, Files, answered, read_filed
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.home import write_file
from sextant_shared.clock import system_clock, timestamp_s
from sextant_shared.deadlines import (
    DEFAULT_POLICY,
    DeadlinePolicy,
    Due,
    Facts,
    Reckoning,
    Word,
    agenda,
    day_of,
    policy_id,
    rules_by_kind,
)
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.strict import read_model

MAX_POLICY_BYTES = 1 << 20
ALARMS = (30, 7)
_DAY_FORM = "%Y-%m-%d"


def due(
    state: Annotated[
        str | None, typer.Option(help="State code; else that of the home's party.")
    ] = None,
    year: Annotated[
        int | None, typer.Option(help="Calendar year of the due days; else this year.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind; may be given again.")
    ] = None,
    eif: Annotated[
        str | None, typer.Option(help="Day of entry into force; else from the list of States.")
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(help="KIND=DATE: the day of an event that something follows from."),
    ] = None,
    sent: Annotated[
        bool, typer.Option("--sent", help="Say of each whether this home has sent it in time.")
    ] = False,
    ics: Annotated[Path | None, typer.Option(help="Write a calendar file here.")] = None,
    alarm: Annotated[
        list[int] | None,
        typer.Option(min=0, help="Days before at which the calendar reminds; else 30 and 7."),
    ] = None,
    policy_file: Annotated[
        Path | None, typer.Option("--policy", help="JSON with settings of the deadlines.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show what is due from a State in a calendar year, by which law, and how many days remain."""
    run = start(home, as_json=as_json)
    policy, now = _policy(policy_file), system_clock()
    asked = Asked(
        state=state or run.home.heading().get("state_code") or _no_state(),
        year=day_of(now, policy).year if year is None else year,
        kinds=tuple(name.upper().replace("-", "_") for name in kind or ()),
        facts=Facts(_day(eif) if eif else None, _events(event or ())),
        policy=policy,
        now=now,
    )
    found = agenda(asked.state, asked.year, policy, asked.facts, asked.kinds)
    files = read_filed(run.home) if sent else None
    marked = _marked(found, files, asked)
    if ics is not None:
        _write_calendar(ics, marked, asked, alarm or ALARMS, with_status=sent)
        run.output.say(f"Wrote {ics}: {len(found)} events.")
    shown = [_members(one, asked, with_status=sent) for one in marked]
    _show(run, asked, shown, files)


@dataclass(frozen=True)
class Asked:
    """What the command was asked for."""

    state: str
    year: int
    kinds: tuple[str, ...]
    facts: Facts
    policy: DeadlinePolicy
    now: float


def _marked(found: Sequence[Due], files: Files | None, asked: Asked) -> list[Answered]:
    return answered(found, files.filed if files else (), asked.now, asked.policy)


def _members(one: Answered, asked: Asked, *, with_status: bool) -> dict[str, Any]:
    item, rule = one.due, one.due.rule
    members = {
        "kind": item.kind,
        "case": rule.case,
        "title": CATALOGUE[item.kind].title if item.kind in CATALOGUE else "",
        "period": item.period,
        "due": str(item.day),
        "days_left": (item.day - day_of(asked.now, asked.policy)).days,
        "rule": rule.in_words,
        "duty": str(rule.duty),
        "law": rule.law,
        "evidence": rule.evidence,
        "note": rule.note,
    }
    if with_status:
        members["status"] = str(one.status.word)
        members["days_late"] = one.status.days
        members["sent"] = [_filed_members(filed) for filed in one.sent]
    return members


def _filed_members(filed: Filed) -> dict[str, Any]:
    return {
        "envelope": filed.envelope,
        "kind": filed.heading.kind,
        "declaration_id": filed.heading.declaration_id,
        "received": timestamp_s(filed.received or 0.0),
    }


def _show(run: Run, asked: Asked, shown: list[dict[str, Any]], files: Files | None) -> None:
    used = policy_id(asked.policy)
    open_kinds = list(_open_kinds(asked, {item["kind"] for item in shown}))
    document = {
        "state": asked.state,
        "year": asked.year,
        "today": str(day_of(asked.now, asked.policy)),
        "policy": {"version": used.version, "digest": used.digest},
        "due": shown,
        "open": open_kinds,
    }
    lines = _table(shown)
    lines += [f"{item['kind']}: {item['why']}  [{item['law']}]" for item in open_kinds]
    lines.append(
        f"{len(shown)} due from {asked.state} in {asked.year}"
        f"   deadlines {used.version} (sha256:{used.digest[:8]}…)"
    )
    if files is not None:
        document["unread"] = list(files.unread)
        lines += [f"{name} holds no declaration and was passed over" for name in files.unread]
    run.output.result(document, lines)


def _table(shown: Sequence[dict[str, Any]]) -> list[str]:
    """Return one line for each item, in columns as wide as they must be."""
    rows = [_cells(item) for item in shown]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width
        ).rstrip()
        for row in rows
    ]


def _cells(item: dict[str, Any]) -> tuple[str, ...]:
    left = item["days_left"]
    when = f"in {left} days" if left > 0 else "today" if left == 0 else f"{-left} days ago"
    late = f"({item['days_late']})" if item.get("days_late") else ""
    name = f"{item['kind']}/{item['case']}" if item["case"] else item["kind"]
    source = f"[{item['law']}; {item['evidence']}]"
    said = "; ".join(filter(None, (item["title"], item["note"])))
    return (item["due"], when, item.get("status", "") + late, name, item["period"], source, said)


def _open_kinds(asked: Asked, shown: Iterable[str]) -> Iterable[dict[str, str]]:
    """Yield why kinds that were asked for have no due day in this year."""
    for kind in sorted(set(asked.kinds) - set(shown)):
        for rule in rules_by_kind()[kind]:
            why = f"due {rule.in_words}"
            if rule.reckoning is Reckoning.NONE:
                why = f"no day is set: {rule.note}"
            elif rule.event and kind not in asked.facts.events:
                why += f"; give it as --event {kind}=DATE"
            yield {"kind": kind, "case": rule.case, "why": why, "law": rule.law}


def _write_calendar(
    path: Path, marked: list[Answered], asked: Asked, alarms: Sequence[int], *, with_status: bool
) -> None:
    # It takes a tenth of a second to load and only this option needs it.
    from sextant_client.agenda.ics import Sheet, calendar_file  # noqa: PLC0415

    name = f"Declarations of {asked.state}, {asked.year}"
    sheet = Sheet(name, asked.now, policy_id(asked.policy), tuple(alarms))
    is_done = {Word.ON_TIME, Word.LATE}
    done = [one.due for one in marked if with_status and (one.sent or one.status.word in is_done)]
    data = calendar_file([one.due for one in marked], sheet, done)
    try:
        write_file(path, data)
    except OSError as error:
        raise PlatformError(
            Code.STATE, f"cannot write {path}", fix="Name a file in a folder of yours."
        ) from error


def _policy(path: Path | None) -> DeadlinePolicy:
    if path is None:
        return DEFAULT_POLICY
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.NOT_FOUND, f"cannot read {path}", fix="Name a file that is there."
        ) from error
    return read_model(DeadlinePolicy, parse_json(data, max_bytes=MAX_POLICY_BYTES))


def _events(given: Sequence[str]) -> dict[str, tuple[dt.date, ...]]:
    found: dict[str, tuple[dt.date, ...]] = {}
    for text in given:
        kind, sign, day = text.partition("=")
        if not sign:
            raise typer.BadParameter(f"{text!r} is not KIND=DATE")
        name = kind.strip().upper().replace("-", "_")
        found[name] = (*found.get(name, ()), _day(day.strip()))
    return found


def _day(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.strftime(_DAY_FORM) != text:
        raise typer.BadParameter(f"{text!r} is no day of the form YYYY-MM-DD")
    return day


def _no_state() -> str:
    raise typer.BadParameter("name a State with --state; this home knows none")
