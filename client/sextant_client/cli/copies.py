"""`sextant log fsck` and `sextant log mirror`: copies of the log, checked and kept."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client import errors as exits
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.copies.checking import FETCHES, CopyCheck, CopyReport
from sextant_client.copies.faults import Fault, Faults, Kind
from sextant_client.copies.keeping import Mirror, Update
from sextant_client.copies.nodes import TileHistory
from sextant_client.copies.sources import FolderSource, ServiceSource, Source, WebSource
from sextant_client.evidence import contact
from sextant_client.session import Session, transport_of
from sextant_client.trust import Trust
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import Level
from sextant_shared.protocol.checkpoints import Checkpoint

_SHOWN = 20  # findings on a screen; --json has all that were kept
_PASSING = (Code.UNAVAILABLE, Code.RATE, Code.NOT_FOUND)
_NO_ACCESS = (Code.AUTH, Code.FORBIDDEN)

TrustOption = Annotated[
    Path | None, typer.Option("--trust", help="A trust.json instead of the home's.")
]
HashesFlag = Annotated[
    bool, typer.Option("--hashes-only", help="Leave the entries out: the public part of the log.")
]
Parallel = Annotated[int, typer.Option(min=1, max=64, help="Requests at a time.")]


def fsck(
    place: Annotated[str, typer.Argument(help="Folder or URL of a copy of the log.")],
    trust: TrustOption = None,
    hashes_only: HashesFlag = False,
    parallel: Parallel = FETCHES,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Check a copy of the log whole: every tile and the root again, from the entries."""
    run = start(home, as_json=as_json)
    pinned = _trust(run, trust)
    check = CopyCheck(pinned.log_keys, pinned.policy, hashes_only, parallel)
    with _source(run, place, with_access=not hashes_only) as source:
        begun = time.monotonic()
        report = check.run(source, run.output.meter("entries"))
        took_s = time.monotonic() - begun
        is_behind = _hold_against_known(run, pinned, report, source)
    lines = [*_summary(report, is_behind=is_behind), *_fault_lines(report.faults)]
    run.output.result(_document(report, took_s, is_behind=is_behind), lines)
    status = _status(report, hashes_only=hashes_only, has_policy=pinned.policy is not None)
    if status:
        raise typer.Exit(status)


