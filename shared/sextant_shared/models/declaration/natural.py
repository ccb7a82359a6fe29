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


class StablePlaces:
    """Turns JSON pointers of one document into stable places, with natural keys for positions.

    Keys stand in brackets, as `/plants/[XAL-PS-0007-A]/chemicals/[2B 111-48-8]/capacity`. What the
    pointer names need not be there; positions of lists without natural keys stay.
    """

    def __init__(self, document: Any) -> None:
        self._document = document
        # The keys of a list are read once: a document may have a finding in each of its rows.
        self._keys: dict[int, list[Key] | None] = {}

    def __call__(self, pointer: str) -> str:
        """Return the stable place of a pointer: it survives reordering."""
        value, parts = self._document, []
        for token in pointer.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            part = token
            if isinstance(value, list):
                inside = name.isdecimal() and int(name) < len(value)
                keys = self._keys_of(value) if inside else None
                if keys is not None:
                    part = f"[{_escaped(label(keys[int(name)]))}]"
                value = value[int(name)] if inside else None
            else:
                value = value.get(name) if isinstance(value, Mapping) else None
            parts.append(f"/{part}")
        return "".join(parts)

    def _keys_of(self, items: list[Any]) -> list[Key] | None:
        if id(items) not in self._keys:
            self._keys[id(items)] = natural_keys(items)
        return self._keys[id(items)]


def stable_place(document: Any, pointer: str) -> str:
    """Return the stable place of one pointer."""
    return StablePlaces(document)(pointer)


def _escaped(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")


def _key(item: Any) -> Key | None:
    if not isinstance(item, Mapping):
        return None
    if "rule" in item and "place" in item:
        return tuple(str(item.get(name) or "") for name in ("rule", "way", "place"))
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
