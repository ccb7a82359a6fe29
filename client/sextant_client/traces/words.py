"""How times and foreign texts are said, in the terminal and in a picture."""

from sextant_client.traces.story import Row, Story

_UNITS = ((86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "min"))
_S, _MS, _US = 1_000_000_000, 1_000_000, 1_000
_TEN = 10


def lasting(nanoseconds: int) -> str:
    """Return a duration with the unit that suits it."""
    for size, unit in _UNITS:
        if nanoseconds >= size:
            return f"{nanoseconds / size:.1f} {unit}"
    if nanoseconds >= _S:
        return f"{nanoseconds / _S:.2f} s"
    if nanoseconds >= _TEN * _MS:
        return f"{nanoseconds / _MS:.0f} ms"
    if nanoseconds >= _MS:
        return f"{nanoseconds / _MS:.1f} ms"
    return f"{nanoseconds / _US:.0f} µs"


def since(nanoseconds: int) -> str:
    """Return a time since the beginning: to the millisecond also after a night."""
    if nanoseconds < _UNITS[-1][0]:
        return lasting(nanoseconds)
    seconds, rest = divmod(nanoseconds, _S)
    minutes, hours = seconds // 60 % 60, seconds // 3600
    return f"{hours}:{minutes:02}:{seconds % 60:02}.{rest // _MS:03}"


def plain(text: str) -> str:
    """Return a text of another program without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def remarks(row: Row) -> list[str]:
    """Return what a row is besides its bar: its error, wait, links, and that its caller is away."""
    span, said = row.span, []
    if span.status == "error":
        said.append(f"error {plain(str(span.attributes.get('error.type', '')))}".rstrip())
    if row.waited:
        said.append(f"waited {lasting(row.waited)}")
    elsewhere = sorted({link.trace for link in span.links} - {span.trace})
    said += [f"see trace {plain(trace)[:8]}…" for trace in elsewhere[:2]]
    if len(elsewhere) > len(elsewhere[:2]):
        said.append(f"and {len(elsewhere) - 2} more")
    if row.is_cut_off:
        said.append("its caller's span is not here")
    return said


def summary(story: Story) -> str:
    """Return the story in a line."""
    spans, services = len(story.rows), len(story.services)
    said = [
        f"{spans} span{'s' if spans != 1 else ''}",
        f"{services} service{'s' if services != 1 else ''}",
        f"{lasting(story.took)} from first to last",
        f"{lasting(story.worked)} of it somebody worked",
    ]
    if story.failures:
        said.append(f"{story.failures} ended with an error")
    return ", ".join(said)
