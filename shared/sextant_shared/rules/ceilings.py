"""Rules T5 to T7: how many Schedule 1 facilities a State has, and how much they make and hold."""

from collections.abc import Iterator
from decimal import Decimal

from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.schedule1 import (
    Facility,
    FacilityAdaa,
    FacilityAdpa,
    FacilityChange,
    FacilityInitial,
    Reactor,
    S1TransferAnnual,
)
from sextant_shared.rules.figures import NONE, kilograms, shown
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

SMALL_SCALE, PROTECTIVE, RESEARCH = "S1_SSSF", "S1_PROTECTIVE", "S1_RMP"
SMALL = Decimal("0.1")  # kg in a year, VI.11
_FACILITY_MOST = Decimal(10)  # kg in a year, VI.10-11
_STATE_MOST = Decimal(1000)  # kg, VI.2(c)-(d)
_REACTOR_MOST, _REACTOR_SMALL, _REACTORS_MOST = Decimal(100), Decimal(5), Decimal(500)  # L, VI.9
_OF_FACILITIES = (FacilityInitial, FacilityChange, FacilityAdpa, FacilityAdaa)


def _t5(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    is_small_scale = subject.declaration.kind.startswith(SMALL_SCALE)
    for pointer, facility in subject.every(Facility):
        if (facility.facility_type == SMALL_SCALE) != is_small_scale:
            yield Place(
                pointer=f"{pointer}/facility_type",
                way="type",
                args={"allowed": SMALL_SCALE if is_small_scale else f"{PROTECTIVE}, {RESEARCH}"},
                received=facility.facility_type,
            )
        elif facility.facility_type != RESEARCH:
            yield from _second(pointer, facility, subject)
    for pointer, done in subject.every(FacilityAdpa):
        made = sum((kilograms(row.produced) for row in done.chemicals), NONE)
        yield from _ceiling(pointer, "ceiling", done.facility, made)
    for pointer, plan in subject.every(FacilityAdaa):
        planned = sum((kilograms(row.anticipated) for row in plan.chemicals), NONE)
        yield from _ceiling(pointer, "plan", plan.facility, planned)


def _ceiling(pointer: str, way: str, facility: Facility, kg: Decimal) -> Iterator[Place]:
    if facility.facility_type != SMALL_SCALE and kg > _FACILITY_MOST:
        yield Place(
            pointer=f"{pointer}/chemicals",
            way=way,
            args={"facility": facility.facility_code, "most": shown(_FACILITY_MOST)},
            received=shown(kg),
        )


def _second(pointer: str, facility: Facility, subject: Subject) -> Iterator[Place]:
    """Yield that another facility of a type is declared of which a State has one."""
    declaration = subject.declaration
    for filed in subject.filings.of(DeclarationBase, declaration, declaration.year):
        if not isinstance(filed, _OF_FACILITIES):
            continue
        other = filed.facility
        same_type = other.facility_type == facility.facility_type
        if same_type and other.facility_code != facility.facility_code:
            yield Place(
                pointer=f"{pointer}/facility_code",
                way="second",
                args={"other": other.facility_code},
                received=facility.facility_code,
            )
            return


def _t6(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    own = subject.declaration
    if not isinstance(own, FacilityAdpa | S1TransferAnnual):
        return
    known: list[FacilityAdpa | S1TransferAnnual] = [
        own,
        *subject.filings.of(FacilityAdpa, own, own.year),
        *subject.filings.of(S1TransferAnnual, own, own.year),
    ]
    place = "/chemicals" if isinstance(own, FacilityAdpa) else "/records"
    rows = [row for one in known if isinstance(one, FacilityAdpa) for row in one.chemicals]
    received = [
        amount.quantity
        for one in known
        if isinstance(one, S1TransferAnnual)
        for record in one.records
        for amount in record.acquired
    ]
    acquired = [*(row.produced for row in rows), *received]
    sums = {
        "held": sum((kilograms(row.stored_at_year_end) for row in rows), NONE),
        "largest": sum((kilograms(row.max_stored) for row in rows), NONE),
        "acquired": sum((kilograms(amount) for amount in acquired), NONE),
    }
    if sums["held"] > _STATE_MOST:
        del sums["largest"]  # says no more
    for way, kg in sums.items():
        if kg > _STATE_MOST:
            yield Place(
                pointer=place,
                way=way,
                args={"most": shown(_STATE_MOST)},
                received=shown(kg),
                severity=Severity.EXPLAIN_OR_FIX if way == "largest" else None,
            )


def _t7(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    if not subject.declaration.kind.startswith(SMALL_SCALE):
        return
    reactors = subject.every(Reactor)
    for pointer, reactor in reactors:
        litres = reactor.volume.litres or NONE
        if litres > _REACTOR_MOST:
            yield Place(
                pointer=f"{pointer}/volume",
                way="reactor",
                args={"reactor": reactor.name, "most": f"{_REACTOR_MOST} L"},
                received=reactor.volume.text,
            )
    volumes = [reactor.volume.litres or NONE for _, reactor in reactors]
    total = sum((litres for litres in volumes if litres > _REACTOR_SMALL), NONE)
    if total > _REACTORS_MOST:
        yield Place(
            pointer=reactors[0][0].rpartition("/")[0],
            way="total",
            args={"from": f"{_REACTOR_SMALL} L", "most": f"{_REACTORS_MOST} L"},
            received=f"{total.normalize():f} L",
        )


RULES = (
    Rule("T5", Severity.MUST_FIX, "VI.8, VI.10-11", _t5),
    Rule("T6", Severity.MUST_FIX, "VI.2(c)-(d)", _t6),
    Rule("T7", Severity.MUST_FIX, "VI.9", _t7),
)
