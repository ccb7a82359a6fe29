"""`sextant officer accesses`: who read which declared content, when and why, for auditors."""

from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.output import table_lines
from sextant_client.officers import officers_session
from sextant_shared.models.purposes import PURPOSES, known_purpose

_HEAD = ["when", "who", "role", "purpose", "was given", "of", "log index", "entry"]


def _purpose(code: str | None) -> str | None:
    try:
        return None if code is None else known_purpose(code)
    except ValueError as error:
        raise typer.BadParameter(f"{code} {error}") from error


_LISTED = f"One of: {', '.join(PURPOSES)}."
PurposeOption = Annotated[
    str,
    typer.Option(
        "--purpose",
        envvar="SEXTANT_PURPOSE",
        callback=_purpose,
        help=f"Why you read it; it stands in the log. {_LISTED}",
    ),
]
SendingPurpose = Annotated[
    str | None,
    typer.Option(
        "--purpose",
        envvar="SEXTANT_PURPOSE",
        callback=_purpose,
        help=f"Why you send it, by default clarification. {_LISTED}",
    ),
]


def accesses(
    plant_site: Annotated[
        str | None, typer.Option(help="Code of a plant site or facility that was read of.")
    ] = None,
    declaration: Annotated[str | None, typer.Option(help="Its id in the register.")] = None,
    party: Annotated[str | None, typer.Option(help="Whose content, such as NA-XAL.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="First day, as 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last day, included.")] = None,
    officer: Annotated[str | None, typer.Option(help="Client id of who read.")] = None,
    role: Annotated[
        str | None, typer.Option(help="officer, or service for automatic examinations.")
    ] = None,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=200)] = 50,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List who read declared content, when and why; for auditors."""
    run = start(home, as_json=as_json)
    wanted: dict[str, str | int | None] = {
        "plant_site": plant_site,
        "declaration": declaration,
        "party": party,
        "from": since,
        "to": until,
        "officer": officer,
        "role": role,
        "cursor": cursor,
        "limit": limit,
    }
    params = {name: value for name, value in wanted.items() if value is not None}
    with officers_session(run.home) as session:
        found = session.request("GET", "/v1/accesses", params=params).json()
    run.output.result(found, _lines(found))


def _lines(found: dict[str, Any]) -> list[str]:
    if not found["accesses"]:
        return ["Nobody was given anything that fits."]
    lines = table_lines([_HEAD, *(row for one in found["accesses"] for row in _rows(one))], "")
    if found["unlogged"]:
        lines.append(f"{found['unlogged']} accesses wait for the log.")
    if found["next"]:
        lines.append(f"There are more: --cursor {found['next']}")
    return lines


def _rows(access: dict[str, Any]) -> list[list[str]]:
    """Return an access as a row, and one more for each further thing that was given."""
    first, *others = [_item(item) for item in access["items"]] or [""]
    row = [
        access["t"],
        access["client"],
        access["role"],
        access["purpose"] or ("" if access.get("shredded") else "REFUSED"),
        access["gives"],
        first,
        "waits" if access["index"] is None else str(access["index"]),
        _standing(access),
    ]
    return [row, *(["", "", "", "", "", other, "", ""] for other in others)]


def _standing(access: dict[str, Any]) -> str:
    if not access["verifies"]:
        return "DOES NOT HOLD"
    return "shredded" if access.get("shredded") else "holds"


def _item(item: dict[str, Any]) -> str:
    of = f" (declaration {item['declaration']} n {item['n']})" if item["declaration"] else ""
    return f"{item['sender']} {item['envelope']}{of}"
