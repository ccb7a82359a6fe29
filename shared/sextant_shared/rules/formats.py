"""Rules F: whether each value is well-formed and names something that exists."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.codelists.chemicals import is_cas
from sextant_shared.errors import Severity
from sextant_shared.models.declaration.amount import Quantity
from sextant_shared.models.declaration.chemical import Chemical, Substance
from sextant_shared.models.declaration.national import CountryRow
from sextant_shared.models.declaration.schedule1 import Party
from sextant_shared.models.declaration.schedule2 import S2Chemical
from sextant_shared.models.declaration.site import Address
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject


def _f1(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, chemical in subject.every(Substance):
        if chemical.cas is not None and not is_cas(chemical.cas):
            yield Place(
                pointer=f"{pointer}/cas",
                way="mistyped",
                args={"name": chemical.name},
                received=chemical.cas,
            )


def _f2(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    known = codelists.chemicals_by_cas()
    for pointer, chemical in subject.every(Chemical):
        if chemical.cas is None or chemical.cas in codelists.exempt():
            continue  # F6 speaks of these
        listed = known.get(chemical.cas)
        if listed is None:
            yield Place(
                pointer=f"{pointer}/cas",
                way="unlisted",
                args={"name": chemical.name},
                received=chemical.cas,
            )
        elif listed.schedule != chemical.schedule:
            yield Place(
                pointer=f"{pointer}/schedule",
                way="schedule",
                args={"name": listed.name, "schedule": listed.schedule},
                received=chemical.schedule,
            )


def _f3(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    year = subject.declaration.year
    day = dt.date(year, 12, 31)
    for pointer, code, _ in subject.codes("states"):
        state = codelists.states().get(code)
        if state is None or not state.is_valid(day):
            yield Place(
                pointer=pointer,
                way="unknown",
                args={"code": code, "year": str(year)},
                received=code,
            )
    own = subject.declaration.state_code
    for pointer, row in subject.every(CountryRow):
        if row.state_code == own:
            yield Place(
                pointer=f"{pointer}/state_code", way="self", args={"state": own}, received=own
            )


def _f4(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    for pointer, quantity in subject.every(Quantity):
        if quantity.value is None:
            continue
        number = Decimal(quantity.value)
        digits = len(number.normalize().as_tuple().digits)
        if number < 0:
            yield Place(
                pointer=pointer,
                way="negative",
                received=quantity.text,
                severity=Severity.MUST_FIX,
            )
        elif digits > policy.max_significant_digits:
            yield Place(
                pointer=pointer,
                way="precise",
                args={"digits": str(policy.max_significant_digits)},
                received=quantity.text,
            )


def _f5(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    year = subject.declaration.year
    for pointer, chemical in subject.every(S2Chemical):
        for k, earlier in enumerate(chemical.earlier):
            if earlier.year not in {year - 1, year - 2}:
                yield Place(
                    pointer=f"{pointer}/earlier/{k}/year",
                    way="look-back",
                    args={"first": str(year - 2), "last": str(year - 1)},
                    received=str(earlier.year),
                )


def _f6(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, chemical in subject.every(Chemical):
        name = codelists.exempt().get(chemical.cas or "")
        if name is not None:
            yield Place(
                pointer=f"{pointer}/cas",
                way="exempt",
                args={"name": name},
                received=str(chemical.cas),
            )


def _f7(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for codelist in ("activities", "purposes", "product_groups", "ranges"):
        known = codelists.codes(codelist)
        for pointer, code, regime in subject.codes(codelist):
            allowed = sorted(one for one in known if one.startswith(regime))
            if code not in allowed:
                yield Place(
                    pointer=pointer,
                    way=codelist,
                    args={"code": code, "allowed": ", ".join(allowed)},
                    received=code,
                )


def _f8(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    own = subject.declaration.state_code
    # Of the two parties to a transfer one is abroad by nature.
    parties = {f"{pointer}/address" for pointer, _ in subject.every(Party)}
    for pointer, address in subject.every(Address):
        if address.country != own and pointer not in parties:
            yield Place(
                pointer=f"{pointer}/country",
                way="elsewhere",
                args={"state": own},
                received=address.country,
            )


RULES = (
    Rule("F1", Severity.MUST_FIX, "VII.8(a), VIII.8(a)", _f1),
    Rule("F2", Severity.EXPLAIN_OR_FIX, "Annex on Chemicals", _f2, follows=("F1",)),
    Rule("F3", Severity.MUST_FIX, "VII.1, VIII.1", _f3),
    Rule("F4", Severity.EXPLAIN_OR_FIX, "C-I/DEC.15", _f4),
    Rule("F5", Severity.MUST_FIX, "VII.3", _f5),
    Rule("F6", Severity.MUST_FIX, "Schedule 2", _f6),
    Rule("F7", Severity.MUST_FIX, "VII.7(c), VII.8(e), VIII.8, IX.4-6", _f7),
    Rule("F8", Severity.EXPLAIN_OR_FIX, "VII.6(b), IX.4(b)", _f8, follows=("F3",)),
)
