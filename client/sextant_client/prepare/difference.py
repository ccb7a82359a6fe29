"""Compares two versions of a declaration, field by field, and makes an amendment of it.

Lists are aligned by natural key (`natural.py`), else by position. Pointers name places of the first
document; what the second adds to a list stands past its end. An absent member, null and an empty
list are no difference. Lists of codes, and amounts, are compared whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.catalogue import CATALOGUE
from sextant_shared.models.declaration.filing import Amendment
from sextant_shared.models.declaration.folding import plain
from sextant_shared.models.declaration.heading import Classification
from sextant_shared.models.declaration.natural import Key, label, natural_keys
from sextant_shared.models.declaration.reading import kind_of, upgrade
from sextant_shared.models.strict import pointer_of, read_model

Path = tuple[int | str, ...]
_AMOUNT = frozenset({"value", "unit", "nothing"})
_OF_VERSION = ("schema", "version")  # these differ between versions by nature
_SAME = ("kind", "declaration_id", "state_code")  # a declaration keeps these for ever
_CLASSES: tuple[Classification, ...] = (
    "UNCLASSIFIED",
    "OPCW_RESTRICTED",
    "OPCW_PROTECTED",
    "OPCW_HIGHLY_PROTECTED",
)


@dataclass(frozen=True)
class Difference:
    """One place that differs: `old` is None where something is added, `new` where it is removed.

    `inside` names the list items around it by their natural keys, outermost first.
    """

    pointer: str
    old: Any
    new: Any
    inside: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What happened: added, removed or changed."""
        return "added" if self.old is None else "removed" if self.new is None else "changed"


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], *, in_order: bool = False
) -> list[Difference]:
    """Return every difference between two documents, in the order of the first.

    With `in_order` a list whose items came in another order is replaced whole, so that the changes
    give the second document exactly; without, the order of items is no difference.
    """
    walk = _Walk(in_order=in_order)
    return list(walk.members((), (), plain(dict(old)), plain(dict(new))))


@dataclass(frozen=True)
class Filed:
    """What an amendment says beside the changes; `found` is the day the error was found."""

    reason: str
    found: str
    declaration_id: str | None = None
    reference: str | None = None


def amendment(old: Mapping[str, Any], new: Mapping[str, Any], filed: Filed) -> dict[str, Any]:
    """Return the document of the amendment that turns `old` into `new`.

    Raises:
        PlatformError: `E_STATE`, when they are not versions of one declaration or nothing differs;
            `E_MALFORMED`, when what `filed` says does not fit.
    """
    before, after = (upgrade(document, kind_of(document)) for document in (old, new))
    for name in _SAME:
        if before.get(name) != after.get(name):
            raise PlatformError(
                Code.STATE,
                f"the two are not versions of one declaration: {name} differs",
                expected=str(before.get(name)),
                received=str(after.get(name)),
                fix="Compare two versions of the same declaration.",
            )
    changed = [
        difference
        for difference in differences(before, after, in_order=True)
        if difference.pointer.removeprefix("/") not in _OF_VERSION
    ]
    if not changed:
        raise PlatformError(Code.STATE, "nothing differs, so there is nothing to amend")
    document = _filing(before, after, filed)
    document["changes"] = [
        {"pointer": d.pointer, "old": d.old, "new": d.new, "reason": filed.reason} for d in changed
    ]
    read_model(Amendment, document)
    return {name: value for name, value in document.items() if value is not None}


def _filing(before: Mapping[str, Any], after: Mapping[str, Any], filed: Filed) -> dict[str, Any]:
    kind, version = CATALOGUE["AMENDMENT"], before.get("version")
    named = filed.declaration_id or f"{before.get('declaration_id')}-A{version}"[:64]
    classes = [d.get("confidentiality") for d in (before, after)]
    return {
        "schema": kind.schema,
        "kind": kind.id,
        "declaration_id": named,
        "version": 1,
        "state_code": after.get("state_code"),
        "event_date": filed.found,
        "submission_type": "AMENDMENT",
        "language": after.get("language"),
        "confidentiality": next((c for c in reversed(_CLASSES) if c in classes), None),
        "na_contact": after.get("na_contact"),
        "amends": {"declaration_id": before.get("declaration_id"), "version": version},
        "reference": filed.reference,
    }


@dataclass(frozen=True)
class _Walk:
    """Walks two values at once."""

    in_order: bool

    def members(self, path: Path, inside: Key, old: Any, new: Any) -> Iterator[Difference]:
        for name in [*old, *(name for name in new if name not in old)]:
            yield from self.values((*path, name), inside, old.get(name), new.get(name))

    def values(self, path: Path, inside: Key, old: Any, new: Any) -> Iterator[Difference]:
        if old == new:
            return
        if _is_object(old) and _is_object(new):
            yield from self.members(path, inside, old, new)
        elif _is_rows(old) and _is_rows(new):
            yield from self.rows(path, inside, old, new)
        else:
            yield Difference(pointer_of(path), old, new, inside)

    def rows(
        self, path: Path, inside: Key, old: Sequence[Any], new: Sequence[Any]
    ) -> Iterator[Difference]:
        keys = natural_keys(old), natural_keys(new)
        named = keys[0] is not None and keys[1] is not None
        before = keys[0] if named and keys[0] else [(str(n),) for n in range(len(old))]
        after = keys[1] if named and keys[1] else [(str(n),) for n in range(len(new))]
        theirs = dict(zip(after, new, strict=True))
        added = [key for key in after if key not in set(before)]
        kept = [key for key in before if key in theirs]
        if self.in_order and [*kept, *added] != after:
            yield Difference(pointer_of(path), list(old), list(new), inside)
            return
        for number, (key, item) in enumerate(zip(before, old, strict=True)):
            within = (*inside, label(key)) if named else inside
            yield from self.values((*path, number), within, item, theirs.get(key))
        for number, key in enumerate(added, start=len(old)):
            within = (*inside, label(key)) if named else inside
            yield Difference(pointer_of((*path, number)), None, theirs[key], within)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not value.keys() <= _AMOUNT


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
