"""A story as a picture: SVG that any browser shows and prints, in the light and in the dark.

Nothing in it runs, fetches or links. Who does not see it is read the same: the picture has a title
and a description, and each row is a symbol with a label (WAI-ARIA Graphics Module). No colour says
anything alone: services, waits and errors stand there as words too.
"""

import re
from collections.abc import Iterator

from sextant_client.traces.story import Cut, Row, Story
from sextant_client.traces.words import lasting, plain, remarks, since, summary

WIDTH, LEFT, RIGHT = 1280, 410, 860
ROW, TOP, BAR = 22, 104, 12
SERVICE_AT, NAME_AT, INDENT, DEEPEST = 16, 118, 12, 8
NAME_CHARS, REMARK_CHARS = 42, 38
TICKS = 4
_COLOURS = (  # on white, on near-black: each at least 4.5 to 1
    ("#4053d3", "#93a3ff"),
    ("#00766c", "#4fd1c5"),
    ("#8a5a00", "#e0b14a"),
    ("#7b3fa0", "#cf9fee"),
    ("#0b6fa4", "#6cc4f2"),
    ("#56606b", "#a8b3bf"),
)
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def picture(story: Story, heading: str) -> str:
    """Return the whole file; equal stories give equal bytes."""
    height = TOP + ROW * len(story.rows) + 52
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" role="graphics-document document"'
        ' aria-roledescription="waterfall" aria-labelledby="title desc">'
    )
    lines = [
        head,
        f'<title id="title">{_escaped(heading)}</title>',
        f'<desc id="desc">{_escaped(_told(story))}</desc>',
        f"<style>{_style()}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        _text(16, 30, heading, "heading"),
        _text(16, 52, summary(story), "soft"),
        *_legend(story),
        *_bands(story),
        *_axis(story, height - 40),
    ]
    for number, row in enumerate(story.rows):
        lines += _row(story, row, TOP + ROW * number)
    lines += [_text(16, height - 14, _footnote(story), "soft"), "</svg>"]
    return "\n".join(lines) + "\n"


def _told(story: Story) -> str:
    waits = [f"{plain(r.span.name)} waited {lasting(r.waited)}" for r in story.rows if r.waited]
    said = f"Waterfall of {', '.join(f'trace {plain(trace)}' for trace in story.traces)}: "
    said += f"{summary(story)}. Services: {', '.join(map(plain, story.services))}."
    return f"{said} {'; '.join(waits)}." if waits else said


def _style() -> str:
    light = "".join(f".s{n}{{fill:{pair[0]}}}" for n, pair in enumerate(_COLOURS))
    dark = "".join(f".s{n}{{fill:{pair[1]}}}" for n, pair in enumerate(_COLOURS))
    return (
        "text{font:13px 'Noto Sans','DejaVu Sans',Verdana,Arial,sans-serif;fill:#1b1f24}"
        ".heading{font-size:17px;font-weight:600}.soft{fill:#4d5661}.end{text-anchor:end}"
        ".middle{text-anchor:middle}.ground{fill:#fff}.band{fill:#f3f5f7}"
        ".tick{stroke:#d5dae0}.cut{stroke:#4d5661;stroke-dasharray:2 4}"
        ".wait{stroke:#4d5661;stroke-width:2;stroke-dasharray:1 5;stroke-linecap:round}"
        ".error{fill:none;stroke:#c0231b;stroke-width:2}.bad{fill:#b3211a;font-weight:600}"
        f"{light}"
        "@media (prefers-color-scheme:dark){text{fill:#e8ecf0}.soft{fill:#b0bac5}"
        ".ground{fill:#14171b}.band{fill:#1c2127}.tick{stroke:#343c45}"
        ".cut,.wait{stroke:#b0bac5}.error{stroke:#ff8a80}.bad{fill:#ff9c93}"
        f"{dark}}}"
        "@media print{.ground{fill:#fff}}"
    )


def _legend(story: Story) -> Iterator[str]:
    x = SERVICE_AT
    for service in story.services:
        yield f'<rect class="{_class(story, service)}" x="{x}" y="66" width="12" height="12"/>'
        yield _text(x + 18, 77, plain(service), "")
        x += 36 + 8 * len(service)


