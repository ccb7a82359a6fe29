"""What two versions of a declaration say differently, place by place.

Rows of a list are matched by what they are about (a plant code, a chemical, a State), not by where
they stand: a sorted list says the same. Only lists whose rows have no such key go by position.
A member that is absent, null or an empty list says the same.

Not responsible for who changed it and why: that is `editions`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sextant_shared.models.declaration.folding import plain
from sextant_shared.models.declaration.natural import Key, StablePlaces, label, natural_keys

OWN = frozenset({"/version", "/schema"})  # they differ between any two versions and say nothing


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two documents differ; None where one of them says nothing.

    `pointer` (RFC 6901) names the place in the newer document, or in the older one when it is gone
    (`new` is None); `place` names it in both, by the keys of rows.
    """

    pointer: str
    place: str
    old: Any
    new: Any


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Return where two documents differ, in the order of the newer one; what is gone comes last."""
    before, after = plain(old), plain(new)
    old_places, new_places = StablePlaces(before), StablePlaces(after)
    found = []
    for pointer, was, is_ in _walk(before, after, "", ""):
        places = old_places if is_ is None else new_places
        if pointer not in OWN:
            found.append(Difference(pointer, places(pointer), was, is_))
    return sorted(found, key=lambda one: one.new is None)


def find(document: Any, place: str) -> str | None:
    """Return the pointer of a place in a document; None when it is not there."""
    value, parts = document, []
    for token in place.split("/")[1:]:
        name = _plain_text(token)
        if isinstance(value, list):
            position = _position(value, name)
            if position is None:
                return None
            value = value[position]
            parts.append(f"/{position}")
        elif isinstance(value, Mapping) and name in value:
            value = value[name]
            parts.append(f"/{token}")
        else:
            return None
    return "".join(parts)


def above(place: str) -> Iterator[str]:
    """Yield a place and all that it lies in, the innermost first; the document itself is empty."""
    while place:
        yield place
        place = place.rpartition("/")[0]
    yield ""


def _walk(old: Any, new: Any, at_old: str, at_new: str) -> Iterator[tuple[str, Any, Any]]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys([*new, *old]):
            token = _token(name)
            yield from _walk(old.get(name), new.get(name), f"{at_old}/{token}", f"{at_new}/{token}")
    elif isinstance(old, list) and isinstance(new, list):
        yield from _walk_rows(old, new, at_old, at_new)
    else:
        yield (at_old if new is None else at_new), old, new


def _walk_rows(
    old: list[Any], new: list[Any], at_old: str, at_new: str
) -> Iterator[tuple[str, Any, Any]]:
    keys = _keys(old), _keys(new)
    old_at = {key: position for position, key in enumerate(keys[0])}
    new_at = {key: position for position, key in enumerate(keys[1])}
    for key, position in new_at.items():
        before = old_at.get(key)
        was = None if before is None else old[before]
        yield from _walk(was, new[position], f"{at_old}/{before}", f"{at_new}/{position}")
    for key, position in old_at.items():
        if key not in new_at:
            yield f"{at_old}/{position}", old[position], None


def _keys(items: list[Any]) -> list[Key]:
    """Return what tells the rows apart; by position where nothing does."""
    keys = natural_keys(items)
    return [(str(n),) for n in range(len(items))] if keys is None else keys


def _position(items: list[Any], name: str) -> int | None:
    if name.startswith("[") and name.endswith("]"):
        labels = [label(key) for key in natural_keys(items) or ()]
        return labels.index(name[1:-1]) if name[1:-1] in labels else None
    return int(name) if name.isdecimal() and int(name) < len(items) else None


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _plain_text(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")
