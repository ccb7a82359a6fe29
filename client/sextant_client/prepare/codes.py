"""Which codes a person may choose from at a field: of its words, its code list, or the schedules.

The models say which list a field is of; a CAS number is offered from the schedules that the
chemical beside it may stand in. What is offered is help: the rules decide what holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sextant_client.prepare.cells import NOTHING
from sextant_client.prepare.layout import Field, Sheet
from sextant_shared import codelists
from sextant_shared.codelists import State

CAS, SCHEDULE, STATES = "cas", "schedule", "states"


@dataclass(frozen=True)
class Offer:
    """Codes to choose from, with what they mean; `title` names a list that stands by itself.

    `only` says that there is nothing else to choose.
    """

    title: str
    codes: tuple[tuple[str, str], ...]
    only: bool = True

    @property
    def values(self) -> tuple[str, ...]:
        """The codes alone."""
        return tuple(code for code, _ in self.codes)


def offer_of(sheet: Sheet, field: Field) -> Offer | None:
    """Return what may be chosen as the value of a field of a sheet."""
    if field.form == "yes-no":
        return _words(("yes", "no"))
    if field.form == "amount":
        return _words(NOTHING, only=False)
    if field.choices:
        return _words(field.choices)
    if field.listed is not None:
        return _listed(field.listed.codelist, field.listed.regime)
    beside = sheet.by_name.get(".".join((*field.path[:-1], SCHEDULE)))
    if field.path[-1] == CAS and beside is not None:
        return _chemicals(beside.choices)
    return None


def unit_offer(field: Field) -> Offer | None:
    """Return the units of an amount."""
    return _words(field.choices) if field.form == "amount" and field.choices else None


def offers(heading: Sheet) -> list[Offer]:
    """Return every list of codes of a kind, each once; words that explain themselves are none."""
    found = {
        offer.title: offer
        for sheet in heading.all()
        for field in sheet.fields
        if (offer := offer_of(sheet, field)) is not None and offer.title
    }
    return list(found.values())


def _words(words: Sequence[str], *, only: bool = True) -> Offer:
    return Offer("", tuple((word, "") for word in words), only)


@cache
def _listed(codelist: str, regime: str) -> Offer:
    title = f"{codelist} {regime}".strip().replace("_", " ")
    if codelist == STATES:
        return Offer(title, tuple((state.code, state.name) for state in _states()))
    if codelist == codelists.tables.RANGES:
        fitting = [one for one in codelists.ranges() if regime in {"", one.regime}]
        return Offer(title, tuple((one.code, _bounds(one)) for one in fitting))
    known = codelists.codes(codelist, regime)
    lines = [line for line in codelists.table(codelist) if line.code in known]
    return Offer(title, tuple((line.code, line.meaning) for line in lines))


def _states() -> list[State]:
    """Return the States, those whose code was replaced last."""
    return sorted(codelists.states().values(), key=lambda state: (bool(state.valid_to), state.code))


def _bounds(one: codelists.ProductionRange) -> str:
    if one.upper_t is None:
        return f"more than {one.lower_t:f} t"
    return f"{one.lower_t:f} to {one.upper_t:f} t"


@cache
def _chemicals(schedules: tuple[str, ...]) -> Offer:
    listed = [one for one in codelists.chemicals() if one.cas and one.schedule in schedules]
    title = f"chemicals {', '.join(schedules)}"
    return Offer(
        title, tuple((one.cas, f"{one.schedule} {one.name}") for one in listed), only=False
    )
