"""Where one content differs from another, place by place, as the answer key says it."""

from collections.abc import Iterator
from typing import Any

from sextant_client.world.heading import Difference


def differing(true: Any, declared: Any, pointer: str = "") -> Iterator[Difference]:
    """Yield each place at which `declared` says other than `true`."""
    if true == declared:
        return
    if isinstance(true, dict) and isinstance(declared, dict) and not _is_amount(true, declared):
        for name in {**declared, **true}:
            if name in declared:
                yield from differing(true.get(name), declared[name], f"{pointer}/{name}")
            else:  # the place around it, as there is none
                yield Difference(pointer, _text(true[name]), None)
    elif isinstance(true, list) and isinstance(declared, list) and len(true) == len(declared):
        for i, pair in enumerate(zip(true, declared, strict=True)):
            yield from differing(*pair, f"{pointer}/{i}")
    else:
        yield Difference(pointer, _text(true), _text(declared))


def _is_amount(*values: dict[str, Any]) -> bool:
    return any("value" in value or "nothing" in value for value in values)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict) and "value" in value:
        return f"{value['value']} {value['unit']}"
    if isinstance(value, dict) and "nothing" in value:
        return str(value["nothing"])
    return ", ".join(sorted(value)) if isinstance(value, dict) else str(value)
