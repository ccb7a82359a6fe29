"""What States file about their own filings: corrections, sites withdrawn, notices of lateness.

A correction is honest: the first version has a slip of the pen, the amendment sets it right, and
what both amount to is the truth. Which there are follows from the truth alone, and no fault
strikes what is corrected.
"""

import copy
import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sextant_client.world.chance import Chance
from sextant_client.world.faults import EXPORTS, IMPORTS
from sextant_client.world.heading import Filing
from sextant_client.world.national import declare_records
from sextant_client.world.ocpf import closed_sites
from sextant_client.world.profiles import Profile
from sextant_client.world.sending import LISTS, PAST
from sextant_client.world.substances import substances
from sextant_client.world.truth import World

_CORRECTED = 0.05  # share of the State-years with an amendment
_ASKED = 0.25  # of these follow a request for clarification
_WITHDRAWN = 0.4  # of the closed sites are withdrawn before the next list
_NOTICED = 0.3  # of what will be late is said to be so
_REASONS = (
    "Returns of some companies are being checked again.",
    "One region has not yet sent its returns.",
    "The staff of the desk has changed.",
)


@dataclass(frozen=True, slots=True)
class Correction:
    """One figure that a State first declares wrongly: a row of trade, or plants of a site."""

    kind: str
    substance: int = -1
    direction: str = ""
    partner: str = ""

    def places(self, state: str, year: int) -> Iterator[tuple[str, int, str]]:
        """Yield what no fault may strike."""
        yield state, year, self.kind
        if self.substance >= 0:
            yield state, year, f"AND {self.substance}"


def correction_of(world: World, state: str, year: int) -> Correction | None:
    """Return the correction of a year, if there is one."""
    chance = Chance(world.plan.seed, "correction", state, year)
    if not chance.happens(_CORRECTED):
        return None
    kind = chance.choose(("S2_AND", "S3_AND", "OCPF_ANNUAL"))
    if kind == "OCPF_ANNUAL":
        return Correction(kind)
    rows = [
        (record.substance.index, way, partner)
        for record in declare_records(world, state, year, kind[:2], honest=True)
        for way in (IMPORTS, EXPORTS)
        if way in record.flows
        for partner, row in record.flows[way].rows.items()
        if not row.is_less_than
    ]
    return Correction(kind, *chance.choose(rows)) if rows else None


def reserve_corrections(world: World) -> None:
    """Keep faults away from what is corrected."""
    for state, profile in world.profiles.items():
        for year in world.plan.reporting_years:
            correction = correction_of(world, state, year) if profile.is_bound(year) else None
            for place in correction.places(state, year) if correction else ():
                world.faults.reserve(place)


def correct(world: World, state: str, year: int, filings: Sequence[Filing]) -> Iterator[Filing]:
    """Put a slip of the pen into one of `filings`, and yield what sets it right."""
    correction = correction_of(world, state, year)
    found = [f for f in filings if correction and f.kind == correction.kind and not f.reports_on]
    if not correction or not found or found[0].received is None:
        return
    filing = found[0]
    chance = Chance(world.plan.seed, "slip", state, year)
    place = _place(filing.body, correction, chance)
    wrong = _slip(place[0]) if place else None
    if place is None or wrong is None:
        return
    true, tokens = place
    filing.body = _with(filing.body, tokens, wrong)
    change = {"pointer": "/" + "/".join(map(str, tokens)), "old": wrong, "new": true}
    yield from _amend(filing, change, chance)


def _place(
    body: Mapping[str, Any], correction: Correction, chance: Chance
) -> tuple[Any, list[str | int]] | None:
    """Return the true figure with its place."""
    if correction.kind == "OCPF_ANNUAL":
        i = chance.below(len(body["sites"]))
        return body["sites"][i]["n_plants_doc"], ["sites", i, "n_plants_doc"]
    cas = substances()[correction.substance].cas
    for i, record in enumerate(body["records"]):
        if record["chemical"]["cas"] == cas:
            for j, row in enumerate(record[correction.direction]):
                if row["state_code"] == correction.partner and "quantity" in row:
                    tokens: list[str | int] = [
                        "records",
                        i,
                        correction.direction,
                        j,
                        "quantity",
                        "value",
                    ]
                    return row["quantity"]["value"], tokens
    return None


