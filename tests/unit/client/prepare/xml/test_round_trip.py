"""JSON to XML and back is the same document, and what would be changed is refused."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from sextant_client.prepare.documents import read_document, read_sourced, write_document
from sextant_client.prepare.new import Beginning, new_document
from sextant_client.prepare.xml.writing import as_xml
from sextant_shared.encoding import canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE, KINDS, read_declaration
from sextant_shared.models.declaration.folding import plain
from tests.support.made_up import XML, XML_TRAPS, documents, json_values

EXAMPLES = sorted((Path(__file__).parents[5] / "examples").rglob("*.json"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("xml") / "declaration.xml"


@pytest.mark.parametrize("kind", KINDS)
def test_any_document_of_any_kind_comes_back_as_it_was(kind: str, file: Path) -> None:
    @settings(max_examples=8, deadline=None)
    @given(documents(kind, XML, XML_TRAPS))
    def comes_back(document: dict[str, Any]) -> None:
        assert read_declaration(document).kind == kind  # else the strategy draws nonsense
        write_document(file, document)
        assert plain(read_document(file)) == plain(document)

    comes_back()


@settings(max_examples=100, deadline=None)
@given(document=documents("LATE_NOTICE"))
def test_a_text_of_any_characters_survives_or_is_refused_at_its_place(
    document: dict[str, Any], file: Path
) -> None:
    illegal = any(
        (letter < " " and letter not in "\t\n\r") or letter in "\ufffe\uffff"
        for text in texts(document)
        for letter in text
    )
    if not illegal:
        write_document(file, document)
        assert plain(read_document(file)) == plain(document)
        return
    with pytest.raises(PlatformError) as caught:
        write_document(file, document)
    for finding in caught.value.findings:
        assert "XML cannot carry the character U+" in finding.message
        assert finding.pointer != ""


@settings(max_examples=200, deadline=None)
@given(value=json_values())
def test_old_and_new_values_of_an_amendment_come_back_whatever_they_are(
    value: Any, file: Path
) -> None:
    document = amendment(value)
    write_document(file, document)
    assert read_document(file) == document


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_example_comes_back_with_the_same_canonical_form(path: Path, file: Path) -> None:
    document = read_document(path)
    write_document(file, document)
    assert canonical_json(read_document(file)) == canonical_json(document)


@pytest.mark.parametrize("kind", KINDS)
def test_a_declaration_that_was_only_begun_comes_back(kind: str, file: Path) -> None:
    document = new_document(CATALOGUE[kind], Beginning(2026, {"state_code": "XAL"}))
    write_document(file, document)
    assert plain(read_document(file)) == plain(document)


def test_the_older_version_of_a_schema_keeps_its_name(file: Path) -> None:
    document = {"schema": "sextant.ocpf-annual/1", "kind": "OCPF_ANNUAL", "version": 1}
    write_document(file, document)
    assert b'xmlns="urn:sextant:declaration:ocpf-annual/1"' in file.read_bytes()
    assert read_document(file) == document


@pytest.mark.parametrize(
    ("changes", "pointer", "said"),
    [
        ({"note": "a\x00b"}, "/note", "U+0000"),
        ({"note": "a\x0bb"}, "/note", "U+000B"),
        ({"note": "a\ufffe"}, "/note", "U+FFFE"),
        ({"note": "\ud800"}, "/note", "U+D800"),
        ({"note": 7}, "/note", "no text"),
        ({"version": "1"}, "/version", "no whole number"),
        ({"version": True}, "/version", "no whole number"),
        ({"version": 1.5}, "/version", "single value"),
        ({"version": 2**53}, "/version", "no whole number"),
        ({"part_count": -0.0}, "/part_count", "single value"),
        ({"event_date": " 2026-01-01"}, "/event_date", "a day"),
        ({"language": "en "}, "/language", "closed list"),
        ({"scope": "S1"}, "/scope", "a list is expected"),
        ({"scope": [None]}, "/scope/0", "single value"),
        ({"scope": ["S1", ["S2"]]}, "/scope/1", "single value"),
        ({"na_contact": [{"name": "a", "nickname": "b"}]}, "/na_contact/0/nickname", "no such"),
        ({"na_contact": ["desk"]}, "/na_contact/0", "object"),
        ({"a/b~": 1}, "/a~1b~0", "no such member"),
        ({"schema": "sextant.s2-and/1"}, "/schema", "no schema of NIL"),
        ({"schema": 5}, "/schema", "no text"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused_at_its_place(
    changes: dict[str, Any], pointer: str, said: str
) -> None:
    with pytest.raises(PlatformError) as caught:
        as_xml({"schema": "sextant.nil/1", "kind": "NIL", **changes})
    assert caught.value.code is Code.MALFORMED
    found = {finding.pointer: finding for finding in caught.value.findings}
    assert said in found[pointer].message


@pytest.mark.parametrize(
    "amount",
    [
        {"value": " 5", "unit": "t"},
        {"value": "", "unit": "t"},
        {"value": 5, "unit": "t"},
        {"value": "5", "unit": "t", "about": "yes"},
        {"value": "5\x00", "unit": "t"},
        "5 t",
    ],
)
def test_an_amount_that_would_change_is_refused(amount: Any) -> None:
    with pytest.raises(PlatformError) as caught:
        as_xml({"kind": "S2_AND", "records": [{"produced": amount}]})
    (finding,) = caught.value.findings
    assert finding.pointer == "/records/0/produced"


@pytest.mark.parametrize(
    "amount", [{}, {"unit": "t"}, {"value": "5"}, {"value": "5", "unit": "t", "nothing": "nil"}]
)
def test_an_amount_that_makes_no_sense_is_kept_for_the_rules(amount: Any, file: Path) -> None:
    write_document(file, {"kind": "S2_AND", "records": [{"produced": amount}]})
    assert read_document(file)["records"] == [{"produced": amount}]


def test_all_refused_places_are_told_at_once() -> None:
    with pytest.raises(PlatformError) as caught:
        as_xml({"kind": "NIL", "note": "\x01", "version": "1", "more": 1})
    assert {f.pointer for f in caught.value.findings} == {"/note", "/version", "/more"}


def test_a_document_of_no_known_kind_is_refused() -> None:
    with pytest.raises(PlatformError, match="no kind of declaration"):
        as_xml({"kind": "NONSENSE"})


def test_each_place_of_the_document_knows_its_line(file: Path) -> None:
    write_document(file, amendment("x"))
    sourced = read_sourced(file)
    lines = file.read_text().splitlines()
    for pointer, element in (("", "<declaration"), ("/kind", "<kind>"), ("/changes/0/old", "<old")):
        number = int(sourced.source_of(pointer).removeprefix("line "))
        assert lines[number - 1].strip().startswith(element)
    assert sourced.source_of("/changes/0/nowhere") == sourced.source_of("/changes/0")


def amendment(old: Any) -> dict[str, Any]:
    change = {"pointer": "/a", "old": old, "new": None, "reason": "X"}
    return {"schema": "sextant.amendment/1", "kind": "AMENDMENT", "changes": [change]}


def texts(value: Any) -> list[str]:
    """Return all texts inside a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] if isinstance(value, str) else [text for one in inner for text in texts(one)]
