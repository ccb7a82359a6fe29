"""Time-stamped heads of the log: gathered, kept in a file, and verified without a network.

A time-stamp proves that the log had signed this head at the latest at that time. Who holds the
head, the reply and the authority's root needs nobody's word for it; that the head belongs to the
same history as today's is proved by the log's consistency, when it can be asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.x509 import Certificate

from sextant_client.session import Session
from sextant_client.trust import Trust
from sextant_shared.clock import timestamp_s
from sextant_shared.encoding import b64_decode, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.proofs import verify_consistency
from sextant_shared.models.log import StampedHead, StampedHeads
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from sextant_shared.protocol.timestamps import require_sane_time, verify_timestamp

MAX_PAGE_BYTES = 4 << 20
MAX_FILE_BYTES = 64 << 20
MAX_STAMPS = 10_000  # twenty-seven years of days
Consistency = Callable[[int, int], list[bytes]]


@dataclass(frozen=True, slots=True)
class StampVerdict:
    """What one time-stamp is worth: `fault` is empty when it holds."""

    size: int
    t: str
    authority: str
    fault: str


def gather(session: Session) -> tuple[StampedHead, ...]:
    """Return all time-stamped heads that the log shows, smallest first.

    Raises:
        PlatformError: `E_UNAVAILABLE`, `E_MALFORMED` for pages that do not go forward.
    """
    found: list[StampedHead] = []
    while len(found) <= MAX_STAMPS:
        after = found[-1].size if found else 0
        answer = session.request("GET", "/v1/timestamps", params={"after": after})
        page = parse_stamps(answer.content, MAX_PAGE_BYTES)
        if page.items and page.items[0].size <= after:
            break
        found += page.items
        if not page.more or not page.items:
            return tuple(found)
    raise PlatformError(Code.MALFORMED, "the log's list of time-stamps does not end")


def parse_stamps(data: bytes, max_bytes: int = MAX_FILE_BYTES) -> StampedHeads:
    """Return a list of time-stamped heads, in rising order of size.

    Raises:
        PlatformError: `E_TOO_LARGE`, `E_MALFORMED`.
    """
    stamps = read_model(StampedHeads, parse_json(data, max_bytes=max_bytes))
    sizes = [item.size for item in stamps.items]
    if sizes != sorted(set(sizes)):
        raise PlatformError(Code.MALFORMED, "time-stamped heads do not stand in order of size")
    return stamps


def format_stamps(items: Sequence[StampedHead]) -> bytes:
    """Return the file of gathered time-stamps."""
    stamps = StampedHeads(v=1, kind="timestamps", items=list(items), more=False, fault="")
    return (stamps.model_dump_json(indent=1) + "\n").encode()


def judge(
    items: Sequence[StampedHead],
    trust: Trust,
    roots: Sequence[Certificate],
    newest: Checkpoint | None = None,
    consistency: Consistency | None = None,
) -> list[StampVerdict]:
    """Return a verdict on each; with `newest`, each head must also belong to its history."""
    verdicts: list[StampVerdict] = []
    for item in items:
        try:
            head, authority = _verified(item, trust, roots)
            if newest is not None and consistency is not None:
                _require_continued(head, newest, consistency)
            verdicts.append(StampVerdict(item.size, item.t, authority, ""))
        except PlatformError as error:
            verdicts.append(StampVerdict(item.size, item.t, "", f"{error.code}: {error.detail}"))
    return verdicts


def _verified(
    item: StampedHead, trust: Trust, roots: Sequence[Certificate]
) -> tuple[Checkpoint, str]:
    head = verify_checkpoint(item.checkpoint, trust.log_keys)
    stamp = verify_timestamp(b64_decode(item.reply), item.checkpoint.encode(), roots)
    require_sane_time(stamp, head.time, stamp.time)  # a head cannot be stamped before it is signed
    if head.size != item.size or timestamp_s(stamp.time) != item.t:
        raise PlatformError(
            Code.MALFORMED,
            "the list says another size or time than head and time-stamp do",
            expected=f"size {head.size}, {timestamp_s(stamp.time)}",
            received=f"size {item.size}, {item.t}",
        )
    return head, stamp.authority


def _require_continued(head: Checkpoint, newest: Checkpoint, consistency: Consistency) -> None:
    if head.size > newest.size or (head.size == newest.size and head.root != newest.root):
        raise PlatformError(
            Code.INTEGRITY,
            f"the head of size {head.size} is not of the log's history of {newest.size} entries",
        )
    path = consistency(head.size, newest.size) if head.size < newest.size else []
    verify_consistency(head.size, newest.size, path, head.root, newest.root)
