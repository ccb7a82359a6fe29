"""What else a State has filed: the other side of rules that compare declarations of one State."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from sextant_shared.errors import PlatformError
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.models.declaration.filing import Amendment, Withdrawal
from sextant_shared.models.declaration.folding import fold
from sextant_shared.models.declaration.ocpf import OcpfAnnual, OcpfInitial

Filed = TypeVar("Filed", bound=DeclarationBase)
Number = tuple[str, str]
"""The State and its own number of a declaration."""
_NONE: list[DeclarationBase] = []


class Filings:
    """The newest versions of declarations of one State or several, found by kind and year.

    A declaration that is checked stands beside these, not among them: a filing with its own number
    is passed over, so that an amendment is not compared with what it replaces.
    """

    def __init__(self, declarations: Iterable[DeclarationBase] = ()) -> None:
        newest: dict[Number, DeclarationBase] = {}
        for declaration in declarations:
            known = newest.get(_number(declaration))
            if known is None or known.version < declaration.version:
                newest[_number(declaration)] = declaration
        self._of: dict[tuple[str, int], list[DeclarationBase]] = {}
        for declaration in newest.values():
            place = declaration.state_code, declaration.year
            self._of.setdefault(place, []).append(declaration)

    @classmethod
    def from_documents(cls, documents: Iterable[Mapping[str, Any]]) -> "Filings":
        """Return what documents amount to: amended where amended, without what was withdrawn.

        A document that does not read, and an amendment that does not fit, are passed over: `check`
        says so of each.
        """
        return cls(_effective(list(documents)))

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self._of)

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


NO_FILINGS = Filings()


def _effective(documents: Sequence[Mapping[str, Any]]) -> Iterator[DeclarationBase]:
    """Yield the newest version of each declaration, but what was withdrawn."""
    readable = [(d, read) for d in documents if (read := _read(d)) is not None]
    newest: dict[Number, tuple[Mapping[str, Any], DeclarationBase]] = {}
    for document, read in sorted(readable, key=lambda pair: pair[1].version):
        newest[_number(read)] = document, read
    amendments = [read for _, read in newest.values() if isinstance(read, Amendment)]
    for amendment in sorted(amendments, key=lambda one: one.amends.version):
        number = amendment.state_code, amendment.amends.declaration_id
        if number in newest:
            newest[number] = _amended(*newest[number], amendment)
    withdrawals = [read for _, read in newest.values() if isinstance(read, Withdrawal)]
    for _, declaration in newest.values():
        held = _without(declaration, withdrawals)
        if held is not None:
            yield held


def _amended(
    document: Mapping[str, Any], declaration: DeclarationBase, amendment: Amendment
) -> tuple[Mapping[str, Any], DeclarationBase]:
    try:
        folded = fold(document, amendment)
    except PlatformError:
        return document, declaration
    read = _read(folded)
    return (document, declaration) if read is None else (folded, read)


def _without(
    declaration: DeclarationBase, withdrawals: Sequence[Withdrawal]
) -> DeclarationBase | None:
    """Return what is left of a declaration, or None when nothing is."""
    held: DeclarationBase | None = declaration
    for withdrawal in withdrawals:
        named = withdrawal.withdraws
        of_it = (withdrawal.state_code, named.declaration_id) == _number(declaration)
        # What was filed after it was withdrawn holds again.
        if held is not None and of_it and named.version >= declaration.version:
            held = _without_site(held, withdrawal.site_code)
    return held


def _without_site(declaration: DeclarationBase, site: str | None) -> DeclarationBase | None:
    if site is None:
        return None
    if isinstance(declaration, OcpfInitial | OcpfAnnual):
        left = [one for one in declaration.sites if one.plant_site_code != site]
        return declaration.model_copy(update={"sites": left}) if left else None
    return None if getattr(declaration, "plant_site_code", None) == site else declaration


def _read(document: Mapping[str, Any]) -> DeclarationBase | None:
    try:
        return read_declaration(document)
    except (PlatformError, ValidationError):
        return None


def _number(declaration: DeclarationBase) -> Number:
    return declaration.state_code, declaration.declaration_id