def _bands(story: Story) -> Iterator[str]:
    for y in range(TOP + ROW, TOP + ROW * len(story.rows), 2 * ROW):
        yield f'<rect class="band" x="8" y="{y}" width="{WIDTH - 16}" height="{ROW}"/>'


def _axis(story: Story, bottom: int) -> Iterator[str]:
    """Yield lines of time that stand where time is whole; cuts have lines of their own."""
    for number in range(TICKS + 1):
        at = story.start + story.took * number // TICKS
        if not _stands_free(story, at):
            continue
        x = _x(story, at)
        yield f'<line class="tick" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{bottom}"/>'
        yield _text(x, TOP - 12, since(at - story.start) if number else "0", "soft middle")
    for cut in story.cuts:
        x = round((_x(story, cut.start) + _x(story, cut.end)) / 2, 1)
        yield f'<line class="cut" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{bottom}"/>'
        yield _text(x, TOP - 12, f"≈ {lasting(cut.end - cut.start)}", "soft middle")


def _stands_free(story: Story, at: int) -> bool:
    """Whether a label at this time has room: with cuts only the two ends surely have."""
    return not story.cuts or at in {story.start, story.end}


def _row(story: Story, row: Row, y: int) -> Iterator[str]:
    span = row.span
    at, took = since(span.start - story.start), lasting(span.end - span.start)
    said = remarks(row)
    label = ", ".join(
        [f"{plain(span.service)}: {plain(span.name)}", f"begins {at}", f"takes {took}"]
    )
    yield (
        f'<g role="graphics-symbol img" aria-roledescription="span"'
        f' aria-label="{_escaped(", ".join([label, *said]))}">'
    )
    yield f"<title>{_escaped(', '.join([label, *said]))}</title>"
    indent = INDENT * min(row.depth, DEEPEST)
    yield _text(SERVICE_AT, y + 15, plain(span.service), "soft")
    yield _text(NAME_AT + indent, y + 15, _short(plain(span.name), NAME_CHARS - indent // 7), "")
    yield from _bar(story, row, y)
    yield _text(RIGHT + 82, y + 15, took, "end")
    yield _text(RIGHT + 94, y + 15, _short("; ".join(said), REMARK_CHARS), _tone(row))
    yield "</g>"


def _bar(story: Story, row: Row, y: int) -> Iterator[str]:
    left, right = _x(story, row.span.start), _x(story, row.span.end)
    top, width = y + (ROW - BAR) // 2, round(max(right - left, 2.0), 1)
    if row.waited_since is not None:
        middle = top + BAR // 2
        since = _x(story, row.waited_since)
        yield f'<line class="wait" x1="{since}" y1="{middle}" x2="{left}" y2="{middle}"/>'
    box = f'x="{left}" y="{top}" width="{width}" height="{BAR}"'
    yield f'<rect class="{_class(story, row.span.service)}" {box} rx="2"/>'
    if row.span.status == "error":
        yield f'<rect class="error" {box} rx="2"/>'


def _x(story: Story, at: int) -> float:
    return round(LEFT + story.place(at) * (RIGHT - LEFT), 1)


def _class(story: Story, service: str) -> str:
    return f"s{story.services.index(service) % len(_COLOURS)}"


def _tone(row: Row) -> str:
    return "bad" if row.span.status == "error" else "soft"


def _footnote(story: Story) -> str:
    said = "Dotted: it waits in a queue. Framed: it ended with an error."
    return f"{said} {_cut_short(story.cuts)}".rstrip()


def _cut_short(cuts: tuple[Cut, ...]) -> str:
    return "≈ marks a long wait that is drawn short." if cuts else ""


def _text(x: float, y: float, text: str, kind: str) -> str:
    chosen = f' class="{kind}"' if kind else ""
    return f'<text{chosen} x="{x}" y="{y}">{_escaped(text)}</text>' if text else ""


def _short(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: chars - 1]}…"


def _escaped(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text).translate(_ESCAPES)
