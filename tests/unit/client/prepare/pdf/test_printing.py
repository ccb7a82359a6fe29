"""A print shows everything of a declaration, on the same bytes, or is refused."""

import datetime as dt
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_client.prepare.documents import read_document, write_document
from sextant_client.prepare.new import Beginning, new_document
from sextant_client.prepare.pdf.front import Extras
from sextant_client.prepare.pdf.printing import as_pdf
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.declaration import CATALOGUE, KINDS
from sextant_shared.models.receipts import OutcomeReceipt
from sextant_shared.models.strict import read_model
from sextant_shared.rules import check
from tests.support import pdfs
from tests.support.made_up import documents
from tests.support.receipts import outcome

EXAMPLES = sorted((Path(__file__).parents[5] / "examples").rglob("*.json"))
SITE: dict[str, Any] = json.loads(
    (Path(__file__).parents[5] / "examples/NA-XAL/s2-site-2025.json").read_text()
)
LATIN = st.characters(codec="cp1252", exclude_categories=["Cc", "Cf"])


def printed(changes: dict[str, Any] | None = None, **extras: Any) -> str:
    return pdfs.text(as_pdf({**deepcopy(SITE), **(changes or {})}, Extras(**extras)))


def receipt(document: dict[str, Any], **changes: Any) -> OutcomeReceipt:
    content = b64u(sha256(canonical_json(document)))
    return read_model(OutcomeReceipt, outcome(content=content, **changes))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_value_of_each_example_stands_on_paper(path: Path) -> None:
    document = read_document(path)
    # Lines break at spaces, and long words anywhere.
    shown = "".join(pdfs.text(as_pdf(document)).split())
    for value in leaves(document):
        assert "".join(value.split()) in shown


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        if value.keys() == {"value", "unit"}:
            return [f"{value['value']} {value['unit']}"]
        if value.keys() == {"nothing"}:
            return [value["nothing"].replace("-", " ")]
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    if value is None or isinstance(value, bool):
        return []
    return [str(value)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_declaration_of_any_kind_is_printed_whatever_it_says(kind: str) -> None:
    @settings(max_examples=3, deadline=None)
    @given(documents(kind, LATIN, ()))
    def prints(document: dict[str, Any]) -> None:
        pdf = as_pdf(document)
        assert pdfs.page_count(pdf) >= 1
        assert document["state_code"] in pdfs.text(pdf)

    prints()


@pytest.mark.parametrize("kind", KINDS)
def test_a_declaration_that_was_only_begun_is_printed_with_its_blanks(kind: str) -> None:
    document = new_document(CATALOGUE[kind], Beginning(2026, {"state_code": "XAL"}))
    shown = pdfs.text(as_pdf(document))
    assert "blank" in shown
    assert "CLASSIFICATION NOT STATED" in shown


def test_the_same_content_gives_the_same_bytes_and_another_content_others() -> None:
    assert as_pdf(SITE) == as_pdf(deepcopy(SITE))
    date = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)
    assert as_pdf(SITE, Extras(date=date)) == as_pdf(SITE, Extras(date=date))
    assert as_pdf(SITE) != as_pdf({**SITE, "note": "x"})


def test_no_day_stands_in_the_file_unless_one_is_given() -> None:
    year = str(dt.datetime.now(dt.UTC).year)  # noqa: TID251 - what must not be in the file
    assert f"D:{year}".encode() not in as_pdf(SITE)
    date = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)
    assert b"D:20260102030400" in as_pdf(SITE, Extras(date=date))
    assert "2026-01-02 03:04 UTC" in printed(date=date)


def test_the_classification_stands_at_top_and_bottom_of_every_page() -> None:
    note = "word " * 390
    pages = pdfs.pages(as_pdf({**SITE, "plants": SITE["plants"] * 6, "note": note}))
    assert len(pages) > 2
    for page in pages:
        assert page.count("OPCW PROTECTED") == 2


def test_every_page_says_which_it_is_of_how_many_and_of_what() -> None:
    pages = pdfs.pages(as_pdf({**SITE, "plants": SITE["plants"] * 6}))
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in page
        assert "XAL   XAL-2025-XAL-PS-0007   S2_SITE_ADPA   version 1" in page


def test_the_digest_is_that_of_the_outcome_receipt() -> None:
    digest = check(json.dumps(SITE).encode()).content_digest
    assert digest is not None
    assert b64u(digest) in printed()


def test_the_five_kinds_of_nothing_are_told_apart_and_explained() -> None:
    document = deepcopy(SITE)
    chemical = document["plants"][0]["chemicals"][0]
    chemical |= {
        "produced": {"nothing": "not-applicable"},
        "processed": {"nothing": "unknown"},
        "consumed": {"value": "0", "unit": "t"},
        "imported": {"nothing": "nil"},
        "exported": None,
        "capacity": {"value": "0.000", "unit": "kg/a"},
    }
    lines = pdfs.text(as_pdf(document)).split("\n")
    first = lines.index("Capacity  [VII.7(e)]")
    said = lines[first : first + 12]
    assert said[1::2] == ["0.000 kg/a", "not applicable", "unknown", "0 t", "nil", "blank"]
    legend = lines[lines.index("How to read this print") :]
    for word in ("0 with a unit", "nil", "not applicable", "unknown", "blank", "none"):
        assert word in legend


