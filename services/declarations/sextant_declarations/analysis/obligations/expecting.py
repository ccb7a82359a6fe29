"""What one State owes: from treaty rules, its profile, and what it has declared before.

Each obligation has a due day, the paragraphs it stands on with their evidence marks, why it is
owed, and what the State has filed for it. Where it stands is said by `standing`.

Not reckoned, because no declaration says when they fall due: A4_90DAY_REPORT (the begin of the
extension), and kinds for which no law sets a day.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sextant_declarations.analysis.obligations.days import FIRST_YEAR, LAST_YEAR, DueDays
from sextant_declarations.analysis.obligations.expectations import (
    Because,
    Expectation,
    expectations,
)
from sextant_declarations.analysis.obligations.facts import (
    Filing,
    ended_sites,
    is_about_filings,
    standing,
)
from sextant_declarations.analysis.obligations.obligation import ALL_KNOWN, Known, Obligation
from sextant_shared.deadlines import (
    DeadlinePolicy,
    Due,
    Duty,
    Notice,
    Reckoning,
    day_of,
    rules_by_kind,
)
from sextant_shared.deadlines.table import AHEAD, ANNUAL

# What a nil declaration closes, by its scope: kinds that begin so.
_NIL_CLOSES = {
    "S1": "S1_",
    "S2": "S2_SITE_",
    "S3": "S3_SITE_",
    "OCPF": "OCPF_",
    "AND_S2": "S2_AND",
    "AND_S3": "S3_AND",
    "X4": "X4_PROTECTIVE",
}


def obligations(
    state: str, until: int, filings: Iterable[Filing], known: Known = ALL_KNOWN
) -> list[Obligation]:
    """Return what a State owes with due days up to the end of the year `until`, in order.

    A State that is no State Party owes nothing that is expected; what it declares all the same
    counts for nothing here.
    """
    reckoner = _Reckoner(state, until, list(filings), known)
    return sorted(reckoner(), key=lambda one: (one.due.day, one.due.rule.id, one.subject))


@dataclass(slots=True)
class _Reckoner:
    state: str
    until: int
    filings: list[Filing]
    known: Known
    _of: dict[tuple[str, int], list[Filing]] = field(default_factory=lambda: defaultdict(list))
    _found: dict[tuple[str, str, str], Obligation] = field(default_factory=dict)
    _missed: dict[tuple[str, int], int] = field(default_factory=dict)
    _ended: dict[str, int] = field(default_factory=dict)
    _nils: list[Filing] = field(default_factory=list)

    @property
    def _days(self) -> DueDays:
        return DueDays(self.state, self.known.deadlines, self.known.eif, self.known.left)

    def __call__(self) -> Iterable[Obligation]:
        stands = standing(self.filings)
        self._nils = [one for one in stands if one.stated.scopes]
        self._ended = ended_sites(self.filings)
        for one in stands:
            if not is_about_filings(one.stated.kind):
                self._of[one.stated.kind, _year(one)].append(one)
                self._declared(one)
        self._at_entry()
        years = [year for _, year in self._of]
        first = (
            min(years, default=self.until)
            if self.known.since == dt.date.min
            else (self.known.since.year - 1)
        )
        for year in range(first, self.until + 2):
            self._expected(year)
        notices = [one for one in stands if one.stated.late]
        return [
            self._completed(one, notices)
            for one in self._found.values()
            if one.due.day >= self.known.since and one.due.day.year <= self.until
        ]

    def _declared(self, filing: Filing) -> None:
        """Add what was filed to what it is filed for, which it makes owed if nothing else does."""
        one = self._days.of(filing)
        if one is None:
            return
        subject = _subject_of(one, filing)
        key = one.rule.id, one.period, subject
        held = self._found.get(key)
        if held is None:
            rule = one.rule
            entry = rule.reckoning is Reckoning.AFTER_EIF
            because = Because.ENTRY if entry else Because.DECLARED
            self._found[key] = Obligation(
                due=one,
                subject=subject,
                because=because,
                law=rule.law,
                evidence=rule.evidence,
                filed=(filing,),
            )
        else:
            self._found[key] = replace(held, filed=(*held.filed, filing))

    def _at_entry(self) -> None:
        """Add what every State Party owes when the Convention enters into force for it."""
        duties = _duties(self.state, self.known.deadlines)
        years = (
            range(self.known.since.year, self.until + 1)
            if self.known.eif is None
            else (self.known.eif.year,)
        )
        for kind, rules in rules_by_kind().items():
            if not any(r.reckoning is Reckoning.AFTER_EIF and r.duty in duties for r in rules):
                continue
            for year in years:
                one = self._days.entry(kind, year) if year >= FIRST_YEAR else None
                key = (one.rule.id, one.period, "") if one else None
                if one is None or key is None or one.rule.duty not in duties:
                    continue
                if key not in self._found and not self._has(kind, one):
                    self._found[key] = Obligation(
                        due=one,
                        subject="",
                        because=Because.ENTRY,
                        law=one.rule.law,
                        evidence=one.rule.evidence,
                    )

    def _has(self, kind: str, one: Due) -> bool:
        return any(o.due.kind == kind and o.due.period == one.period for o in self._found.values())

    def _expected(self, year: int) -> None:
        duties = _duties(self.state, self.known.deadlines)
        for row in expectations():
            for subject, of in self._reasons(row, year):
                self._expect(row.kind, year, subject, row.because, of, (row.law, row.evidence))
        for kind, rules in rules_by_kind().items():
            for rule in rules:
                if rule.reckoning in ANNUAL and rule.duty in duties - {Duty.EVERY}:
                    self._expect(kind, year, "", Because.PROFILE, (), (rule.law, rule.evidence))

    def _reasons(self, row: Expectation, year: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each subject that a row makes something expected of, and after which filings."""
        if row.because is Because.EVERY:
            yield "", ()
        elif row.because is Because.AGAIN:
            yield from self._again(row, year)
        elif row.because is Because.ACTIVE:
            yield from self._active(row, year)
        elif row.because is Because.FACILITY:
            yield from self._by_subject(self._filed(row.of, year - 1))
        elif row.because is Because.PLANNED:
            yield from self._by_subject(f for f in self._filed(row.of, year) if f.stated.is_active)
        else:
            same = self._filed(row.of, year)
            if row.because is Because.SITES:
                same = [f for f in same if _is_at_work(f, year)]
            if same:
                yield "", _numbers(same)

    def _again(self, row: Expectation, year: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        if any(kind in row.until and about < year for kind, about in self._of):
            return
        before = self._filed(row.of, year - 1)
        carried = self._missed.get((row.kind, year - 1), 0)
        if before:
            yield "", _numbers(before)
        elif 0 < carried <= self.known.policy.carry_years:
            yield "", ()
        else:
            return
        is_closed = any(_names(nil, row.kind, year) for nil in self._nils)
        if not is_closed and not self._filed((row.kind, *row.instead), year):
            self._missed[row.kind, year] = 1 if before else carried + 1

    def _active(self, row: Expectation, year: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        back = range(year - self.known.policy.look_back, year)
        filed = [f for past in back for f in self._filed(row.of, past)]
        yield from self._by_subject(f for f in filed if any(y in back for y in f.stated.active))

    def _by_subject(self, filed: Iterable[Filing]) -> Iterator[tuple[str, tuple[str, ...]]]:
        of: dict[str, list[Filing]] = {}
        for one in filed:
            of.setdefault(one.stated.subject, []).append(one)
        for subject, found in of.items():
            yield subject, _numbers(found)

    def _filed(self, kinds: Iterable[str], year: int) -> list[Filing]:
        return [one for kind in kinds for one in self._of.get((kind, year), ())]

    def _expect(
        self,
        kind: str,
        year: int,
        subject: str,
        because: Because,
        of: tuple[str, ...],
        basis: tuple[str, str],
    ) -> None:
        """Add an obligation, or the better reason for one that is there."""
        one = self._days.annual(kind, year) if FIRST_YEAR <= year <= LAST_YEAR else None
        if one is None or year >= self._ended.get(subject, LAST_YEAR + 1):
            return
        if not subject and self._of.get((kind, year)):
            # Each that was declared stands by itself, such as one a site: none is to be added.
            for key, held in list(self._found.items()):
                if held.due == one and held.because is Because.DECLARED:
                    self._found[key] = _because(held, because, of, basis)
            return
        key = one.rule.id, one.period, subject
        there = self._found.get(key)
        if there is None:
            law, evidence = basis
            self._found[key] = Obligation(
                due=one, subject=subject, because=because, law=law, evidence=evidence, of=of
            )
        elif there.because is Because.DECLARED:
            self._found[key] = _because(there, because, of, basis)

    def _completed(self, one: Obligation, notices: Sequence[Filing]) -> Obligation:
        closing = [nil for nil in self._nils if self._closes(nil, one)]
        named = [
            Notice(notice.received, promised)
            for notice in notices
            for kind, year, promised in [notice.stated.late or ("", 0, dt.date.min)]
            if (kind, year) == (one.due.kind, one.year)
        ]
        return replace(
            one,
            nil=None if one.filed else next(iter(closing), None),
            notice=min(named, key=lambda notice: notice.received, default=None),
        )

    def _closes(self, nil: Filing, one: Obligation) -> bool:
        """Return whether a nil stands for what is owed.

        One that came when the year had begun speaks of what happened, not of what was planned.
        """
        if one.due.year is None or not _names(nil, one.due.kind, one.due.year):
            return False
        came = day_of(nil.received, self.known.deadlines).year
        return one.due.rule.reckoning not in AHEAD or came < one.due.year


def _names(nil: Filing, kind: str, year: int) -> bool:
    """Return whether a nil says that there is nothing of a kind to declare for a year."""
    starts = [_NIL_CLOSES[scope] for scope in nil.stated.scopes if scope in _NIL_CLOSES]
    return nil.stated.year == year and any(kind.startswith(start) for start in starts)


def _duties(state: str, policy: DeadlinePolicy) -> frozenset[Duty]:
    """Return the duties that are known of a State: those of every State, and of its own profile."""
    own = next((p.duties for p in policy.profiles if p.state_code == state), ())
    return frozenset({Duty.EVERY, *own})


def _because(
    held: Obligation, because: Because, of: tuple[str, ...], basis: tuple[str, str]
) -> Obligation:
    return replace(held, because=because, of=of, law=basis[0], evidence=basis[1])


def _subject_of(one: Due, filing: Filing) -> str:
    """Return what an obligation is about; a transfer or a start is one by its day as well."""
    return filing.stated.subject if one.rule.reckoning is not Reckoning.AFTER_EIF else ""


def _is_at_work(filing: Filing, year: int) -> bool:
    stated = filing.stated
    return year in stated.active if stated.kind.startswith("S2") else stated.is_active


def _numbers(filed: Iterable[Filing]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.stated.declaration_id for one in filed))


def _year(filing: Filing) -> int:
    stated = filing.stated
    return stated.year if stated.year is not None else (stated.event or dt.date.min).year