def _slip(true: Any) -> Any:
    """Return a figure as a slip of the pen leaves it, or None where none shows."""
    if isinstance(true, int):
        return true + 1
    digits = list(true)
    for i, (one, two) in enumerate(itertools.pairwise(digits)):
        if one != two and one.isdigit() and two.isdigit() and two != "0":
            digits[i], digits[i + 1] = two, one
            return "".join(digits)
    return None


def _with(body: Mapping[str, Any], tokens: Sequence[str | int], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(dict(body))
    *around, last = tokens
    place: Any = changed
    for token in around:
        place = place[token]
    place[last] = value
    return changed


def _amend(filing: Filing, change: dict[str, Any], chance: Chance) -> Iterator[Filing]:
    sent = filing.received
    if sent is None:
        return
    is_asked = chance.happens(_ASKED)
    asked = sent + dt.timedelta(chance.between(20, 120))
    found = asked + dt.timedelta(chance.between(5, 40))
    received = found + dt.timedelta(chance.between(1, 30))
    reason = "CLARIFICATION" if is_asked else "CLERICAL"
    body: dict[str, Any] = {"amends": None, "changes": [{**change, "reason": reason}]}
    request = f"CR-{asked.year}-{chance.between(1, 9999):04d}"
    if is_asked:
        body["reference"] = request
    amendment = _about(filing, "AMENDMENT", found, body, received, {"amends": [filing]})
    amendment.submission_type = "AMENDMENT"
    yield amendment
    if is_asked:
        reply = {
            "request": request,
            "concerns": None,
            "cause": "TYPO",
            "answer": "One figure was mistyped; the declaration is amended.",
            "amendments": None,
        }
        kind = "CLARIFICATION_REPLY"
        refers = {"concerns": [filing], "amendments": [amendment]}
        yield _about(filing, kind, asked, reply, received, refers)


def withdraw(world: World, state: str, year: int, filings: Sequence[Filing]) -> Iterator[Filing]:
    """Yield withdrawals of sites that closed after the list of the year, of some of them."""
    lists = [f for f in filings if f.kind == "OCPF_ANNUAL" and f.received is not None]
    for filing in lists:
        for code in closed_sites(world, state, year):
            chance = Chance(world.plan.seed, "withdrawn", code)
            listed = {site["plant_site_code"] for site in filing.body["sites"]}
            if code not in listed or not chance.happens(_WITHDRAWN):
                continue
            day = dt.date(year + 1, chance.between(5, 10), chance.between(1, 28))
            told = max(day, filing.received or day) + dt.timedelta(chance.between(1, 30))
            body = {"withdraws": None, "site_code": code, "reason": "SITE_CLOSED"}
            refers = {"withdraws": [filing]}
            yield _about(filing, "WITHDRAWAL", day, body, told, refers, code)


def announce(
    world: World, profile: Profile, year: int, filings: Sequence[Filing]
) -> Iterator[Filing]:
    """Yield notices of some of the lists and reports that come late."""
    told: set[str] = set()
    for filing in filings:
        late = filing.received is not None and filing.received > filing.due
        if not late or filing.kind in told or filing.kind not in (*LISTS, *PAST):
            continue
        chance = Chance(world.plan.seed, "notice", profile.code, filing.kind, year)
        if filing.received is None or filing.reports_on or not chance.happens(_NOTICED):
            continue
        told.add(filing.kind)
        expected = filing.received + dt.timedelta(chance.between(-3, 12))
        body = {
            "late_kind": filing.kind,
            "late_year": year,
            "reason": chance.choose(_REASONS),
            "expected_date": max(expected, filing.due + dt.timedelta(1)).isoformat(),
        }
        sent = filing.due - dt.timedelta(chance.below(14))
        yield _about(filing, "LATE_NOTICE", filing.due, body, sent, {}, filing.kind)


def _about(
    filing: Filing,
    kind: str,
    day: dt.date,
    body: Mapping[str, Any],
    sent: dt.date,
    refers: Mapping[str, Sequence[Filing]],
    site: str = "",
) -> Filing:
    """Return a filing about a filing, in the folder of its year; the treaty sets no day for it."""
    return Filing(
        kind,
        filing.year,
        body,
        sent,
        sent,
        "NOTIFICATION",
        event_date=day,
        classification=filing.classification,
        site=site,
        refers=refers,
    )
