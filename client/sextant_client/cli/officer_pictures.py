"""`sextant officer picture`: what the register holds, drawn, or the table that says the same."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.home import write_file
from sextant_client.officers import officers_session
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.purposes import PURPOSE_HEADER, PURPOSES

FORMS = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".csv": "text/csv",
    ".html": "text/html",
}


class Kind(StrEnum):
    """What is drawn."""

    TIMELINESS = "timeliness"
    QUEUE_AGE = "queue-age"
    CLARIFICATION_CLOCK = "clarification-clock"
    TRANSFER_MATRIX = "transfer-matrix"
    TRANSFER_SCATTER = "transfer-scatter"
    MASS_BALANCE = "mass-balance"
    DOSSIER = "dossier"


NEEDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TRANSFER_MATRIX: ("chemical", "year"),
    Kind.TRANSFER_SCATTER: ("chemical", "year"),
    Kind.MASS_BALANCE: ("state", "chemical", "year"),
    Kind.DOSSIER: ("state", "site"),
}
TAKES: Mapping[Kind, tuple[str, ...]] = {
    **NEEDS,
    Kind.TIMELINESS: ("state", "kind", "year"),
    Kind.QUEUE_AGE: ("state",),
    Kind.CLARIFICATION_CLOCK: ("state",),
    Kind.MASS_BALANCE: ("state", "chemical", "year", "site"),
}


def picture(
    kind: Annotated[Kind, typer.Argument(help="What to draw.")],
    out: Annotated[Path, typer.Option(help="File to write: .svg, .png, .csv or .html.")],
    state: Annotated[str | None, typer.Option(help="State code, such as XAL.")] = None,
    year: Annotated[int | None, typer.Option(help="Year.")] = None,
    chemical: Annotated[str | None, typer.Option(help="CAS number.")] = None,
    site: Annotated[str | None, typer.Option(help="Code of a site or facility.")] = None,
    declared: Annotated[
        str | None, typer.Option("--kind", help="Kind of declaration, for timeliness.")
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option(
            envvar="SEXTANT_PURPOSE",
            help=f"Why, where declared content is drawn: {', '.join(PURPOSES)}.",
        ),
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Draw a picture into a file; the same command with .csv or .html writes its table."""
    run = start(home, as_json=as_json)
    given = {
        "state": state,
        "year": year,
        "chemical": chemical,
        "site": site,
        "kind": declared,
    }
    params = asked(kind, given)
    headers = {"Accept": form_of(out)}
    if kind in NEEDS:
        if purpose is None:
            raise typer.BadParameter(f"{kind} shows declared content: say why with --purpose")
        headers[PURPOSE_HEADER] = purpose
    with officers_session(run.home) as session:
        answer = session.request("GET", f"/v1/pictures/{kind}", params=params, headers=headers)
    write_file(out, answer.content)
    size = len(answer.content)
    run.output.result({"file": str(out), "size": size}, [f"Wrote {out} ({size:,} bytes)."])


def asked(kind: Kind, given: Mapping[str, str | int | None]) -> dict[str, str | int]:
    """Return what a picture is asked with.

    Raises:
        BadParameter: for what it needs and does not get, or gets and does not take.
    """
    params = {name: value for name, value in given.items() if value is not None}
    missing = [name for name in NEEDS.get(kind, ()) if name not in params]
    if missing:
        raise typer.BadParameter(f"{kind} needs {', '.join(f'--{name}' for name in missing)}")
    strange = [name for name in params if name not in TAKES[kind]]
    if strange:
        raise typer.BadParameter(f"{kind} takes no {', '.join(f'--{name}' for name in strange)}")
    return params


def form_of(out: Path) -> str:
    """Return the media type that a file's name asks for.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    form = FORMS.get(out.suffix.lower())
    if form is None:
        raise PlatformError(
            Code.MALFORMED,
            "the name of the file does not say what to write",
            expected=", ".join(FORMS),
            received=out.name[:60],
        )
    return form
