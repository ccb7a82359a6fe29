"""`sextant officer export`: orders a table as a file, waits for it, checks it, and keeps it."""

import base64
import hashlib
import tempfile
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.output import table_lines
from sextant_client.officers import officers_session
from sextant_client.session import Session
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.purposes import PURPOSE_HEADER, PURPOSES

EXPORTS = "/v1/exports"
_FIRST_LOOK_S, _LOOK_S = 0.2, 2.0
_ENDED = frozenset({"failed", "cancelled", "removed", "expired"})
_HEAD = ["id", "what", "format", "state", "rows", "bytes", "expires"]


class Format(StrEnum):
    """What a file is written as."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


def export(
    what: Annotated[str, typer.Argument(help="declarations, obligations, timeliness, records, …")],
    out: Annotated[Path, typer.Option(help="File to write; never overwritten.")],
    format_: Annotated[
        Format | None, typer.Option("--format", help="Default: by the file's name, else csv.")
    ] = None,
    state: Annotated[str | None, typer.Option(help="State code, such as XAL.")] = None,
    kind: Annotated[str | None, typer.Option(help="Kind, such as S2_AND.")] = None,
    year: Annotated[int | None, typer.Option(help="Reporting year, or year of due days.")] = None,
    status: Annotated[str | None, typer.Option(help="Of obligations, such as missing.")] = None,
    purpose: Annotated[
        str | None,
        typer.Option(
            envvar="SEXTANT_PURPOSE",
            help=f"Why, where declared content goes out: {', '.join(PURPOSES)}.",
        ),
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Export a table into a file, with progress; Ctrl-C cancels it."""
    run = start(home, as_json=as_json)
    if out.exists():
        raise PlatformError(Code.STATE, f"{out} is there already", fix="Name another file.")
    given = {"state": state, "kind": kind, "year": year, "status": status}
    order = {
        "what": what,
        "filters": {name: value for name, value in given.items() if value is not None},
        "format": str(format_ or named_by(out)),
    }
    headers = {PURPOSE_HEADER: purpose} if purpose else {}
    with officers_session(run.home) as session:
        made = session.request("POST", EXPORTS, json=order, headers=headers, repeatable=False)
        view: dict[str, Any] = made.json()
        try:
            view = waited(run, session, view)
            fetched(session, view, out)
        finally:
            session.request("DELETE", view["links"]["self"])  # its file is here, or is not wanted
    lines = [f"Wrote {out}: {view['rows']:,} rows, {view['size']:,} bytes, SHA-256 verified."]
    run.output.result({"file": str(out), **view}, lines)


def exports(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """List your exports that the service knows of, newest first."""
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        found = session.request("GET", EXPORTS).json()
    rows = [
        [
            "" if one[name] is None else str(one[name])
            for name in ("id", "what", "format", "state", "rows", "size")
        ]
        + [one["expires"] or ""]
        for one in found["exports"]
    ]
    lines = table_lines([_HEAD, *rows]) if rows else ["You have no exports."]
    run.output.result(found, lines)


def named_by(out: Path) -> Format:
    """Return the format that a file's name says; CSV for any other."""
    suffix = out.suffix.lower().removeprefix(".")
    return Format(suffix) if suffix in set(Format) else Format.CSV


def waited(run: Run, session: Session, view: Mapping[str, Any]) -> dict[str, Any]:
    """Return an export once it is ready, telling how far it is.

    Raises:
        PlatformError: what it failed with, or `E_GONE` when it was cancelled.
    """
    tell, pause = run.output.meter("Exported"), _FIRST_LOOK_S
    seen = dict(view)
    while seen["state"] != "ready":
        if seen["error"]:
            error = seen["error"]
            raise PlatformError(Code(error["code"]), error["detail"], fix=error["fix"])
        if seen["state"] in _ENDED:
            raise PlatformError(Code.GONE, f"the export was {seen['state']}", fix="Order it again.")
        time.sleep(pause)
        pause = min(_LOOK_S, pause * 1.5)
        seen = session.request("GET", view["links"]["self"]).json()
        if seen["total"]:
            tell(seen["done"], seen["total"])
    return seen


def fetched(session: Session, view: Mapping[str, Any], out: Path) -> None:
    """Write the file of an export, which appears whole and as it was made, or not at all.

    Raises:
        PlatformError: `E_DIGEST` for other bytes than were made.
    """
    digest = hashlib.sha256()
    with (
        session.stream(view["links"]["file"]) as response,
        tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".fetching-") as folder,
    ):
        partial = Path(folder) / "part"
        with partial.open("xb") as file:
            for block in response.iter_bytes():
                digest.update(block)
                file.write(block)
        said = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
        if digest.hexdigest() != view["digest"] or response.headers.get("repr-digest") != said:
            raise PlatformError(
                Code.DIGEST,
                "the file that arrived is not the one that was made",
                expected=str(view["digest"]),
                received=digest.hexdigest(),
                fix="Run it again.",
            )
        partial.rename(out)