def test_what_the_model_does_not_know_is_printed_all_the_same() -> None:
    document = deepcopy(SITE)
    document["remark"] = {"deep": ["x"]}
    document["address"]["planet"] = "Earth"
    document["plants"][0]["chemicals"][0]["earlier"][0]["colour"] = "green"
    document["na_contact"][0]["shoe_size"] = 42
    shown = "".join(pdfs.text(as_pdf(document)).split())
    for said in ('{"deep":["x"]}', '"Earth"', '"green"', "shoe_size", "42"):
        assert said in shown


@pytest.mark.parametrize(
    ("place", "value", "shown"),
    [
        ("note", "", '""'),
        ("note", "  ", '"  "'),
        ("note", 7, "7"),
        ("version", "1", '"1"'),
        ("version", True, "true"),
        ("address", "somewhere", '"somewhere"'),
        ("plants", "all", '"all"'),
        ("plants", [None, 3], "3"),
        ("language", ["en"], '["en"]'),
        ("n_s3_plants", {"value": "1"}, '{"value": "1"}'),
    ],
)
def test_what_does_not_fit_the_model_is_shown_as_it_is(place: str, value: Any, shown: str) -> None:
    assert shown in printed({place: value}).split("\n")


def test_text_is_text_and_never_a_command_to_the_printer() -> None:
    note = "{nb} **bold** --under-- (a) \\n [link](x) %s <b>"
    assert note in printed({"note": note}).split("\n")


def test_a_receipt_is_printed_with_its_findings() -> None:
    finding = {
        "rule": "T7",
        "severity": "explain-or-fix",
        "pointer": "/plants/0/chemicals/0/produced",
        "message": "more left than there was",
        "expected": "less",
        "answer": "STOCK",
    }
    shown = printed(receipt=receipt(SITE, findings=[finding]))
    for said in ("SEC-2026-000123", "4711", "2026-03-30T10:15:00.000Z", "REGISTERED", "T7"):
        assert said in shown
    assert "more left than there was" in shown
    assert "expected: less" in shown
    assert "STOCK" in shown


def test_a_receipt_without_findings_says_so() -> None:
    lines = printed(receipt=receipt(SITE)).split("\n")
    assert lines[lines.index("Findings of the Secretariat") + 1] == "none"


def test_without_a_receipt_the_print_says_that_there_is_none() -> None:
    assert "none; printed from the file" in printed()


def test_the_receipt_of_another_content_is_refused() -> None:
    with pytest.raises(PlatformError) as caught:
        printed({"version": 2}, receipt=receipt(SITE))
    assert caught.value.code is Code.DIGEST


def test_findings_of_a_check_are_printed_where_there_is_no_receipt() -> None:
    finding = Finding(
        rule="F1", severity=Severity.MUST_FIX, pointer="/plants/0", message="a mistyped number"
    )
    lines = printed(findings=[finding]).split("\n")
    assert "a mistyped number" in lines
    assert "/plants/[XAL-PS-0007-A]" in "".join(lines)


def test_characters_that_no_font_has_are_refused_at_their_places() -> None:
    with pytest.raises(PlatformError) as caught:
        printed({"note": "Größe \u4e2d", "name": "\u0f40\u0f41", "owner_operator": "\u0416"})
    found = {finding.pointer: finding for finding in caught.value.findings}
    assert found.keys() == {"/note", "/name"}
    assert "U+4E2D" in found["/note"].message
    assert "U+0F40" in found["/name"].message
    assert "FiraGO" in found["/note"].expected
    assert "font" in found["/note"].fix


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\u202e", "\u202a", "\ud800", "\ufffe"])
def test_what_has_no_shape_and_could_mislead_is_refused(character: str) -> None:
    with pytest.raises(PlatformError):
        printed({"note": f"a{character}b"})


def test_an_accent_written_apart_is_printed_as_one_letter() -> None:
    assert "Café" in printed({"note": "Cafe\u0301"})


def test_a_text_of_many_lines_keeps_its_lines() -> None:
    lines = printed({"note": "one\r\ntwo\n\nthree\ttabbed"}).split("\n")
    assert "three    tabbed" in lines
    assert lines.index("two") == lines.index("one") + 1


def test_a_longer_declaration_than_anybody_files_is_refused_with_the_limit() -> None:
    with pytest.raises(PlatformError, match="too long") as caught:
        printed({"plants": SITE["plants"] * 20}, max_pages=3)
    assert caught.value.code is Code.TOO_LARGE
    assert caught.value.expected == "at most 3 pages"


def test_a_document_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="no kind of declaration"):
        write_document(tmp_path / "a.pdf", {"kind": "NONSENSE"})


def test_a_print_cannot_be_read_back(tmp_path: Path) -> None:
    write_document(tmp_path / "a.pdf", SITE)
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    with pytest.raises(PlatformError, match="no such format"):
        read_document(tmp_path / "a.pdf")
