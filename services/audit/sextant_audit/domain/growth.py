"""How the log grew: published heads, thinned out so that the answer is short at any size.

Responsible for choosing them. Consecutive points lie at least `step` entries apart, and every head
between two of them is less than `step` entries above the first: a curve through the points is never
off by more than one part in `MAX_POINTS` of the tree, however the entries came. Not responsible for
being believed: each point is a head, and `/v1/proofs/consistency` joins any two.
"""

from sextant_audit.domain.ports import Ledger, Rows
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import Note, parse_checkpoint_body, parse_note
from sextant_shared.models.log import GrowthPoint, LogGrowth

MAX_POINTS = 120
_TIME_SIZE = 8
_TIMED_SIZE = _TIME_SIZE + 2420  # an ML-DSA-44 line: the signed time, then the signature


class Growth:
    """Remembers the answer for one size: the public may ask as often as it likes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known = LogGrowth(size=0, step=1, points=[])

    async def of(self, size: int) -> LogGrowth:
        """Return the growth up to the published tree of `size`.

        Raises:
            PlatformError: `E_INTEGRITY` when the ledger lacks a head that was published.
        """
        if self._known.size != size:
            self._known = await self._ledger.read(lambda rows: _thinned(rows, size))
        return self._known


def _thinned(rows: Rows, size: int) -> LogGrowth:
    step = -(-size // MAX_POINTS) or 1
    points: list[GrowthPoint] = []
    reached, wanted = 0, 1
    while reached < size:
        note = rows.checkpoint_from(min(wanted, size))
        if note is None:
            raise PlatformError(
                Code.INTEGRITY,
                "the ledger lacks the head that is published",
                expected=f"a checkpoint of size {size}",
                received=f"none beyond size {reached}",
                fix="Run `python -m sextant_audit verify` and restore the ledger.",
            )
        points.append(_point(note))
        reached = points[-1].size
        wanted = reached + step
    return LogGrowth(size=size, step=step, points=points)


def _point(checkpoint: str) -> GrowthPoint:
    note = parse_note(checkpoint)
    body = parse_checkpoint_body(note.text)
    return GrowthPoint(size=body.size, time=_time_of(note, body.origin), root=b64(body.root))


def _time_of(note: Note, origin: str) -> int:
    """Return the time in the log's own ML-DSA line, also that of a key since rotated."""
    for line in note.signatures:
        if line.name == origin and len(line.signature) == _TIMED_SIZE:
            return int.from_bytes(line.signature[:_TIME_SIZE], "big")
    raise PlatformError(
        Code.INTEGRITY,
        "a published checkpoint bears no time",
        expected=f"an ML-DSA-44 signature of {origin}",
        received=f"{len(note.signatures)} other signatures",
    )
