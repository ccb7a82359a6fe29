"""Takes out of one effective declaration what transfer matching needs of it: `facts_of`.

Reads Schedule 1 lists of transfers, aggregate national data, and nil declarations; every other
kind says nothing here. A row that gives no figure stays a row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from sextant_declarations.analysis.transfers.model import (
    Direction,
    Document,
    FiledStatus,
    PairKey,
    Place,
    Qualifier,
    Row,
)
from sextant_declarations.analysis.transfers.policy import MatchingPolicy
from sextant_shared import codelists
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.chemical import Chemical
from sextant_shared.models.declaration.filing import Nil
from sextant_shared.models.declaration.national import CountryRow, S2And, S2Record, S3And, S3Record
from sextant_shared.models.declaration.schedule1 import (
    S1TransferAnnual,
    S1TransferRecord,
    StateQuantity,
    Transfer,
)
from sextant_shared.rules.figures import key as key_of

KINDS = ("S1_TRANSFER_ANNUAL", "S2_AND", "S3_AND", "NIL")
"""The kinds that say anything of transfers."""
REGIMES = ("S1", "S2", "S3")
_SCOPES = {"S1": "S1", "AND_S2": "S2", "AND_S3": "S3"}
_ZERO = Decimal(0)
_UNIT_KG = {"t": 3, "kg": 0, "g": -3, "mg": -6}
_SENT = {"SENT": Direction.EXPORT, "RECEIVED": Direction.IMPORT}


@dataclass(frozen=True, slots=True)
class Total:
    """The national total of one chemical in one direction; `kg` is None where none is declared."""

    chemical: str
    direction: Direction
    kg: Decimal | None
    basis_note: str | None


@dataclass(frozen=True)
class DocumentFacts:
    """What one declaration says of transfers: rows, totals, and which regimes it files."""

    document: Document
    year: int
    filed: tuple[tuple[str, FiledStatus], ...]
    rows: tuple[Row, ...]
    totals: tuple[Total, ...]

    @property
    def state(self) -> str:
        """The declarant."""
        return self.document.state

    @cached_property
    def by_key(self) -> dict[PairKey, tuple[Row, ...]]:
        """The rows by pair; a pair of a State with itself may hold rows of both directions."""
        found: dict[PairKey, tuple[Row, ...]] = {}
        for row in self.rows:
            found[row.key] = (*found.get(row.key, ()), row)
        return found

    @cached_property
    def total_of(self) -> dict[tuple[str, Direction], Total]:
        """The totals by chemical and direction."""
        return {(total.chemical, total.direction): total for total in self.totals}


def facts_of(declaration: DeclarationBase, policy: MatchingPolicy) -> DocumentFacts | None:
    """Return what an effective declaration says of transfers; None for one that says nothing."""
    document = Document(declaration.state_code, declaration.declaration_id, declaration.version)
    year = declaration.year
    if isinstance(declaration, Nil):
        scopes = [_SCOPES[scope] for scope in declaration.scope if scope in _SCOPES]
        nil = tuple((regime, FiledStatus.NIL) for regime in scopes)
        return DocumentFacts(document, year, nil, (), ()) if nil else None
    reader = _Reader(document, year, policy)
    if isinstance(declaration, S1TransferAnnual):
        rows = tuple(reader.schedule_1(declaration))
        return DocumentFacts(document, year, (("S1", FiledStatus.FILED),), rows, ())
    if isinstance(declaration, S2And | S3And):
        regime = "S2" if isinstance(declaration, S2And) else "S3"
        rows = tuple(reader.national(declaration.records))
        totals = tuple(reader.totals(declaration.records))
        return DocumentFacts(document, year, ((regime, FiledStatus.FILED),), rows, totals)
    return None


def half_step(amount: Amount, digits: int) -> Decimal:
    """Return half a unit, in kilograms, of the last digit that an amount gives.

    At least `digits` significant digits count as given: "500 t" is as good as "500.0" of a State
    that rounds to three. A zero is exact.
    """
    if amount.value is None or amount.unit is None:
        return _ZERO
    number = Decimal(amount.value)
    if not number:
        return _ZERO
    exponent = number.as_tuple().exponent
    shown = exponent if isinstance(exponent, int) and exponent < 0 else _trailing(amount.value)
    last = min(shown, number.adjusted() - digits + 1)
    return Decimal(5).scaleb(last - 1 + _UNIT_KG[amount.unit])


def _trailing(text: str) -> int:
    """Return how many zeros a whole number ends with."""
    return len(text) - len(text.rstrip("0"))


@dataclass(frozen=True, slots=True)
class _Reader:
    document: Document
    year: int
    policy: MatchingPolicy

    def chemical(self, chemical: Chemical) -> str:
        if self.policy.salts_with_base and chemical.salt_of:
            return chemical.salt_of
        return key_of(chemical)

    def national(self, records: Sequence[S2Record | S3Record]) -> Iterator[Row]:
        for i, record in enumerate(records):
            for member, direction in (
                ("exports", Direction.EXPORT),
                ("imports", Direction.IMPORT),
            ):
                rows: list[CountryRow] = getattr(record, member)
                for k, row in enumerate(rows):
                    pointer = f"/records/{i}/{member}/{k}"
                    yield self._row(
                        record.chemical,
                        direction,
                        row.state_code,
                        [row.quantity],
                        pointer,
                        is_less=row.qualifier == "LESS_THAN_THRESHOLD",
                        mixture_note=row.mixture_note,
                        certificate=row.end_use_certificate,
                    )

    def totals(self, records: Sequence[S2Record | S3Record]) -> Iterator[Total]:
        for record in records:
            chemical = self.chemical(record.chemical)
            for amount, direction in (
                (record.exported, Direction.EXPORT),
                (record.imported, Direction.IMPORT),
            ):
                kg = amount.kilograms if amount else None
                yield Total(chemical, direction, kg, record.basis_note)

    def schedule_1(self, declaration: S1TransferAnnual) -> Iterator[Row]:
        for i, record in enumerate(declaration.records):
            listed = codelists.chemicals_by_cas().get(record.chemical.cas or "")
            since = listed.valid_from if listed else None
            if since is not None and since.year == self.year:
                moved = [(k, one) for k, one in enumerate(record.transfers) if one.day >= since]
                yield from self._singly(i, record, moved)
                continue
            named: set[tuple[Direction, str]] = set()
            for member, direction in (
                ("transferred", Direction.EXPORT),
                ("acquired", Direction.IMPORT),
            ):
                sums: list[StateQuantity] = getattr(record, member)
                for k, one in enumerate(sums):
                    named.add((direction, one.state_code))
                    pointer = f"/records/{i}/{member}/{k}"
                    yield self._row(
                        record.chemical, direction, one.state_code, [one.quantity], pointer
                    )
            yield from self._singly(
                i,
                record,
                [
                    (k, one)
                    for k, one in enumerate(record.transfers)
                    if (_SENT[one.direction], one.state_code) not in named
                ],
            )

    def _singly(
        self, i: int, record: S1TransferRecord, moved: Iterable[tuple[int, Transfer]]
    ) -> Iterator[Row]:
        """Yield one row for each State out of transfers that are listed one by one."""
        found: dict[tuple[Direction, str], list[tuple[int, Transfer]]] = {}
        for k, one in moved:
            found.setdefault((_SENT[one.direction], one.state_code), []).append((k, one))
        for (direction, state), transfers in found.items():
            pointer = f"/records/{i}/transfers/{transfers[0][0]}"
            amounts = [one.quantity for _, one in transfers]
            yield self._row(record.chemical, direction, state, amounts, pointer)

    def _row(
        self,
        chemical: Chemical,
        direction: Direction,
        partner: str,
        amounts: Sequence[Amount | None],
        pointer: str,
        *,
        is_less: bool = False,
        mixture_note: str | None = None,
        certificate: str | None = None,
    ) -> Row:
        kg: Decimal | None = None
        qualifier = Qualifier.LESS_THAN if is_less else Qualifier.UNKNOWN
        figures = [one.kilograms if one else None for one in amounts]
        known = [figure for figure in figures if figure is not None and figure >= 0]
        step = _ZERO
        if not is_less and len(known) == len(figures):
            qualifier, kg = Qualifier.EXACT, sum(known, _ZERO)
            digits = self.policy.significant_digits
            step = sum((half_step(one, digits) for one in amounts if one), _ZERO)
        return Row(
            year=self.year,
            chemical=self.chemical(chemical),
            declarant=self.document.state,
            direction=direction,
            partner=partner,
            kg=kg,
            qualifier=qualifier,
            half_step=step,
            schedule=chemical.schedule,
            place=Place(self.document, pointer),
            mixture_note=mixture_note,
            certificate=certificate,
        )
