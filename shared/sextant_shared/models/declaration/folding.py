"""Applies amendments: a version of a declaration and the changed places give the next version.

Pointers name places of the version that is amended. Values are set first, in the order of the
amendment; then what was removed goes, last positions first, so that no pointer shifts. An item one
past the end of a list is added to it. A member that is absent, null or an empty list says the same.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.filing import Amendment, Change
from sextant_shared.models.declaration.reading import kind_of, upgrade

MAX_REFUSED = 20  # changes that do not fit: enough to see that the whole does not
Tokens = tuple[int | str, ...]


def fold(document: Mapping[str, Any], amendment: Amendment) -> dict[str, Any]:
    """Return the next version of a declaration's document.

    Raises:
        PlatformError: `E_STATE`, when the amendment is of another declaration or version, or a
            place does not hold what the amendment says stood there; `E_MALFORMED`.
    """
    named = (document.get("declaration_id"), document.get("version"))
    wanted = (amendment.amends.declaration_id, amendment.amends.version)
    if named != wanted:
        raise PlatformError(
            Code.STATE,
            "the amendment is of another declaration or version",
            expected=f"{wanted[0]} version {wanted[1]}",
            received=f"{named[0]} version {named[1]}",
            fix="Apply it to the version that it names.",
        )
    changed = apply_changes(upgrade(document, kind_of(document)), amendment.changes)
    return {**changed, "version": amendment.amends.version + 1}


def apply_changes(document: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """Return a copy of a document with the changes made.

    Raises:
        PlatformError: `E_STATE`, when a place does not hold what the change says stood there.
    """
    result, refused = _applied(document, changes)
    for error in refused.values():
        raise error
    return result


def misplaced(
    document: Mapping[str, Any], changes: Sequence[Change]
) -> Mapping[int, PlatformError]:
    """Return why changes cannot be made, by their position; up to `MAX_REFUSED` of them."""
    return _applied(document, changes)[1]


def _applied(
    document: Mapping[str, Any], changes: Sequence[Change]
) -> tuple[dict[str, Any], dict[int, PlatformError]]:
    """Return a copy with the changes that can be made, and why the others cannot."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    refused: dict[int, PlatformError] = {}
    gone: dict[Tokens, int] = {}
    for position, change in enumerate(changes):
        try:
            tokens = _located(result, change)
        except PlatformError as error:
            refused[position] = error
            if len(refused) == MAX_REFUSED:
                break
            continue
        if change.new is None:
            gone[tokens] = position
        else:
            _set(_parent(result, tokens), tokens[-1], copy.deepcopy(change.new))
    for tokens in sorted(gone, key=_in_order, reverse=True):
        try:
            _remove(_parent(result, tokens), tokens[-1])
        except (LookupError, TypeError):
            # Another change put something else around it.
            refused[gone[tokens]] = _misplaced(changes[gone[tokens]], "nothing around it")
    return result, refused


def plain(value: Any) -> Any:
    """Return a JSON value without the members that say nothing: null ones and empty lists."""
    if isinstance(value, Mapping):
        members = ((name, plain(inner)) for name, inner in value.items())
        return {name: inner for name, inner in members if inner is not None and inner != []}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def _located(document: dict[str, Any], change: Change) -> Tokens:
    """Return the tokens of a change's pointer, list positions as numbers, its old value found."""
    value: Any = document
    tokens: list[int | str] = []
    for part in change.pointer.split("/")[1:]:
        token: int | str = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            if not (part.isdecimal() and part.isascii() and int(part) <= len(value)):
                raise _misplaced(change, "no such item")
            token = int(part)
            value = value[token] if token < len(value) else None
        elif isinstance(value, dict):
            value = value.get(str(token))
        else:
            raise _misplaced(change, "nothing around it")
        tokens.append(token)
    if (plain(value) or None) != (plain(change.old) or None):
        raise _misplaced(change, repr(value))
    return tuple(tokens)


def _parent(document: dict[str, Any], tokens: Tokens) -> Any:
    value: Any = document
    for token in tokens[:-1]:
        value = value[token]
    return value


def _set(parent: Any, token: int | str, value: Any) -> None:
    if isinstance(parent, list) and token == len(parent):
        parent.append(value)
    else:
        parent[token] = value


def _in_order(tokens: Tokens) -> list[tuple[bool, int | str]]:
    """Return a key by which numbers and names can be compared."""
    return [(isinstance(token, str), token) for token in tokens]


def _remove(parent: Any, token: int | str) -> None:
    if isinstance(parent, dict):
        parent.pop(token, None)
    elif isinstance(parent, list) and isinstance(token, int):
        del parent[token]
    else:
        raise TypeError


def _misplaced(change: Change, received: str) -> PlatformError:
    return PlatformError(
        Code.STATE,
        f"{change.pointer} does not hold what the amendment says stood there",
        expected=repr(change.old)[:200],
        received=received[:200],
        fix="Make the amendment again, from the version that it amends.",
    )
