"""The short lists and the lists together: what broken ones say, what the whole ones hold."""

import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared import codelists
from sextant_shared.chassis import serving
from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.codelists.tables import TABLES, read_ranges, read_table
from sextant_shared.errors import PlatformError

from .broken import changed, refusal

SMALLEST = {"S3": 30, "DOC": 200, "PSF": 30}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("S3-R2,S3,200", "S3-R2,S3,300", "does not begin where S3-R1", id="gap"),
        pytest.param("S3-R2,S3,200,true", "S3-R2,S3,200,false", "one of two", id="end nowhere"),
        pytest.param("S3-R1,S3,30", "S3-R1,S3,300", "upper_t: 200 is not above", id="backwards"),
        pytest.param("S3-R1,S3", "S3-R1,S4", "regime: 'S4' is none of", id="regime"),
        pytest.param("S3-R2,", "S3-R1,", "code: S3-R1 stands on line 2", id="code twice"),
        pytest.param("S3-R1,", "s3 r1,", "'s3 r1' is no code", id="no code"),
        pytest.param("30,false,200", "thirty,false,200", "no amount", id="no amount"),
    ],
)
def test_broken_ranges_name_line_and_column(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refusal(read_ranges, changed(tmp_path, "ranges.csv", old, new))


@pytest.mark.parametrize("name", TABLES)
def test_a_broken_table_is_named_with_all_its_problems(tmp_path: Path, name: str) -> None:
    line = codelists.table(name)[0]
    folder = changed(tmp_path, f"{name}.csv", f"{line.code},{line.regime}", "no code,S9")
    said = refusal(lambda folder: read_table(name, folder), folder)
    assert said.startswith(f"code list {name}.csv does not fit: line 2, code")
    assert "regime: 'S9'" in said


def test_one_error_names_the_problems_of_all_files(tmp_path: Path) -> None:
    changed(tmp_path, "purposes.csv", "T VI.2(a)", "memory")
    for name in ("chemicals.csv", "states.csv"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("false", "no"), encoding="utf-8")
    said = refusal(codelists.read_lists, tmp_path)
    assert said.startswith("3 code lists do not fit")
    assert all(name in said for name in ("purposes.csv", "chemicals.csv", "states.csv"))


def test_a_fact_about_a_chemical_of_no_list_is_refused(tmp_path: Path) -> None:
    folder = changed(tmp_path, "chemical_facts.csv", "107-44-8", "7732-18-5")
    assert "no list" in refusal(codelists.read_lists, folder)


def test_a_service_does_not_start_with_broken_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = changed(tmp_path, "ranges.csv", "S3-R1,S3", "S3-R1,S4")
    monkeypatch.setattr(codelists, "lists", lambda: codelists.read_lists(folder))
    monkeypatch.setattr(serving, "setup_logs", lambda *_: None)
    monkeypatch.setattr(sys, "setswitchinterval", lambda _seconds: None)
    settings = ServiceSettings.model_construct(crash_at="", environment="development")
    with pytest.raises(PlatformError, match=r"ranges\.csv does not fit"):
        serving.serve("exchange", settings, lambda _settings: pytest.fail("it went on"))


@given(st.integers(1, 200_000_000), st.sampled_from(sorted(SMALLEST)))
def test_every_amount_above_the_threshold_lies_in_one_range(kilograms: int, regime: str) -> None:
    tonnes = Decimal(kilograms) / 1000
    found = [r.code for r in codelists.ranges() if r.regime == regime and tonnes in r]
    assert len(found) == (tonnes > SMALLEST[regime])


@pytest.mark.parametrize(
    ("tonnes", "code"),
    [("200", "S3-R2"), ("30.001", "S3-R1"), ("1000", "S3-R3"), ("100000", "S3-R4")],
)
def test_shared_ends_belong_to_one_range(tonnes: str, code: str) -> None:
    (found,) = (r for r in codelists.ranges() if r.regime == "S3" and Decimal(tonnes) in r)
    assert found.code == code


def test_a_regime_uses_its_own_purposes() -> None:
    schedule_2 = codelists.codes("purposes", "S2")
    assert "S2_EXPORT" in schedule_2
    assert not any(code.startswith(("S1_", "S3_")) for code in schedule_2)
    assert codelists.codes("purposes") > schedule_2
    assert codelists.codes("activities", "S2") == codelists.codes("activities")


def test_product_groups_say_what_they_are() -> None:
    groups = codelists.table("product_groups")
    assert len(groups) == 37
    assert not any("SITC" in group.meaning for group in groups)
    assert len({group.meaning for group in groups}) == len(groups)


@pytest.mark.parametrize("name", TABLES)
def test_every_line_has_a_mark_and_no_invented_opcw_code(name: str) -> None:
    assert all(line.evidence and not line.opcw_code for line in codelists.table(name))
