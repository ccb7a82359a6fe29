"""Rules F: whether each value is well-formed and names something that exists."""

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.schedule2 import S2SiteAdpa
from sextant_shared.rules import walk
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule

_CAS = re.compile(r"[0-9]{2,7}-[0-9]{2}-[0-9]\Z")


def is_cas(text: str) -> bool:
    """Return whether `text` has the form and the check digit of a CAS number."""
    if _CAS.match(text) is None:
        return False
    digits = text.replace("-", "")
    weighted = sum(i * int(digit) for i, digit in enumerate(reversed(digits[:-1]), start=1))
    return weighted % 10 == int(digits[-1])


def _f1(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, chemical in walk.chemicals(declaration):
        if chemical.cas is not None and not is_cas(chemical.cas):
            yield Place(
                pointer=f"{pointer}/cas",
                message=f"the CAS number of {chemical.name} is mistyped",
                expected="digits-digits-check digit, with the right check digit",
                received=chemical.cas,
                fix="Copy the CAS number again from its source.",
            )


def _f2(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    known = codelists.chemicals_by_cas()
    for pointer, chemical in walk.chemicals(declaration):
        if chemical.cas is None or not is_cas(chemical.cas) or chemical.cas in codelists.exempt():
            continue  # F1 and F6 speak of these
        listed = known.get(chemical.cas)
        if listed is None:
            yield Place(
                pointer=f"{pointer}/cas",
                message="this CAS number stands in no schedule; is it a member of a family?",
                received=chemical.cas,
                fix="Give the structure, or correct the number.",
            )
        elif listed.schedule != chemical.schedule:
            yield Place(
                pointer=f"{pointer}/schedule",
                message=f"{listed.name} stands in another part of the schedules",
                expected=listed.schedule,
                received=chemical.schedule,
                fix="Correct the schedule or the CAS number.",
            )


def _f3(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    day = dt.date(declaration.year, 12, 31)
    own = declaration.state_code
    everywhere = [("/state_code", own), *walk.addresses(declaration)]
    for pointer, code in [*everywhere, *walk.state_codes(declaration)]:
        state = codelists.states().get(code)
        if state is None or not state.is_valid(day):
            yield Place(
                pointer=pointer,
                message=f"{code} was no State code at the end of {declaration.year}",
                expected="a code of the list of States",
                received=code,
                fix="Look the code up in the list of States.",
            )
    for pointer, code in walk.state_codes(declaration):
        if code == own:
            yield Place(
                pointer=pointer,
                message="a State does not trade with itself",
                expected=f"another State than {own}",
                received=code,
                fix="Name the other State.",
            )


def _f4(declaration: DeclarationBase, policy: RulePolicy) -> Iterator[Place]:
    for pointer, amount in walk.amounts(declaration):
        if amount.value is None:
            continue
        number = Decimal(amount.value)
        digits = len(number.normalize().as_tuple().digits)
        if number < 0:
            yield Place(
                pointer=pointer,
                message="an amount is negative",
                expected="zero or more",
                received=amount.text,
                fix="Correct the sign.",
                severity=Severity.MUST_FIX,
            )
        elif digits > policy.max_significant_digits:
            yield Place(
                pointer=pointer,
                message="an amount is given with more digits than anybody measures",
                expected=f"at most {policy.max_significant_digits} significant digits",
                received=amount.text,
                fix="Round it, or explain the precision.",
            )


def _f5(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    year = declaration.year
    for pointer, chemical in walk.site_chemicals(declaration):
        for k, earlier in enumerate(chemical.earlier):
            if earlier.year not in {year - 1, year - 2}:
                yield Place(
                    pointer=f"{pointer}/earlier/{k}/year",
                    message="the look-back covers the two years before the reporting year",
                    expected=f"{year - 2} or {year - 1}",
                    received=str(earlier.year),
                    fix="Correct the year.",
                )


def _f6(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, chemical in walk.chemicals(declaration):
        name = codelists.exempt().get(chemical.cas or "")
        if name is not None:
            yield Place(
                pointer=f"{pointer}/cas",
                message=f"{name} is exempt from Schedule 2 and is not declared",
                received=str(chemical.cas),
                fix="Remove this chemical.",
            )


def _f7(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    if not isinstance(declaration, S2SiteAdpa):
        return
    activities, purposes = codelists.codes("activities"), codelists.codes("purposes")
    for pointer, plant in walk.plants(declaration):
        for i, code in enumerate(plant.main_activities):
            if code not in activities:
                yield _unknown(f"{pointer}/main_activities/{i}", code, "activities")
    for pointer, chemical in walk.site_chemicals(declaration):
        for i, purpose in enumerate(chemical.purposes):
            if purpose.code not in purposes:
                yield _unknown(f"{pointer}/purposes/{i}/code", purpose.code, "purposes")


def _f8(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, country in walk.addresses(declaration):
        if country != declaration.state_code:
            yield Place(
                pointer=pointer,
                message="the plant site lies in another State than declares it",
                expected=declaration.state_code,
                received=country,
                fix="Correct the country, or explain under whose jurisdiction the site is.",
            )


def _unknown(pointer: str, code: str, name: str) -> Place:
    return Place(
        pointer=pointer,
        message=f"{code} is no code of the list of {name}",
        expected=", ".join(sorted(codelists.codes(name))),
        received=code,
        fix="Choose a code of the list.",
    )


RULES = (
    Rule("F1", Severity.MUST_FIX, "VII.8(a), VIII.8(a)", "CAS numbers have their check digit", _f1),
    Rule("F2", Severity.EXPLAIN_OR_FIX, "Annex on Chemicals", "CAS and schedule agree", _f2),
    Rule("F3", Severity.MUST_FIX, "VII.1, VIII.1", "State codes exist; partners are others", _f3),
    Rule("F4", Severity.EXPLAIN_OR_FIX, "C-I/DEC.15", "amounts are plausible numbers", _f4),
    Rule("F5", Severity.MUST_FIX, "VII.3", "years fit the reporting year", _f5),
    Rule("F6", Severity.MUST_FIX, "Schedule 2", "exempt chemicals are not declared", _f6),
    Rule("F7", Severity.MUST_FIX, "VII.7(c), VII.8(e)", "codes are of their lists", _f7),
    Rule("F8", Severity.EXPLAIN_OR_FIX, "VII.6(b), IX.4(b)", "a site lies in its State", _f8),
)
