"""The story that spans tell: who called whom, what took how long, and where a declaration waited.

Responsible for the order of the rows, for waits, and for the scale of time. A wait is the time
between the end of a span and the start of its child: in it nobody works, a row waits in a queue. A
wait that is long against all the work is shortened on the scale, and said in words; else the
night that a declaration waited would leave no room for the second in which it was handled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sextant_client.traces.spans import Span

MIN_WAIT_NS = 1_000_000  # below a millisecond it is the clock's or the network's
LONG_WAIT = 0.5  # of all time in which somebody works: a longer one is shortened
SHORTENED = 0.12  # to this share of it


@dataclass(frozen=True, slots=True)
class Row:
    """A span with its depth under the root, and since when it waited, if it did."""

    span: Span
    depth: int
    waited_since: int | None = None
    is_cut_off: bool = False
    """Whether its parent is not among the spans: the caller's, or lost."""

    @property
    def waited(self) -> int:
        """How long it waited, in nanoseconds."""
        return 0 if self.waited_since is None else self.span.start - self.waited_since


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of time in which nobody worked, drawn shorter than it was."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Story:
    """All rows, in the order in which they are drawn."""

    rows: tuple[Row, ...]
    cuts: tuple[Cut, ...]
    start: int
    end: int

    @property
    def traces(self) -> list[str]:
        """The traces, in the order in which they begin."""
        return list(dict.fromkeys(row.span.trace for row in self.rows))

    @property
    def services(self) -> list[str]:
        """The services, in the order in which they come in."""
        return list(dict.fromkeys(row.span.service for row in self.rows))

    @property
    def took(self) -> int:
        """From the first start to the last end, in nanoseconds."""
        return self.end - self.start

    @property
    def worked(self) -> int:
        """How much of it somebody worked."""
        return sum(end - start for start, end in _busy([row.span for row in self.rows]))

    @property
    def failures(self) -> int:
        """How many spans ended with an error."""
        return sum(row.span.status == "error" for row in self.rows)

    def place(self, at: int) -> float:
        """Return where a time is drawn, between 0 and 1: cuts are shortened."""
        return self._drawn(at) / max(self._drawn(self.end), 1)

    def _drawn(self, at: int) -> float:
        drawn = float(at - self.start)
        for cut in self.cuts:
            past = min(max(at - cut.start, 0), cut.end - cut.start)
            drawn -= past * (1 - self._shortened / (cut.end - cut.start))
        return drawn

    @property
    def _shortened(self) -> float:
        return max(self.worked * SHORTENED, 1.0)


def tell(spans: Sequence[Span]) -> Story:
    """Return the story of spans, of which there is at least one."""
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    busy = _busy(spans)
    worked = sum(until - since for since, until in busy)
    cuts = [
        Cut(before[1], after[0])
        for before, after in pairwise(busy)
        if after[0] - before[1] > LONG_WAIT * worked
    ]
    return Story(tuple(_rows(spans)), tuple(cuts), start, end)


def _rows(spans: Sequence[Span]) -> list[Row]:
    """Return each span after its parent, siblings by time; a circle is entered once."""
    known = {(span.trace, span.id): span for span in spans}
    children: dict[tuple[str, str] | None, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.id)):
        above = (span.trace, span.parent) if span.parent else None
        children.setdefault(above if above in known else None, []).append(span)
    rows: list[Row] = []
    seen: set[tuple[str, str]] = set()
    roots = children.get(None, [])
    first = {span.trace: span.start for span in reversed(roots)}
    roots.sort(key=lambda span: (first[span.trace], span.trace, span.start))
    # In a circle nobody is a root: what is left over at the end begins rows of its own.
    for root in [*roots, *known.values()]:
        waiting = [(root, 0)]
        while waiting:
            span, depth = waiting.pop()
            if (key := (span.trace, span.id)) in seen:
                continue
            seen.add(key)
            rows.append(_row(span, depth, known))
            waiting += [(child, depth + 1) for child in reversed(children.get(key, []))]
    return rows


def _row(span: Span, depth: int, known: dict[tuple[str, str], Span]) -> Row:
    parent = known.get((span.trace, span.parent)) if span.parent else None
    linked = [known[at] for link in span.links if (at := (link.trace, link.span)) in known]
    # A trace that was begun for a late retry waited since what it links to ended.
    before = parent or (linked[0] if linked else None)
    has_waited = before is not None and span.start - before.end >= MIN_WAIT_NS
    return Row(
        span,
        depth,
        waited_since=before.end if before and has_waited else None,
        is_cut_off=bool(span.parent) and parent is None,
    )


def _busy(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Return the stretches of time in which at least one span runs."""
    busy: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda span: span.start):
        if busy and span.start <= busy[-1][1]:
            busy[-1] = (busy[-1][0], max(busy[-1][1], span.end))
        else:
            busy.append((span.start, max(span.end, span.start)))
    return busy
