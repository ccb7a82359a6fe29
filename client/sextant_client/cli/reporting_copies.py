"""`sextant log report`: tell the log of a backup that was made, or of a restore from one."""

from enum import StrEnum
from hashlib import file_digest
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.home import write_file
from sextant_client.officers import Room, officers_session
from sextant_shared.encoding import b64u, b64u_decode, canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.copies import CopyAnswer, CopyReport
from sextant_shared.models.entries import parse_entry
from sextant_shared.models.service_entries import BackupEntry, RestoreEntry
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.acts import commitment
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.logproof import verify_proof


class CopyAct(StrEnum):
    """What was done."""

    BACKUP = "backup"
    RESTORE = "restore"


class CopyOf(StrEnum):
    """Whose data was copied."""

    AUDIT = "audit"
    EXCHANGE = "exchange"
    DECLARATIONS = "declarations"


def report(
    act: Annotated[CopyAct, typer.Argument(help="What was done.")],
    of: Annotated[CopyOf, typer.Option(help="Which service's data.")],
    size: Annotated[
        int, typer.Option(help="Size of the log that the copy covers: of its newest head.", min=0)
    ],
    file: Annotated[
        Path | None, typer.Option(help="The backup, if it is one file: its SHA-256 is committed.")
    ] = None,
    note: Annotated[str, typer.Option(help="In your words; committed, not shown.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Keep the answer here: entry, proof, detail and salt.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Report a backup or a restore; it stands in the log for good (operators)."""
    run = start(home, as_json=as_json)
    told = {"act": str(act), "of": str(of), "size": size, "digest": _digest(file), "note": note}
    asked = read_model(CopyReport, told)  # what does not fit is told before anything is sent
    with officers_session(run.home, Room.AUDIT) as session:
        answer = session.request("POST", "/v1/copies", json=told, repeatable=False)
    found = read_model(CopyAnswer, answer.json())
    _check(found, asked, run.home.trust.log_keys)
    document = found.model_dump(mode="json")
    lines = [f"{str(act).upper()}  of {of}, log of {size}; entry {found.index}"]
    if out is not None:
        write_file(out, canonical_json(document))
        lines.append(f"  kept in {out}")
    run.output.result(document, lines)


def _digest(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            return b64u(file_digest(opened, "sha256").digest())
    except OSError as error:
        raise PlatformError(
            Code.MALFORMED, f"{file} cannot be read: {error.strerror}", fix="Name the right file."
        ) from error


def _check(found: CopyAnswer, asked: CopyReport, keys: LogKeys) -> None:
    """Hold the answer to what was reported.

    Raises:
        PlatformError: `E_KEY`, `E_SIGNATURE`, `E_INTEGRITY` for a proof that does not hold or is
            about something else; `E_DIGEST` for a detail that the entry does not commit to.
    """
    entry = parse_entry(verify_proof(b64u_decode(found.entry), found.proof, keys).leaf)
    is_told = isinstance(entry, BackupEntry | RestoreEntry) and (
        (entry.type, entry.of, entry.size) == (asked.act, asked.of, asked.size)
    )
    if not is_told:
        raise PlatformError(Code.INTEGRITY, "the answer is about another copy than was reported")
    opened = commitment(b64u_decode(found.salt), b64u_decode(found.detail))
    if getattr(entry, "commit", None) != b64u(opened):
        raise PlatformError(Code.DIGEST, "the detail is not the one that the entry commits to")
