"""Compares the two sides of one pair: intervals, gap and span, class. Nothing of other pairs.

The tables of transfers.md 3.2 and 3.3. A figure is an interval because it is rounded, given as
less than the threshold, or need not be given at all; a difference is one only when even the
smallest that the intervals allow is above the threshold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.transfers.facts import DocumentFacts
from sextant_declarations.analysis.transfers.model import (
    Direction,
    FiledStatus,
    Interval,
    Klass,
    Note,
    Pair,
    PairKey,
    Qualifier,
    Row,
    Side,
)
from sextant_declarations.analysis.transfers.policy import (
    MatchingPolicy,
    Membership,
    Profiles,
    Standing,
)
from sextant_shared import codelists

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Comparing:
    """Makes pairs, without hypotheses, under one policy."""

    policy: MatchingPolicy
    profiles: Profiles
    membership: Membership

    def pair(
        self, key: PairKey, exporter: Sequence[DocumentFacts], importer: Sequence[DocumentFacts]
    ) -> Pair:
        """Return the pair as the declarations of both States for its year have it.

        The declarations come in an order that does not depend on when they arrived.
        """
        rows = [row for facts in (*exporter, *importer) for row in facts.by_key.get(key, ())]
        schedule = _schedule(key.chemical, rows)
        threshold = codelists.thresholds()[schedule][0]
        export = self.side(key, Direction.EXPORT, exporter, schedule, threshold)
        import_ = self.side(key, Direction.IMPORT, importer, schedule, threshold)
        notes = tuple(sorted({*_of_rows(export), *_of_rows(import_), *self._notes(key)}))
        outside = self._outside(key, schedule, notes)
        if outside is not None:
            return Pair(key, schedule, threshold, outside, None, None, export, import_, notes)
        gap, span = gap_and_span(export.interval, import_.interval)
        klass = classify(export, import_, gap, span, threshold)
        return Pair(key, schedule, threshold, klass, gap, span, export, import_, notes)

    def side(
        self,
        key: PairKey,
        direction: Direction,
        documents: Sequence[DocumentFacts],
        schedule: str,
        threshold: Decimal,
    ) -> Side:
        """Return what one State says of a pair."""
        state = key.exporter if direction is Direction.EXPORT else key.importer
        regime = f"S{schedule[0]}"
        telling = [
            (facts, rows)
            for facts in documents
            if (rows := tuple(r for r in facts.by_key.get(key, ()) if r.direction is direction))
        ]
        stating = [
            total
            for facts in documents
            if (total := facts.total_of.get((key.chemical, direction))) is not None
        ]
        status = _status(documents, regime)
        filing = [f.document for f in documents if any(r == regime for r, _ in f.filed)]
        totals = [total.kg for total in stating if total.kg is not None]
        basis = next((total.basis_note for total in stating if total.basis_note), None)
        kg: Decimal | None = None
        interval: Interval | None = None
        if telling:
            kg, interval = _told([rows for _, rows in telling], threshold)
            status = FiledStatus.FILED
        elif status is not FiledStatus.NOT_FILED:
            kg, interval = _ZERO, Interval(_ZERO, self._silent(state, totals, threshold))
        return Side(
            state=state,
            direction=direction,
            filed=status,
            rows=tuple(row for _, rows in telling for row in rows),
            kg=kg,
            interval=interval,
            has_total=bool(totals),
            basis_note=basis,
            documents=tuple(sorted({*filing, *(facts.document for facts, _ in telling)})),
        )

    def _silent(self, state: str, totals: Sequence[Decimal], threshold: Decimal) -> Decimal:
        """Return how much a State may have moved that has filed, and has no row for the pair."""
        if not totals:
            return threshold  # a national total up to the threshold need not be declared
        if max(totals) == 0:
            return _ZERO  # nothing at all leaves no room for small partners
        profile = self.profiles.get(state)
        omits = profile.is_by_company if profile else None
        may_omit = self.policy.omits_small_partners if omits is None else omits
        return threshold if may_omit else _ZERO

    def _outside(self, key: PairKey, schedule: str, notes: Sequence[Note]) -> Klass | None:
        """Return the class of a pair that is not compared, whatever its figures."""
        if {Note.UNKNOWN_STATE, Note.PARTNER_IS_DECLARANT} & set(notes):
            return Klass.SELF_OR_INVALID
        if Note.NOT_SCHEDULED in notes:
            return Klass.NOT_COMPARED
        standings = [self.membership.standing(s, key.year) for s in (key.exporter, key.importer)]
        if Standing.OUT not in standings:
            return None
        if schedule.startswith("1"):
            return Klass.NSP_S1
        is_closed = key.year >= self.policy.schedule_2_closed_from
        return Klass.NSP_S2 if schedule.startswith("2") and is_closed else Klass.NSP_S3

    def _notes(self, key: PairKey) -> Iterator[Note]:
        if key.exporter == key.importer:
            yield Note.PARTNER_IS_DECLARANT
        for state in (key.exporter, key.importer):
            standing = self.membership.standing(state, key.year)
            if standing is Standing.UNKNOWN:
                yield Note.UNKNOWN_STATE
            elif standing is Standing.JOINED:
                yield Note.JOINED_IN_YEAR
            elif standing is Standing.LEFT:
                yield Note.LEFT_IN_YEAR
        listed = codelists.chemicals_by_cas().get(key.chemical)
        if listed is None:
            return
        since, until = listed.valid_from, listed.valid_to
        if (since and since.year > key.year) or (until and until.year < key.year):
            yield Note.NOT_SCHEDULED
        elif since and since.year == key.year:
            yield Note.SCHEDULED_IN_YEAR


def gap_and_span(
    export: Interval | None, import_: Interval | None
) -> tuple[Decimal | None, Decimal | None]:
    """Return the smallest and the largest possible difference; None where nothing bounds a side."""
    if export is None or import_ is None:
        return None, None
    gap = max(_ZERO, export.low - import_.high, import_.low - export.high)
    return gap, max(export.high - import_.low, import_.high - export.low)


def classify(
    export: Side, import_: Side, gap: Decimal | None, span: Decimal | None, threshold: Decimal
) -> Klass:
    """Return the class of two States Parties that may trade with one another."""
    if FiledStatus.NOT_FILED in {export.filed, import_.filed}:
        return Klass.PENDING
    if gap is None or span is None:
        return Klass.POSSIBLE
    if gap > threshold:
        if export.is_present and import_.is_present:
            return Klass.QUANTITY_MISMATCH
        return Klass.EXPORT_ONLY if export.is_present else Klass.IMPORT_ONLY
    if _is_exact(export) and _is_exact(import_) and gap == 0:
        return Klass.MATCH
    return Klass.WITHIN_THRESHOLD if span <= threshold else Klass.POSSIBLE


def _is_exact(side: Side) -> bool:
    """Return whether a side gives one figure: contradicting declarations give none."""
    return side.is_present and side.kg is not None


def _schedule(chemical: str, rows: Sequence[Row]) -> str:
    """Return the part of the schedules: as listed, else as the first row has it."""
    listed = codelists.chemicals_by_cas().get(chemical)
    return listed.schedule if listed else min(row.schedule for row in rows)


def _status(documents: Sequence[DocumentFacts], regime: str) -> FiledStatus:
    said = {status for facts in documents for one, status in facts.filed if one == regime}
    for status in (FiledStatus.FILED, FiledStatus.NIL):
        if status in said:
            return status
    return FiledStatus.NOT_FILED


def _told(
    groups: Sequence[Sequence[Row]], threshold: Decimal
) -> tuple[Decimal | None, Interval | None]:
    """Return figure and interval of the rows of one or several declarations.

    Rows of one declaration are added up. Declarations that give the same figure count once; the
    interval of those that contradict each other holds them all, and no figure is chosen.
    """
    told = [_sum(rows, threshold) for rows in groups]
    figures = {kg for kg, _ in told}
    intervals = [interval for _, interval in told if interval is not None]
    if len(intervals) < len(told):
        return None, None
    hull = Interval(min(one.low for one in intervals), max(one.high for one in intervals))
    return (figures.pop() if len(figures) == 1 else None), hull


def _sum(rows: Sequence[Row], threshold: Decimal) -> tuple[Decimal | None, Interval | None]:
    low = high = figure = _ZERO
    is_exact = True
    for row in rows:
        if row.qualifier is Qualifier.UNKNOWN:
            return None, None
        if row.kg is None:
            is_exact = False
            high += threshold
            continue
        figure += row.kg
        low += max(_ZERO, row.kg - row.half_step)
        high += row.kg + row.half_step
    return (figure if is_exact else None), Interval(low, high)


def _of_rows(side: Side) -> Iterator[Note]:
    by_document: dict[str, list[Row]] = {}
    for row in side.rows:
        by_document.setdefault(row.place.document.declaration_id, []).append(row)
        if row.qualifier is Qualifier.UNKNOWN:
            yield Note.NO_FIGURE
    if any(len(rows) > 1 for rows in by_document.values()):
        yield Note.SEVERAL_ROWS
    if len(by_document) > 1:
        said = {
            tuple(sorted((row.qualifier, row.kg or _ZERO) for row in rows))
            for rows in by_document.values()
        }
        yield Note.DECLARED_TWICE if len(said) == 1 else Note.CONTRADICTORY
