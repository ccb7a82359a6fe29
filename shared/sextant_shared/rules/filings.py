"""What else a State has filed: the other side of rules that compare declarations of one State.

Given are the declarations as they were filed; what the rules see is what holds of them: the newest
version of each, with its amendments folded in, without what was withdrawn.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from sextant_shared.errors import PlatformError
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.models.declaration.filing import Amendment, Withdrawal
from sextant_shared.models.declaration.folding import fold
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.window import revised_by, that_matter

Filed = TypeVar("Filed", bound=DeclarationBase)
Number = tuple[str, str]  # (state_code, declaration_id)
Amendments = dict[tuple[str, str, int], list[Amendment]]  # by State, number and version
_SITE = "plant_site_code"
_NONE: list[DeclarationBase] = []


@dataclass(frozen=True, slots=True)
class _Listed:
    declaration_id: str
    kind: str
    year: int
    revises: str | None
    filed: DeclarationBase


class Filings:
    """What holds of the declarations of one State or several, found by kind and year.

    A declaration that is checked stands beside these, not among them: a filing with its own number
    is passed over, so that an amendment is not compared with what it replaces.
    """

    def __init__(self, declarations: Iterable[DeclarationBase] = ()) -> None:
        self._filed = tuple(declarations)
        self._holding = effective(self._filed)
        self._of: dict[tuple[str, int], list[DeclarationBase]] = {}
        for declaration in self._holding.values():
            place = declaration.state_code, declaration.year
            self._of.setdefault(place, []).append(declaration)

    @classmethod
    def from_documents(cls, documents: Iterable[Mapping[str, Any]]) -> "Filings":
        """Return what documents amount to; one that does not read is passed over.

        `check` says so of each.
        """
        return cls(read for document in documents if (read := _read(document)) is not None)

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self._filed)

    @property
    def states(self) -> Sequence[str]:
        """The States of which anything is known, in order."""
        return sorted({state for state, _ in self._of})

    @property
    def years(self) -> Sequence[int]:
        """The years on which anything was reported, in order."""
        return sorted({year for _, year in self._of})

    def filed(self, kind: type[Filed], state: str, year: int) -> Iterator[Filed]:
        """Yield what a State has filed of `kind` for `year`."""
        return (d for d in self._of.get((state, year), _NONE) if isinstance(d, kind))

    def of(self, kind: type[Filed], subject: DeclarationBase, year: int) -> Iterator[Filed]:
        """Yield what the State of `subject` has filed of `kind` for `year`, but `subject`."""
        return (
            filed
            for filed in self.filed(kind, subject.state_code, year)
            if filed.declaration_id != subject.declaration_id
        )

    def holding(self, state_code: str, declaration_id: str) -> DeclarationBase | None:
        """Return what holds of one declaration; None when it is not known or was withdrawn."""
        return self._holding.get((state_code, declaration_id))

    def around(self, subject: DeclarationBase, policy: RulePolicy) -> "Filings":
        """Return those of the State of `subject` that it is compared with, without itself."""
        listed = [
            _Listed(d.declaration_id, d.kind, d.year, revised_by(d), d)
            for d in self._filed
            if d.state_code == subject.state_code
        ]
        return Filings(one.filed for one in that_matter(subject, listed, policy))


def effective(filed: Iterable[DeclarationBase]) -> dict[Number, DeclarationBase]:
    """Return what holds of what was filed, by State and number.

    Of two equal versions, and of two amendments that fit one version, the first counts. Filings
    about filings are in the result too.
    """
    newest: dict[Number, DeclarationBase] = {}
    for declaration in filed:
        known = newest.get(_number(declaration))
        if known is None or known.version < declaration.version:
            newest[_number(declaration)] = declaration
    amendments: Amendments = {}
    for one in newest.values():
        if isinstance(one, Amendment):
            named = (one.state_code, one.amends.declaration_id, one.amends.version)
            amendments.setdefault(named, []).append(one)
    for number, declaration in newest.items():
        newest[number] = _amended(declaration, amendments)
    for withdrawal in [d for d in newest.values() if isinstance(d, Withdrawal)]:
        number = (withdrawal.state_code, withdrawal.withdraws.declaration_id)
        holding = newest.get(number)
        if holding is None or holding.version > withdrawal.withdraws.version:
            continue
        left = _without_site(holding, withdrawal.site_code) if withdrawal.site_code else None
        if left is None:
            del newest[number]
        else:
            newest[number] = left
    return newest


def document_of(declaration: DeclarationBase) -> dict[str, Any]:
    """Return the document of a declaration, in the newest version of its schema."""
    return declaration.model_dump(mode="json", by_alias=True)


def _folded(declaration: DeclarationBase, amendment: Amendment) -> DeclarationBase | None:
    """Return the next version of a declaration; None when the amendment does not fit it."""
    try:
        return read_declaration(fold(document_of(declaration), amendment))
    except (PlatformError, ValidationError):
        return None


def _read(document: Mapping[str, Any]) -> DeclarationBase | None:
    try:
        return read_declaration(document)
    except (PlatformError, ValidationError):
        return None


def _amended(declaration: DeclarationBase, amendments: Amendments) -> DeclarationBase:
    result: DeclarationBase | None = declaration
    while result is not None:
        declaration = result
        named = amendments.get((*_number(declaration), declaration.version), ())
        fitting = (_folded(declaration, amendment) for amendment in named)
        result = next((one for one in fitting if one is not None), None)
    return declaration


def _without_site(declaration: DeclarationBase, code: str) -> DeclarationBase | None:
    """Return the declaration without one of its listed sites; None when nothing is left of it."""
    if getattr(declaration, _SITE, None) == code:
        return None
    left = {
        name: [item for item in value if getattr(item, _SITE, None) != code]
        for name in type(declaration).model_fields
        if isinstance(value := getattr(declaration, name), list)
        and any(getattr(item, _SITE, None) == code for item in value)
    }
    if not all(left.values()):
        return None
    # Nothing to validate: items that were valid are as valid without one of them.
    return declaration.model_copy(update=left) if left else declaration


def _number(declaration: DeclarationBase) -> Number:
    return declaration.state_code, declaration.declaration_id


NO_FILINGS = Filings()
