"""Natural keys: what tells the items of a list apart, whatever position they stand at.

An item of a list is known by its code, its chemical, its State or its year; where two have the
same key, by key and turn. A list whose items have no such key is known by position alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Key = tuple[str, ...]
# In this order: the first that an item has names it.
_NAMES = (
    "plant_site_code",
    "plant_code",
    "facility_code",
    "facility_id",
    "site_code",
    "state_code",
    "declaration_id",
    "year",
    "attachment",
    "sha256",
    "code",
    "name",
)


def natural_keys(items: Sequence[Any]) -> list[Key] | None:
    """Return the key of each item, no two alike; None when some item has none."""
    keys = [_key(item) for item in items]
    turns: Counter[Key] = Counter()
    unique = []
    for key in keys:
        if key is None:
            return None
        turns[key] += 1
        unique.append(key if turns[key] == 1 else (*key, f"#{turns[key]}"))
    return unique


def label(key: Key) -> str:
    """Return a key as people read it."""
    return " ".join(key)


def stable_place(document: Any, pointer: str) -> str:
    """Return a JSON pointer with natural keys in place of positions: it survives reordering.

    Keys stand in brackets, as `/plants/[XAL-PS-0007-A]/chemicals/[2B 111-48-8]/capacity`. What the
    pointer names need not be there; positions of lists without natural keys stay.
    """
    value, parts = document, []
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        part = token
        if isinstance(value, list):
            inside = name.isdecimal() and int(name) < len(value)
            keys = natural_keys(value) if inside else None
            if keys is not None:
                part = f"[{_escaped(label(keys[int(name)]))}]"
            value = value[int(name)] if inside else None
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
        parts.append(f"/{part}")
    return "".join(parts)


def _escaped(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")


def _key(item: Any) -> Key | None:
    if not isinstance(item, Mapping):
        return None
    chemical = item.get("chemical", item if "cas" in item else None)
    if isinstance(chemical, Mapping):
        return _chemical(chemical)
    for name in _NAMES:
        value = item.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return (str(value),)
    return None


def _chemical(chemical: Mapping[str, Any]) -> Key | None:
    named = [chemical.get("schedule"), chemical.get("cas") or chemical.get("name")]
    if not named[1]:
        return None
    return tuple(str(part) for part in named if part)
