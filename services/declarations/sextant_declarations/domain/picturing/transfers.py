"""The pairs of one chemical and year, for the matrix and the scatter, as they are compared."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from sextant_declarations.analysis.pictures.matrix import Pair
from sextant_declarations.analysis.transfers.model import Klass
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.transfers import PairFilter, SideView, StoredPair
from sextant_shared.errors import Code, PlatformError

_GRAMS, _TONNES = ("g", Decimal(1000)), ("t", Decimal("0.001"))


class PairRows(Protocol):
    """Pairs with what both sides say."""

    async def pairs(self, wanted: PairFilter, limit: int) -> list[StoredPair]:
        """Return up to `limit` pairs, newest year first, then by id."""
        ...

    async def sources(self, declarations: Collection[str]) -> list[bytes]:
        """Return the manifest digests of the envelopes that these declarations came in."""
        ...


@dataclass(frozen=True, slots=True)
class Flows:
    """The pairs of one chemical in one year, in the unit that fits its schedule."""

    pairs: tuple[Pair, ...]
    unit: str


@dataclass(frozen=True)
class Pairs:
    """Gives pairs, once the access to all that they stand on is stored; at most `limit`."""

    rows: PairRows
    gate: Gate
    limit: int

    async def admitted(self, wanted: PairFilter, reader: Reader, gives: Gives) -> list[StoredPair]:
        """Return the pairs, newest year first.

        Raises:
            PlatformError: `E_MALFORMED` without a purpose, `E_TOO_LARGE`, `E_UNAVAILABLE`.
        """
        found = await self.rows.pairs(wanted, self.limit + 1)
        if len(found) > self.limit:
            raise PlatformError(
                Code.TOO_LARGE,
                "more pairs than are given at once",
                expected=f"at most {self.limit:,}",
                fix="Ask for one State, or for one year.",
            )
        names = {name for pair in found for name in pair.declarations}
        await self.gate.envelopes(reader, gives, *(await self.rows.sources(names)))
        return found

    async def flows(self, chemical: str, year: int, reader: Reader) -> Flows:
        """Return the pairs of one chemical and year as they are drawn.

        Raises:
            PlatformError: as `admitted`.
        """
        wanted = PairFilter(chemical=chemical, year=year)
        return flows(await self.admitted(wanted, reader, Gives.PICTURE))


def flows(stored: Iterable[StoredPair]) -> Flows:
    """Return pairs as they are drawn; a side without a row declared nothing."""
    listed = list(stored)
    unit, times = _GRAMS if listed and listed[0].line.schedule.startswith("1") else _TONNES

    def figure(side: SideView) -> Decimal | None:
        kg = declared_kg(side)
        return None if kg is None else kg * times

    drawn = tuple(
        Pair(
            exporter=one.line.exporter,
            importer=one.line.importer,
            exported=figure(one.body.export),
            imported=figure(one.body.import_),
            differs=Klass(one.line.class_).is_difference,
        )
        for one in listed
    )
    return Flows(drawn, unit)


def declared_kg(side: SideView) -> Decimal | None:
    """Return what a side declares in kilograms; None where it has no row or gives no figure."""
    return Decimal(side.kg) if side.kg is not None and side.rows else None
