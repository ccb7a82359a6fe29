"""What else a State has filed: the other side of rules that compare declarations of one State."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from sextant_shared.models.declaration import DeclarationBase

Filed = TypeVar("Filed", bound=DeclarationBase)


class Filings:
    """The newest versions of a State's declarations, found by kind and year.

    A declaration that is checked stands beside these, not among them: a filing with its own number
    is passed over, so that an amendment is not compared with what it replaces.
    """

    def __init__(self, declarations: Iterable[DeclarationBase] = ()) -> None:
        newest: dict[str, DeclarationBase] = {}
        for declaration in declarations:
            known = newest.get(declaration.declaration_id)
            if known is None or known.version < declaration.version:
                newest[declaration.declaration_id] = declaration
        self._by_kind: dict[type[DeclarationBase], list[DeclarationBase]] = {}
        for declaration in newest.values():
            self._by_kind.setdefault(type(declaration), []).append(declaration)

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self._by_kind)

    def of(self, kind: type[Filed], subject: DeclarationBase, year: int) -> Iterator[Filed]:
        """Yield what the State of `subject` has filed of `kind` for `year`, but `subject`."""
        for filed in self._all(kind):
            same = filed.declaration_id == subject.declaration_id
            if filed.state_code == subject.state_code and filed.year == year and not same:
                yield filed

    def _all(self, kind: type[Filed]) -> Iterator[Filed]:
        for of_kind, declarations in self._by_kind.items():
            if issubclass(of_kind, kind):
                yield from (d for d in declarations if isinstance(d, kind))


NO_FILINGS = Filings()
