"""XML that is no plain declaration is a finding with its line; nothing is guessed or fetched."""

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_client.prepare.checking import check_file
from sextant_client.prepare.documents import read_document, read_sourced
from sextant_client.prepare.sourced import Sourced
from sextant_client.prepare.xml.parsing import LIMITS, Limits
from sextant_client.prepare.xml.reading import read_xml
from sextant_client.prepare.xml.writing import as_xml
from sextant_shared.errors import Finding, PlatformError, Severity

SPACE = "urn:sextant:declaration:nil/1"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "declaration.xml"


def nil(inside: str = "", *, head: str = HEAD, attributes: str = f'xmlns="{SPACE}"') -> str:
    """Return a document whose `inside` begins on line 3."""
    return f"{head}<declaration {attributes}>\n{inside}\n</declaration>\n"


def read(file: Path, text: str | bytes) -> Sourced:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sourced(file)


def found(file: Path, limits: Limits = LIMITS) -> tuple[Finding, ...]:
    """Return the findings of a file, whether it could be read to its end or not."""
    try:
        return read_xml(file, limits).findings
    except PlatformError as error:
        return error.findings


def only(file: Path, text: str | bytes) -> Finding:
    """Return the one finding of a text."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    (finding,) = found(file)
    assert finding.severity is Severity.MUST_FIX
    assert finding.rule == "S0"
    assert finding.source.startswith("line ")
    assert finding.expected
    assert finding.received
    assert finding.fix
    return finding


def test_a_document_type_is_refused_before_it_defines_anything(file: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'{HEAD}<!DOCTYPE d [<!ENTITY l0 "ha">{laughs}]>\n<declaration>&l9;</declaration>'
    finding = only(file, bomb)
    assert "document type" in finding.message
    assert finding.source == "line 2"


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE d SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE d PUBLIC "-//X//Y" "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>',
        "<!DOCTYPE declaration>",
    ],
)
def test_nothing_outside_the_file_is_ever_named(file: Path, declared: str) -> None:
    text = nil("<note>&x;</note>", head=f"{HEAD}{declared}\n")
    assert "document type" in only(file, text).message


def test_an_entity_that_nobody_defined_is_refused(file: Path) -> None:
    assert "undefined entity" in only(file, nil("<note>&x;</note>")).message


def test_a_hundred_million_bytes_of_nesting_stop_at_the_depth_limit(file: Path) -> None:
    with file.open("wb") as stream:
        stream.write(HEAD.encode() + b'<declaration xmlns="%s">' % SPACE.encode())
        for _ in range(100):
            stream.write(b"<a>" * (1_000_000 // 3))
    tracemalloc.start()
    findings = found(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert any("levels of elements" in finding.expected for finding in findings)
    assert peak < 4 << 20


def test_a_file_beyond_the_size_limit_is_not_read_to_its_end(file: Path) -> None:
    file.write_text(nil(f"<note>{'x' * 300_000}</note>"))
    (finding,) = found(file, replace(LIMITS, max_bytes=100_000))
    assert finding.expected == "at most 100000 bytes"


def test_more_elements_than_any_declaration_has_are_refused(file: Path) -> None:
    file.write_text(nil(f"<scope>{'<item>S1</item>' * 50}</scope>"))
    (finding,) = found(file, replace(LIMITS, max_elements=40))
    assert finding.expected == "at most 40 elements"


def test_so_many_findings_that_nobody_reads_them_end_the_reading(file: Path) -> None:
    file.write_text(nil("<odd/>\n" * 50))
    findings = found(file, replace(LIMITS, max_findings=10))
    assert len(findings) == 11
    assert "not read" in findings[-1].message


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (" \n", "line 2"),
        ("{}", "line 1"),
        (nil("<note>a").removesuffix("</declaration>\n"), "line 4"),
        (nil("<note>a</name>"), "line 3"),
        (nil("<note a='1' a='2'/>"), "line 3"),
        (nil("<note>a & b</note>"), "line 3"),
        (nil("<note>&#1;</note>"), "line 3"),
        (nil("<note>\x01</note>"), "line 3"),
        (nil("<x:note>a</x:note>"), "line 3"),
        (nil() + "<more/>", "line 5"),
    ],
)
def test_what_is_not_well_formed_is_told_with_its_line(file: Path, text: str, source: str) -> None:
    finding = only(file, text)
    assert "no well-formed XML" in finding.message
    assert finding.source.startswith(f"{source},")


def test_an_empty_file_is_told_so(file: Path) -> None:
    assert "empty" in only(file, "").message


def test_bytes_that_are_not_utf_8_are_refused_and_not_replaced(file: Path) -> None:
    finding = only(file, nil("<note>Caf\xe9</note>").encode("latin-1"))
    assert finding.source.startswith("line 3")


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "GB18030", "KOI8-R", "UTF-7"])
def test_other_encodings_are_refused_by_name(file: Path, encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    finding = only(file, nil("<note>x</note>", head=head).encode())
    assert finding.received == encoding
    assert "UTF-8" in finding.fix


def test_utf_16_with_its_mark_is_read(file: Path) -> None:
    head = '<?xml version="1.0" encoding="UTF-16"?>\n'
    sourced = read(file, nil("<note>Größe \U00010348</note>", head=head).encode("utf-16"))
    assert sourced.document == {"note": "Größe \U00010348"}
    assert sourced.source_of("/note") == "line 3"


def test_a_utf_8_mark_is_read(file: Path) -> None:
    assert read(file, b"\xef\xbb\xbf" + nil("<note>x</note>").encode()).whole() == {"note": "x"}


@pytest.mark.parametrize(
    ("head", "encoding"), [("UTF-8", "utf-16"), ("UTF-16", "utf-8"), ("UTF-16", "utf-16-le")]
)
def test_an_encoding_that_is_not_the_declared_one_is_refused(
    file: Path, head: str, encoding: str
) -> None:
    text = nil("<note>x</note>", head=f'<?xml version="1.0" encoding="{head}"?>\n')
    assert only(file, text.encode(encoding)).source.startswith("line 1")


def test_xml_1_1_is_refused(file: Path) -> None:
    assert only(file, nil(head='<?xml version="1.1"?>\n')).received == "1.1"


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        'xmlns="urn:other"',
        'xmlns="urn:sextant:declaration:nil"',
        'xmlns="urn:sextant:declaration:nil/0"',
        'xmlns="urn:sextant:declaration:nothing/1"',
        'xmlns:d="urn:sextant:declaration:nil/1"',
    ],
)
def test_a_first_element_of_another_namespace_is_no_declaration(
    file: Path, attributes: str
) -> None:
    finding = only(file, nil("<kind>NIL</kind>", attributes=attributes))
    assert "no declaration" in finding.message
    assert SPACE in finding.expected
    assert finding.source == "line 2"


def test_a_prefix_means_the_same_as_no_prefix(file: Path) -> None:
    text = f'<d:declaration xmlns:d="{SPACE}"><d:kind>NIL</d:kind></d:declaration>'
    assert read(file, text).whole() == {"kind": "NIL"}


def test_the_hint_where_a_schema_may_be_found_is_accepted_and_not_followed(file: Path) -> None:
    hint = (
        f'xmlns="{SPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{SPACE} http://127.0.0.1:9/nil.xsd"'
    )
    assert read(file, nil("<kind>NIL</kind>", attributes=hint)).whole() == {"kind": "NIL"}


@pytest.mark.parametrize(
    ("inside", "pointer", "said"),
    [
        ("<nickname>x</nickname>", "/nickname", "no such member"),
        ('<note xmlns="">x</note>', "/note", "no namespace"),
        ('<note xmlns="urn:other">x</note>', "/note", "urn:other"),
        ("<note>x</note><note>x</note>", "/note", "stands already in line 3"),
        ("<scope><scope>S1</scope></scope>", "/scope/scope", "a list holds only"),
        ("<note>x<b>y</b></note>", "/note/b", "a value holds no elements"),
        ("<scope>S1</scope>", "/scope", "text stands between elements"),
        ("<na_contact><item>x<name>y</name></item></na_contact>", "/na_contact/0", "text stands"),
        ("loose", "", "text stands between elements"),
        ('<note lang="en">x</note>', "/note", "no such attribute"),
        ('<note unit="t">x</note>', "/note", "no such attribute"),
        ('<note xml:space="preserve">x</note>', "/note", "no such attribute"),
        ("<?print now?>", "", "processing instruction"),
        ("<note>a<?b?>c</note>", "/note", "processing instruction"),
        ("<note>Alba<!-- x -->Works</note>", "/note", "comment stands inside a value"),
        ("<schema>sextant.nil/2</schema>", "/schema", "another one than the namespace"),
    ],
)
def test_what_has_no_place_is_a_finding_there(
    file: Path, inside: str, pointer: str, said: str
) -> None:
    finding = only(file, nil(inside))
    assert said in finding.message
    assert finding.pointer == pointer
    assert finding.source == ("line 2" if pointer == "" and "?" not in inside else "line 3")


def test_everything_that_is_wrong_is_told_at_once_and_the_rest_is_still_read(file: Path) -> None:
    inside = '<kind a="1">NIL</kind>\n<odd><deep>x</deep></odd>\n<scope><x/><item>S1</item></scope>'
    sourced = read(file, nil(inside))
    assert [finding.source for finding in sourced.findings] == ["line 3", "line 4", "line 5"]
    assert sourced.document == {"kind": "NIL", "scope": ["S1"]}
    with pytest.raises(PlatformError, match="3 place"):
        read_document(file)


@pytest.mark.parametrize(
    "value", ["", "{", '1,"":2', "1}", "1.5", "'x'", '{"a":1,"a":2}', "\ufeff1"]
)
def test_a_value_of_an_amendment_that_is_no_json_is_refused(file: Path, value: str) -> None:
    text = (
        '<declaration xmlns="urn:sextant:declaration:amendment/1">'
        f"<changes><item><old>{value}</old></item></changes></declaration>"
    )
    finding = only(file, text) if value else read(file, text).findings[0]
    assert finding.pointer == "/changes/0/old"
    assert "JSON" in finding.message


def test_comments_between_elements_and_characters_in_cdata_change_nothing(file: Path) -> None:
    text = nil("<!-- drawn up in a hurry --><note><![CDATA[a < b]]> &amp; c</note>")
    assert read(file, text).whole() == {"note": "a < b & c"}


def test_white_space_counts_in_texts_and_not_around_numbers_days_and_words(file: Path) -> None:
    inside = (
        "<note>\n  two\tlines \n</note><version>\n 1 </version>"
        "<event_date> 2026-01-01\n</event_date><kind>\n  NIL</kind>"
        "<scope> <item> S1 </item>\n</scope>"
    )
    assert read(file, nil(inside)).whole() == {
        "note": "\n  two\tlines \n",
        "version": 1,
        "event_date": "2026-01-01",
        "kind": "NIL",
        "scope": ["S1"],
    }


@pytest.mark.parametrize(
    ("inside", "value"),
    [
        ("<version>1</version>", 1),
        ("<version>01</version>", "01"),
        ("<version>+1</version>", "+1"),
        ("<version>1.0</version>", "1.0"),
        ("<version>9007199254740992</version>", "9007199254740992"),
        ("<version>\u0661</version>", "\u0661"),
        ("<version/>", ""),
    ],
)
def test_what_is_no_number_stays_the_text_that_it_is_for_the_rules(
    file: Path, inside: str, value: Any
) -> None:
    found = read(file, nil(inside)).whole()["version"]
    assert found == value
    assert type(found) is type(value)


def test_a_value_that_does_not_fit_its_model_is_found_by_the_rules_with_its_line(
    file: Path,
) -> None:
    example = read_document(Path(__file__).parents[5] / "examples/NA-XAL/s2-site-2025.json")
    text = as_xml(example).decode()
    number = next(n for n, line in enumerate(text.splitlines(), 1) if "<produced" in line)
    file.write_text(text.replace('<produced unit="t">', '<produced unit="t">x', 1))
    report = check_file(file).report
    assert report.verdict == "RETURNED"
    (finding,) = report.findings
    assert finding.pointer == "/plants/0/chemicals/0/produced/value"
    assert finding.source == f"line {number}"


def test_a_sound_file_has_the_verdict_and_digest_of_its_json(file: Path) -> None:
    path = Path(__file__).parents[5] / "examples/NA-XAL/s2-site-2025.json"
    file.write_bytes(as_xml(read_document(path)))
    by_xml, by_json = check_file(file).report, check_file(path).report
    assert by_xml.content_digest == by_json.content_digest
    assert by_xml.verdict == by_json.verdict


def test_a_broken_file_is_one_finding_and_not_also_what_follows_from_it(file: Path) -> None:
    file.write_text(nil("<note>"))
    report = check_file(file).report
    assert len(report.findings) == 1
    assert report.verdict != "REGISTERED"


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(PlatformError, match="cannot read"):
        read_sourced(file)


SOUND = as_xml(
    {"schema": "sextant.nil/1", "kind": "NIL", "version": 1, "scope": ["S1"], "note": "a & b"}
)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(SOUND) - 1), byte=st.binary(min_size=0, max_size=2))
def test_no_damage_to_a_file_ever_ends_in_anything_but_a_document_or_findings(
    at: int, byte: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.xml"
    file.write_bytes(SOUND[:at] + byte + SOUND[at + 1 :])
    for finding in found(file):
        assert finding.source.startswith("line ")
