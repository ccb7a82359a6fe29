"""Every kind of the catalogue is declared, as the truth says, and what belongs together fits."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sextant_client.world import Document, World, WorldPlan, documents, make_world
from sextant_client.world.legacy import Programme
from sextant_client.world.national import file_and
from sextant_client.world.truth import make_truth
from sextant_shared.models.declaration import CATALOGUE, read_declaration
from sextant_shared.models.declaration.filing import Amendment
from sextant_shared.models.declaration.folding import fold
from sextant_shared.rules import check

PLAN = WorldPlan(states=18, years=29, seed=5)
"""From the first day of the Convention, so that all States have to declare what they start with."""
AT_ENTRY = (
    "A3_CW",
    "A3_CWPF",
    "A3_CW_TRANSFERS",
    "A3_OCW",
    "A3_ACW_TERRITORIAL",
    "A3_ACW_ABANDONING",
    "A3_OTHER_FACILITY",
)
Members = dict[str, Any]


@pytest.fixture(scope="module")
def old_world() -> World:
    return make_world(PLAN)


@pytest.fixture(scope="module")
def sent(old_world: World) -> list[tuple[Document, Members]]:
    return [(d, json.loads(d.data)) for d in documents(old_world) if d.data is not None]


@pytest.fixture(scope="module")
def honest() -> list[tuple[Document, Members]]:
    """Return what is sent in the same world without faults."""
    given = documents(make_truth(PLAN))
    return [(d, json.loads(d.data)) for d in given if d.data is not None and d.kind[0] == "A"]


@pytest.fixture(scope="module")
def by_number(
    sent: list[tuple[Document, Members]],
) -> Mapping[tuple[str, str], tuple[Document, Members]]:
    return {(d.state, d.declaration_id): (d, members) for d, members in sent}


Sent = list[tuple[Document, Members]]
ByNumber = Mapping[tuple[str, str], tuple[Document, Members]]


def of_kind(sent: Sent, kind: str) -> Iterator[tuple[Document, Members]]:
    return ((d, members) for d, members in sent if d.kind == kind)


def is_clean(document: Document) -> bool:
    return not document.struck


def test_every_kind_of_the_catalogue_is_declared(sent: Sent) -> None:
    assert {d.kind for d, _ in sent} == set(CATALOGUE)


def test_every_document_of_every_kind_is_registered_by_the_rules(sent: Sent) -> None:
    for document, _ in sent:
        report = check(document.data or b"")
        assert report.verdict == "REGISTERED", (document.path, report.findings)


def test_each_state_answers_every_question_of_entry_once(old_world: World, sent: Sent) -> None:
    counts = Counter((d.state, d.kind) for d, _ in sent)
    for state, profile in old_world.profiles.items():
        for kind in AT_ENTRY:
            assert counts[state, kind] == profile.is_party, (state, kind)


def test_nothing_is_sent_before_entry_into_force(old_world: World, sent: Sent) -> None:
    for document, _ in sent:
        entry = old_world.profiles[document.state].entry_into_force
        assert document.received is not None
        assert document.received >= entry
        assert document.due >= entry


def test_each_state_tells_of_protection_each_year_or_the_key_says_not(old_world: World) -> None:
    told = {(d.state, d.year): d for d in documents(old_world) if d.kind == "X4_PROTECTIVE"}
    bound = [
        (state, year)
        for state, profile in old_world.profiles.items()
        for year in PLAN.reporting_years
        if profile.is_bound(year)
    ]
    assert set(told) == set(bound)
    assert all(d.received is not None or d.struck for d in told.values())


def test_what_names_another_filing_names_one_of_the_state_that_was_sent_before(
    sent: Sent, by_number: ByNumber
) -> None:
    named = 0
    for document, members in sent:
        references = [members.get("amends"), members.get("withdraws")]
        references += members.get("concerns", [])
        for reference in filter(None, references):
            other, _ = by_number[document.state, reference["declaration_id"]]
            assert other.received is not None
            assert document.received is not None
            assert other.received < document.received
            named += 1
    assert named > 20


def test_an_amended_declaration_is_the_truth(
    old_world: World, sent: Sent, by_number: ByNumber
) -> None:
    folded = 0
    for document, members in of_kind(sent, "AMENDMENT"):
        amendment = read_declaration(members)
        assert isinstance(amendment, Amendment)
        base, first = by_number[document.state, amendment.amends.declaration_id]
        after = fold(first, amendment)
        assert after != first | {"version": 2}
        if base.kind in {"S2_AND", "S3_AND"} and is_clean(base):
            true = file_and(old_world, base.state, base.year, base.kind[:2])
            assert true is not None
            assert after["records"] == true.body["records"]
            folded += 1
    assert folded > 5


def test_what_was_announced_as_late_is_late(sent: Sent) -> None:
    late = {(d.state, d.kind, d.year) for d, _ in sent if d.received and d.received > d.due}
    notices = list(of_kind(sent, "LATE_NOTICE"))
    assert len(notices) > 20
    for document, members in notices:
        assert (document.state, members["late_kind"], members["late_year"]) in late
        assert document.received is not None
        assert document.received.isoformat() <= members["event_date"] < members["expected_date"]


def test_a_withdrawn_site_stood_in_that_list_and_stands_in_no_later_one(
    sent: Sent, by_number: ByNumber
) -> None:
    lists = {(d.state, d.year): members for d, members in of_kind(sent, "OCPF_ANNUAL")}
    withdrawals = list(of_kind(sent, "WITHDRAWAL"))
    assert len(withdrawals) > 5
    for document, members in withdrawals:
        base, listed = by_number[document.state, members["withdraws"]["declaration_id"]]
        codes = {site["plant_site_code"] for site in listed["sites"]}
        assert members["site_code"] in codes
        later = lists.get((base.state, base.year + 1), {"sites": []})
        assert members["site_code"] not in {site["plant_site_code"] for site in later["sites"]}


def programmes(world: World) -> Iterator[tuple[str, Programme]]:
    for state, legacy in world.legacies.items():
        if legacy.programme is not None:
            yield state, legacy.programme


def test_all_that_was_declared_is_destroyed_in_the_end_and_certified(
    old_world: World, sent: Sent
) -> None:
    certified = {d.state: members for d, members in of_kind(sent, "A4_CERTIFICATE")}
    finished = 0
    for state, programme in programmes(old_world):
        reports = [m for d, m in of_kind(sent, "A4_ANNUAL_REPORT") if d.state == state]
        destroyed: Counter[int] = Counter()
        for report in reports:
            for line in report["facilities"][0]["lines"]:
                destroyed[line["category"]] += line["destroyed_count"]
        if programme.last <= PLAN.last_year:
            totals = {t["category"]: t["destroyed_count"] for t in certified[state]["totals"]}
            assert totals == dict(destroyed)
            assert sum(totals.values()) == sum(h.count for h in programme.holdings)
            finished += 1
    assert finished > 0


@pytest.mark.parametrize(
    ("plan", "report"),
    [("A4_ANNUAL_PLAN", "A4_ANNUAL_REPORT"), ("A5_ANNUAL_PLAN", "A5_ANNUAL_REPORT")],
)
def test_an_honest_report_speaks_of_all_that_was_planned_and_says_why_it_fell_behind(
    honest: Sent, plan: str, report: str
) -> None:
    plans = {(d.state, d.year): members["facilities"][0] for d, members in of_kind(honest, plan)}
    behind = 0
    for document, members in of_kind(honest, report):
        facility, planned = members["facilities"][0], plans[document.state, document.year]
        if report.startswith("A4"):
            wanted = {line["code"]: line["planned_count"] for line in planned["lines"]}
            assert {line["code"]: line["planned_count"] for line in facility["lines"]} == wanted
            for line in facility["lines"]:
                fell = line["destroyed_count"] < line["planned_count"]
                assert fell == ("shortfall_reason" in line)
                behind += fell
        else:
            codes = [one["code"] for one in planned["structures"]]
            assert [one["code"] for one in facility["structures"]] == codes
            fell = any("destroyed_on" not in one for one in facility["structures"])
            assert fell == ("shortfall_reason" in facility)
            behind += fell
    assert behind > 0


def test_90_day_reports_add_up_to_the_year_of_extension(sent: Sent) -> None:
    reports = {(d.state, d.year): members for d, members in of_kind(sent, "A4_ANNUAL_REPORT")}
    quarters: dict[tuple[str, int], Counter[str]] = {}
    for document, members in of_kind(sent, "A4_90DAY_REPORT"):
        counts = quarters.setdefault((document.state, document.year), Counter())
        for line in members["facilities"][0]["lines"]:
            counts[line["code"]] += line["destroyed_count"]
    assert quarters
    for key, counts in quarters.items():
        lines = reports[key]["facilities"][0]["lines"]
        assert {line["code"]: line["destroyed_count"] for line in lines} == dict(counts)


def test_a_new_authority_replaces_the_one_before(sent: Sent) -> None:
    current: dict[str, str] = {}
    changes = 0
    found = sorted(of_kind(sent, "NA_DESIGNATION"), key=lambda pair: pair[1]["event_date"])
    for document, members in found:
        assert members.get("replaces") == current.get(document.state)
        changes += "replaces" in members
        current[document.state] = members["authority"]
    assert changes > 3
