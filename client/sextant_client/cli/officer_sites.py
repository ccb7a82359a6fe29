"""`sextant officer dossier`, `identities` and `same-site`: plant sites over the years."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.officer_accesses import PurposeOption
from sextant_client.cli.output import table_lines
from sextant_client.officers import officers_session
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.purposes import PURPOSE_HEADER

State = Annotated[str, typer.Argument(help="State code, such as XAL.")]


class Word(StrEnum):
    """What a person says of two codes."""

    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


def dossier(
    state: State,
    site: Annotated[str, typer.Argument(help="The State's code of the site.")],
    purpose: PurposeOption,
    known_on: Annotated[str | None, typer.Option(help="As known on this day.")] = None,
    picture: Annotated[
        Path | None, typer.Option(help="SVG file to write; never overwritten.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show all that became known of a plant site, by time."""
    run = start(home, as_json=as_json)
    if picture is not None and picture.exists():
        raise PlatformError(Code.STATE, f"{picture} is there already", fix="Name another file.")
    path, headers = f"/v1/sites/{state}/{site}/dossier", {PURPOSE_HEADER: purpose}
    params = {"known_on": known_on} if known_on else {}
    with officers_session(run.home) as session:
        found = session.request("GET", path, params=params, headers=headers).json()
        if picture is not None:
            drawn = session.request("GET", f"{path}/picture", params=params, headers=headers)
            picture.write_bytes(drawn.content)
    what = f"filings read: {found['sources']}, {found['marking']}"
    lines = [f"{state} {site}, as known on {found['known_on']}, {what}"]
    for one in found["codes"]:
        names = ", ".join(f"{name} since {since}" for name, since in one["names"].items())
        lines.append(f"  {one['code']}, {one['first']} to {one['last']}: {names}")
    rows = [["true on", "kind", "what", "known on"]]
    rows += [[one["on"], one["lane"], one["what"], one["known"]] for one in found["events"]]
    run.output.result(found, [*lines, *table_lines(rows, "  ")])


def identities(
    state: State, purpose: PurposeOption, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """List codes of a State that may be one plant site, with the weight of each answer."""
    run = start(home, as_json=as_json)
    headers = {PURPOSE_HEADER: purpose}
    with officers_session(run.home) as session:
        found = session.request("GET", f"/v1/identities/{state}", headers=headers).json()
    lines = [f"Weights fitted on {found['fitted_on']} [{found['mark']}]"]
    for one in found["proposals"]:
        lines += _pair_lines(one)
    run.output.result(found, lines if found["proposals"] else ["Nothing to propose."])


def same_site(
    state: State,
    older: Annotated[str, typer.Argument(help="The older code.")],
    newer: Annotated[str, typer.Argument(help="The newer code.")],
    word: Annotated[Word, typer.Option(help="What you say of the pair.", case_sensitive=False)],
    reason: Annotated[str, typer.Option(help="Why, in your words.")],
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Say whether two codes are one plant site, or take back what was said; it is logged."""
    run = start(home, as_json=as_json)
    path, why = f"/v1/identities/{state}", {PURPOSE_HEADER: purpose}
    order = {"older": older, "newer": newer, "word": str(word), "reason": reason}
    with officers_session(run.home) as session:
        tag = session.request("GET", f"{path}/{older}/{newer}", headers=why).headers["etag"]
        headers = {**why, "If-Match": tag}
        said = session.request("POST", f"{path}/words", json=order, headers=headers).json()
    run.output.result(said, _pair_lines(said))


def _pair_lines(one: dict[str, Any]) -> list[str]:
    older, newer = one["older"], one["newer"]
    said = f"{one['word']['word']} by {one['word']['client']}" if one["word"] else "nothing said"
    lines = [f"{older['code']} and {newer['code']}: probability {one['probability']}, {said}"]
    for side in (older, newer):
        names = ", ".join(side["names"])
        lines.append(
            f"  {side['code']}, {side['first']} to {side['last']}: {names}; {side['place']}"
        )
    rows = [["prior", "", one["prior"], ""]]
    rows += [
        [part["question"], part["level"], part["weight"],
         f"{part['m']} of one site, {part['u']} of others"]
        for part in one["parts"]
    ]  # fmt: skip
    return [*lines, *table_lines(rows, "    ")]
