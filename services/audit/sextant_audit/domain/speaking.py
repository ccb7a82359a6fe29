"""The log speaks of itself: its pulse, and what operators report of copies.

Responsible for what such entries say. Not responsible for placing them: they go the way of all
entries, with the next batch.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sextant_audit.domain.ports import NewEntry
from sextant_audit.domain.reading import Reading
from sextant_shared.clock import Clock, random_bytes, timestamp_ms
from sextant_shared.encoding import b64_decode, b64u, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.copies import CopyReport
from sextant_shared.models.entries import format_entry, parse_entry
from sextant_shared.models.log import AppendAnswer
from sextant_shared.models.service_entries import HeartbeatEntry
from sextant_shared.protocol.logproof import format_proof
from sextant_shared.protocol.notes import MadeNote, make_note

Append = Callable[[Sequence[NewEntry]], Awaitable[AppendAnswer]]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an entry of the log's own stands, and its proof."""

    index: int
    proof: str


@dataclass(frozen=True)
class Heartbeat:
    """Appends the pulse.

    `scrubbed` gives up to where all entries were read again, 0 for nowhere; `token` the newest
    time-stamp token over a head, None without one.
    """

    append: Append
    reading: Reading
    clock: Clock
    scrubbed: Callable[[], int]
    token: Callable[[], bytes | None]

    async def __call__(self) -> Placed:
        """Append one."""
        witnessed, token = self.reading.newest_witnessed(), self.token()
        entry = HeartbeatEntry(
            v=1,
            type="heartbeat",
            id=b64u(random_bytes(16)),
            t=timestamp_ms(self.clock()),
            nonce=b64u(random_bytes(16)),
            size=self.reading.size,
            head=None if witnessed is None else b64u(sha256(witnessed.encode())),
            scrubbed=self.scrubbed(),
            tst=None if token is None else b64u(sha256(token)),
        )
        [placed] = await place(self.append, [format_entry(entry)])
        return placed


async def place(append: Append, entries: Sequence[bytes]) -> list[Placed]:
    """Append entries of the log's own; return where they stand. The same bytes keep their place."""
    if not entries:
        return []
    new = [NewEntry(parse_entry(data).id, data, leaf_hash(data)) for data in entries]
    answer = await append(new)
    return [
        Placed(
            item.index,
            format_proof(item.index, [b64_decode(node) for node in item.path], answer.checkpoint),
        )
        for item in answer.items
    ]


def report_note(report: CopyReport, client: str, size: int, now: float) -> MadeNote:
    """Return the note of a backup or a restore; `size` is how large the log is now.

    Raises:
        PlatformError: `E_STATE` for a copy that claims to cover more than there is.
    """
    if report.size > size:
        raise PlatformError(
            Code.STATE,
            "a copy cannot cover more entries than the log has",
            expected=f"a size up to {size}",
            received=str(report.size),
            fix="Give the size of the newest checkpoint that the service held then.",
        )
    detail = {"by": client, "note": report.note, "digest": report.digest}
    members = {"of": report.of, "size": report.size}
    return make_note(report.act, members, now, owner="audit", detail=detail)