def mirror(
    url: Annotated[str, typer.Argument(help="URL of the log, or of a copy of it.")],
    folder: Annotated[Path, typer.Argument(help="Folder of the copy, for any web server.")],
    follow: Annotated[bool, typer.Option("--follow", help="Go on until stopped.")] = False,
    interval: Annotated[float, typer.Option(min=1, help="Seconds between two updates.")] = 60.0,
    whole: Annotated[
        bool, typer.Option("--whole", help="Look at every file of the copy; fetch what is wrong.")
    ] = False,
    trust: TrustOption = None,
    hashes_only: HashesFlag = False,
    parallel: Parallel = FETCHES,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Keep a verified copy of the log; refuse a head that does not continue it."""
    run = start(home, as_json=as_json)
    folder.mkdir(parents=True, exist_ok=True)
    keeping = Mirror(folder, run.home, _trust(run, trust), parallel, hashes_only)
    with _source(run, url, with_access=not hashes_only) as source:
        while True:
            try:
                update = keeping.update(source, run.output.meter("entries"), whole=whole)
                run.output.result(_update_document(update), [_update_line(update)])
            except PlatformError as error:
                if error.code in _NO_ACCESS:
                    raise _no_access(error) from error
                if not follow or error.code not in _PASSING:
                    raise
                run.output.say(f"{error.code}: {error.detail}; again in {interval:g} s")
            if not follow:
                return
            whole = False
            time.sleep(interval)


def _no_access(error: PlatformError) -> PlatformError:
    return PlatformError(
        error.code,
        f"the entries of this log are not read by everybody: {error.detail}",
        received=error.received,
        fix="Ask its operator for the access of an auditor, or leave them out: --hashes-only.",
    )


def _trust(run: Run, path: Path | None) -> Trust:
    """Return the home's trust, or that of a file, which is never written."""
    return Trust(Trust.load(path).file) if path else run.home.trust


@contextmanager
def _source(run: Run, place: str, *, with_access: bool) -> Iterator[Source]:
    """Yield the copy; this party's access goes to its own log service and to nobody else."""
    if "://" not in place:
        if not Path(place).is_dir():
            raise PlatformError(
                Code.STATE, f"{place} is no folder", fix="Name a folder, or an address with ://."
            )
        yield FolderSource(Path(place))
        return
    source = _web(run, place, with_access=with_access)
    try:
        yield source
    finally:
        source.close()


def _web(run: Run, url: str, *, with_access: bool) -> WebSource | ServiceSource:
    """Return our own log service, by the files that its operator gave, or anybody's copy."""
    has_config = (run.home.path / "config.json").exists()
    config = run.home.config() if has_config else None
    if config is None or config.audit.rstrip("/") != url.rstrip("/"):
        return WebSource(url)
    if not with_access:
        return WebSource(url, transport_of(config))
    signer = run.home.keys.api_signer()

    def session() -> Session:
        return Session(
            config.audit, client_id=config.client_id, signer=signer, transport=transport_of(config)
        )

    return ServiceSource(config.audit, session, transport_of(config))


def _hold_against_known(run: Run, trust: Trust, report: CopyReport, source: Source) -> bool:
    """Hold the head against the newest one known; return whether the copy ends before that."""
    head, known = report.head, trust.checkpoint()
    if head is None or Kind.ROOT in report.faults.counts:
        return False
    if known is not None and known.size > head.size:
        return True
    try:
        contact(run.home, trust, head, TileHistory(source, head.size))
    except PlatformError as error:
        if error.code is not Code.INTEGRITY:
            raise
        report.faults.kept.insert(0, _history_fault(error))
        report.faults.counts[Kind.HISTORY] += 1
    return False


def _history_fault(error: PlatformError) -> Fault:
    message = f"{error.detail} {error.fix}".strip()
    return Fault(Kind.HISTORY, "checkpoint", message, error.expected, error.received)


def _status(report: CopyReport, *, hashes_only: bool, has_policy: bool) -> int:
    gravest = report.faults.gravest
    if gravest is not None:
        return gravest.status
    lacks_entries = not hashes_only and not report.entries_checked
    lacks_witnesses = has_policy and report.level is not Level.WITNESSED
    return exits.WARNINGS if lacks_entries or lacks_witnesses else exits.OK


def _summary(report: CopyReport, *, is_behind: bool) -> list[str]:
    head = report.head
    verdict = "FAULTY" if report.faults.gravest else "SOUND"
    if head is None:
        return [f"{verdict}  no head that the pinned log signed: nothing else was checked"]
    lines = [
        f"{verdict}  {head.origin}, {head.size:,} entries, root {b64u(head.root)}",
        f"       {report.words}",
    ]
    if report.entries_checked:
        lines.append(f"       {report.tiles:,} tiles computed from the entries and compared")
    else:
        lines.append(f"       {report.tiles:,} tiles compared; the entries were NOT checked")
    if is_behind:
        lines.append("       the copy ends before the newest head known here: it may lag")
    beside = report.beside
    if beside and (beside.older or beside.ahead or beside.unfinished):
        lines.append(
            f"       beside it: {beside.older} older partial tiles, {beside.ahead} files ahead of"
            f" the head, {beside.unfinished} unfinished"
        )
    return lines


def _fault_lines(faults: Faults) -> list[str]:
    lines: list[str] = []
    for fault in faults.kept[:_SHOWN]:
        at = "" if fault.entry is None else f"  entry {fault.entry}"
        lines.append(f"{fault.kind.upper():<11} {fault.path}{at}  {fault.message}")
        lines += [
            f"{'':<11} {name}: {value}"
            for name in ("expected", "received")
            if (value := getattr(fault, name))
        ]
    rest = faults.counts.total() - min(len(faults.kept), _SHOWN)
    if rest:
        lines.append(f"and {rest:,} more: --json names the first {len(faults.kept)}")
    return lines


def _document(report: CopyReport, took_s: float, *, is_behind: bool) -> dict[str, Any]:
    return {
        "sound": report.faults.gravest is None,
        "head": _head_document(report.head),
        "level": str(report.level) if report.level else None,
        "entries_checked": report.entries_checked,
        "entries": report.entries,
        "tiles": report.tiles,
        "bytes": report.bytes_read,
        "seconds": round(took_s, 3),
        "behind": is_behind,
        "beside": asdict(report.beside) if report.beside else None,
        "counts": {kind.value: count for kind, count in report.faults.counts.items()},
        "findings": [asdict(fault) for fault in report.faults.kept],
    }


def _head_document(head: Checkpoint | None) -> dict[str, Any] | None:
    if head is None:
        return None
    return {"origin": head.origin, "size": head.size, "root": b64u(head.root)}


def _update_document(update: Update) -> dict[str, Any]:
    return {
        "before": update.before,
        "head": _head_document(update.standing.checkpoint),
        "level": str(update.standing.level),
        "files": update.written.files,
        "bytes": update.written.bytes_written,
        "found": update.written.found,
    }


def _update_line(update: Update) -> str:
    head, written = update.standing.checkpoint, update.written
    if head.size < update.before:
        return f"The server is at size {head.size:,}, behind this copy ({update.before:,}): kept."
    return (
        f"Copy at size {head.size:,} (was {update.before:,}), root {b64u(head.root)};"
        f" {written.files:,} files written, {written.bytes_written:,} bytes."
        f" {update.standing.words}"
    )
