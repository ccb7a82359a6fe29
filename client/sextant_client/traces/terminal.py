"""A story as lines of a terminal: bars over time, one row for each span."""

from sextant_client.traces.story import Row, Story
from sextant_client.traces.words import lasting, plain, remarks, since, summary

SERVICE_WIDTH, NAME_WIDTH, MIN_BAR = 13, 32, 20
_TIMES_WIDTH = 25
_WORK, _WAIT, _CUT = "█", "·", "≈"


def waterfall(story: Story, width: int) -> list[str]:
    """Return the lines for so many columns; what is said behind a bar may pass them."""
    room = max(MIN_BAR, width - SERVICE_WIDTH - NAME_WIDTH - _TIMES_WIDTH)
    lines = [f"trace {plain(trace)}" for trace in story.traces]
    lines += [summary(story), "", _axis(story, room)]
    shown = None
    for row in story.rows:
        if shown not in {None, row.span.trace}:
            lines.append(f"{'':<{SERVICE_WIDTH}}trace {plain(row.span.trace)}")
        shown = row.span.trace
        lines.append(_line(story, row, room))
    lines += _key(story)
    return lines


def _line(story: Story, row: Row, room: int) -> str:
    name = f"{'  ' * min(row.depth, 6)}{plain(row.span.name)}"
    at, took = since(row.span.start - story.start), lasting(row.span.end - row.span.start)
    said = "  ".join(remarks(row))
    line = (
        f"{_short(plain(row.span.service), SERVICE_WIDTH - 1):<{SERVICE_WIDTH}}"
        f"{_short(name, NAME_WIDTH - 1):<{NAME_WIDTH}}|{_bar(story, row, room)}|"
        f"{at:>12} {'+' + took:>9}  {said}"
    )
    return line.rstrip()


def _bar(story: Story, row: Row, room: int) -> str:
    left = min(int(story.place(row.span.start) * room), room - 1)
    right = min(max(left + 1, round(story.place(row.span.end) * room)), room)
    cells = [" "] * room
    for cut in story.cuts:
        cells[_cell(story, cut.start, room)] = _CUT
    if row.waited_since is not None:
        for place in range(_cell(story, row.waited_since, room), left):
            cells[place] = _CUT if cells[place] == _CUT else _WAIT
    cells[left:right] = _WORK * (right - left)
    return "".join(cells)


def _axis(story: Story, room: int) -> str:
    end = lasting(story.took)
    return f"{'':<{SERVICE_WIDTH + NAME_WIDTH}}|0{end:>{room - 1}}|{'begins':>12} {'takes':>9}"


def _cell(story: Story, at: int, room: int) -> int:
    return min(int(story.place(at) * room), room - 1)


def _key(story: Story) -> list[str]:
    lines = ["", f"{_WORK} works   {_WAIT} waits in a queue"]
    if story.cuts:
        long = ", ".join(lasting(cut.end - cut.start) for cut in story.cuts)
        lines[-1] += f"   {_CUT} a long wait, drawn short: {long}"
    return lines


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
