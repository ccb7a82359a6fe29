"""`sextant officer clarify`, `clarifications` and `extend`: questions to States, and their time."""

from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.officer_accesses import PurposeOption, SendingPurpose
from sextant_client.cli.officer_messages import KeyOption
from sextant_client.cli.output import table_lines
from sextant_client.officers import officers_session
from sextant_shared.clock import system_clock, uuid7
from sextant_shared.models.purposes import PURPOSE_HEADER

_PATH = "/v1/clarifications"
_HEAD = ["due", "State", "declaration", "request", "places", "stands", "rests on", "clarification"]
_MEMBERS = ("declaration", "n", "reason", "questions", "answer_by")


def clarify(
    declaration: Annotated[str, typer.Argument(help="Id of the declaration, from the list.")],
    reason: Annotated[
        str,
        typer.Option(
            help="Why, as a code: MISSING_ITEMS, INCONSISTENT_FIGURES, DIFFERS_FROM_EARLIER,"
            " DIFFERS_FROM_PARTNER, DIFFERS_FROM_INSPECTION or INSPECTABILITY_OPEN."
        ),
    ],
    finding: Annotated[
        list[str] | None,
        typer.Option(help="RULE or RULE:/place; may be repeated. None: all unanswered ones."),
    ] = None,
    pointer: Annotated[
        list[str] | None, typer.Option(help="A place that no rule speaks of; may be repeated.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="Your own words, for the one place that is named.")
    ] = None,
    n: Annotated[int | None, typer.Option(help="Which submission; by default the newest.")] = None,
    language: Annotated[
        str | None, typer.Option(help="ar, en, es, fr, ru or zh; by default the State's.")
    ] = None,
    answer_by: Annotated[
        str | None, typer.Option(help="An earlier day than the policy's, as 2027-01-15.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the words; send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Send without being asked.")] = False,
    key: KeyOption = None,
    purpose: SendingPurpose = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Ask a State about a declaration: shows it worded in its language, and sends it."""
    run = start(home, as_json=as_json)
    places = [_place(one) for one in finding or []] + [{"pointer": p} for p in pointer or []]
    if text is not None and len(places) != 1:
        raise typer.BadParameter("own words are for one place: name one --finding or --pointer")
    places = [one | {"text": text} for one in places] if text is not None else places
    order = {
        "declaration": declaration,
        "n": n,
        "reason": reason,
        "places": places,
        "language": language,
    }
    given = {name: value for name, value in order.items() if value is not None}
    headers = {PURPOSE_HEADER: purpose} if purpose else {}
    with officers_session(run.home) as session:
        draft = session.request("POST", f"{_PATH}/drafts", json=given, headers=headers).json()
        draft |= {"answer_by": answer_by} if answer_by else {}
        lines = draft_lines(draft)
        if dry_run:
            run.output.result({"draft": draft, "sent": None}, lines)
            return
        if not yes:
            for line in lines:
                run.output.say(line)
            typer.confirm("Send it?", abort=True, err=True)
        body = {name: draft[name] for name in _MEMBERS}
        named = headers | {"Idempotency-Key": key or uuid7(system_clock)}
        sent = session.request("POST", _PATH, json=body, headers=named).json()
    message = sent["message"]
    told = [f"clarification {message['message']} to {message['to']}: {message['state']}"]
    run.output.result({"draft": draft, "sent": sent}, [*told, f"  life: {sent['life']}"])


def clarifications(
    state: Annotated[str | None, typer.Option(help="State code, such as XAL.")] = None,
    declaration: Annotated[str | None, typer.Option(help="Its id in the register.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is over its time.")] = False,
    ended: Annotated[
        bool, typer.Option("--ended", help="Also what is answered or superseded.")
    ] = False,
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=200)] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List what States were asked and until when, the earliest due day first."""
    run = start(home, as_json=as_json)
    wanted: dict[str, str | int | bool | None] = {
        "state": state,
        "declaration": declaration,
        "overdue": overdue or None,
        "ended": ended or None,
        "limit": limit,
        "cursor": cursor,
    }
    params = {name: value for name, value in wanted.items() if value is not None}
    with officers_session(run.home) as session:
        found = session.request("GET", _PATH, params=params).json()
    run.output.result(found, list_lines(found))


def extend(
    clarification: Annotated[str, typer.Argument(help="Id from `officer clarifications`.")],
    until: Annotated[str, typer.Option(help="The new last day, as 2027-03-01.")],
    reason: Annotated[
        str,
        typer.Option(
            help="Why, as a code: STATE_ASKED, PARTNER_ASKED, DELIVERED_LATE or OWN_DELAY."
        ),
    ],
    purpose: PurposeOption,
    asked_in: Annotated[
        str | None, typer.Option(help="Id of the envelope in which the State asked.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Give a State more time: it is told by letter, and the decision stands in the log."""
    run = start(home, as_json=as_json)
    body = {"until": until, "reason": reason} | ({"asked_in": asked_in} if asked_in else {})
    path, why = f"{_PATH}/{clarification}", {PURPOSE_HEADER: purpose}
    with officers_session(run.home) as session:
        tag = session.request("GET", path, headers=why).headers["etag"]
        headers = why | {"If-Match": tag}
        found = session.request("POST", f"{path}/extensions", json=body, headers=headers).json()
    line = found["clarification"]
    told = f"{line['to']} has until {line['until']} for its answer to {line['request']}"
    run.output.result(found, [told, f"  extended {_times(line['extended'])}"])


def draft_lines(draft: dict[str, Any]) -> list[str]:
    """Return a clarification as it would be sent, for people."""
    words = "; drafted by machine, unreviewed" if draft["by_machine"] else ""
    lines = [
        f"to {draft['to']}, in {draft['language']}{words}",
        f"answer by {draft['answer_by']} ({draft['clock_source']}) [{draft['mark']}]",
    ]
    for one in draft["questions"]:
        lines.append(f"{one['rule'] or 'place'} at {one['pointer'] or '/'}")
        lines += [f"  {line}" for line in one["text"].splitlines()]
    return lines


def list_lines(found: dict[str, Any]) -> list[str]:
    """Return a page of clarifications for people."""
    rows = [
        [
            one["until"] or "not with the State yet",
            one["state"] or one["to"],
            f"{one['declaration_id']} version {one['version']}",
            one["request"],
            str(one["questions"]),
            _stands(one),
            _rests_on(one),
            one["id"],
        ]
        for one in found["clarifications"]
    ]
    lines = table_lines([_HEAD, *rows], "") if rows else ["Nothing is asked."]
    return [*lines, f"There are more: --cursor {found['next']}"] if found["next"] else lines


def _rests_on(one: dict[str, Any]) -> str:
    if one["because"] == "policy":
        return " ".join(part for part in (one["law"], f"[{one['evidence']}]") if part)
    times = f" {_times(one['extended'])}" if one["extended"] else ""
    return f"{one['because']}{times}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _stands(one: dict[str, Any]) -> str:
    days = f", {one['days_over']} days late" if one["days_over"] else ""
    said = one["stands"].upper() if one["stands"] == "overdue" else one["stands"]
    return f"{said}{days}"


def _place(finding: str) -> dict[str, str]:
    rule, _, pointer = finding.partition(":")
    return {"rule": rule, "pointer": pointer}
