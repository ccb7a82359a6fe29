"""An amendment is checked with the version that it gives; no amendment breaks the check."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.errors import Severity
from sextant_shared.models.declaration.folding import MAX_REFUSED
from sextant_shared.rules import Report, check
from sextant_shared.rules.filings import Filings
from tests.unit.shared.rules.filed import amendment, data, national, read, site, withdrawal

CAS = "/plants/0/chemicals/0/chemical/cas"
EXPORTED = "/records/0/exported"
CONTENT = st.recursive(
    st.none() | st.integers(0, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)
NESTED = ["/plants", "/plants/0", "/plants/0/name", "/name"]
POINTERS = st.sampled_from([*NESTED, "/plants/1", "/plants/0/chemicals/0", CAS])


def checked(document: dict[str, Any], *filed: dict[str, Any]) -> Report:
    return check(data(document), filings=Filings(read(*filed)))


def told(report: Report) -> list[tuple[str, str, str, str]]:
    return [(f.rule, f.way, f.pointer, f.document) for f in report.findings]


def test_an_amendment_alone_says_that_what_it_amends_is_not_known() -> None:
    report = checked(amendment(site(), ("/name", site()["name"], "Amended")))
    assert told(report) == [("A2", "unknown", "/amends", "")]
    assert report.verdict == "REGISTERED"


def test_an_amendment_of_another_version_than_holds_is_returned() -> None:
    late = amendment(site(), ("/name", site()["name"], "Amended"))
    report = checked(late, site(version=2))
    assert told(report) == [("A2", "version", "/amends/version", "")]
    assert report.verdict == "RETURNED"


def test_a_withdrawal_of_another_version_than_holds_is_returned() -> None:
    assert told(checked(withdrawal(site()), site(version=2))) == [
        ("A2", "version", "/withdraws/version", "")
    ]
    assert told(checked(withdrawal(site()), site())) == []


def test_every_change_that_does_not_fit_is_told_at_once() -> None:
    flawed = amendment(
        site(),
        ("/name", "Not its name", "Amended"),
        ("/owner_operator", site()["owner_operator"], "Right"),
        ("/plants/9/name", "x", "y"),
    )
    assert told(checked(flawed, site())) == [
        ("A2", "place", "/changes/0/old", ""),
        ("A2", "place", "/changes/2/old", ""),
    ]


def test_an_amendment_in_which_nothing_fits_is_not_told_a_thousand_times() -> None:
    flawed = amendment(site(), *[("/name", "Not its name", "x")] * 1000)
    assert len(checked(flawed, site()).findings) == MAX_REFUSED


def test_what_the_rules_find_in_the_result_names_the_result() -> None:
    bad = amendment(site(), (CAS, "111-48-8", "111-84-8"))
    report = checked(bad, site())
    named = f"{site()['declaration_id']} version 2"
    assert told(report) == [("F1", "mistyped", CAS, named)]
    assert report.verdict == "RETURNED"


def test_a_result_that_does_not_fit_its_kind_is_returned() -> None:
    report = checked(amendment(site(), ("/name", site()["name"], None)), site())
    named = f"{site()['declaration_id']} version 2"
    assert told(report) == [("S0", "missing", "/name", named)]
    assert report.verdict == "RETURNED"


@pytest.mark.parametrize("schema", ["sextant.s2-site-adpa/9", 7])
def test_an_amendment_into_a_schema_that_nobody_reads_is_returned(schema: object) -> None:
    report = checked(amendment(site(), ("/schema", site()["schema"], schema)), site())
    named = f"{site()['declaration_id']} version 2"
    assert [(f.rule, f.pointer, f.document) for f in report.findings] == [("S0", "/schema", named)]
    assert report.verdict == "RETURNED"


def test_an_amendment_that_mends_leaves_nothing_to_say() -> None:
    old = national()["records"][0]["exported"]
    mended = amendment(national(), (EXPORTED, old, {"nothing": "unknown"}))
    assert [f.rule for f in checked(national()).findings] == ["X4"]
    assert told(checked(mended, national())) == []


def test_an_amendment_that_was_filed_already_is_checked_as_it_was_before() -> None:
    first = amendment(site(), ("/name", site()["name"], "Second"))
    second = amendment(site(version=2), ("/name", "Second", "Third"), number="XAL-A2")
    for one in (first, second):
        assert told(checked(one, site(), first, second)) == []


def test_an_answer_can_be_amended() -> None:
    answer = {"rule": "X4", "place": "/records/[2B 111-48-8]/exported", "until": 2025}
    named = f"{national()['declaration_id']} version 2"
    given_ = {**answer, "reason": "Samples."}
    report = checked(amendment(national(), ("/answers", None, [given_])), national())
    assert [(f.rule, f.answer, f.document) for f in report.findings] == [("X4", "Samples.", named)]
    before = national(answers=[given_])
    report = checked(amendment(before, ("/answers/0/reason", "Samples.", "Post.")), before)
    assert [(f.rule, f.answer, f.document) for f in report.findings] == [("X4", "Post.", named)]


@given(st.lists(st.tuples(POINTERS, CONTENT, CONTENT), min_size=1, max_size=6))
def test_no_amendment_breaks_the_check(changes: list[tuple[str, Any, Any]]) -> None:
    report = checked(amendment(site(), *changes), site())
    assert report.declaration is not None
    must_fix = any(f.severity is Severity.MUST_FIX for f in report.findings)
    assert must_fix == (report.verdict == "RETURNED")


@given(st.permutations(NESTED), st.data())
def test_removing_places_inside_one_another_breaks_nothing(places: list[str], draw: Any) -> None:
    value: Any = site()
    by = {"/plants": value["plants"], "/plants/0": value["plants"][0]}
    by |= {"/plants/0/name": value["plants"][0]["name"], "/name": value["name"]}
    changes = [(p, by[p], draw.draw(CONTENT)) for p in places]
    report = checked(amendment(site(), *changes), site())
    assert report.verdict == "RETURNED"
