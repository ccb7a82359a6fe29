"""The published schema of each kind is valid XSD and says what the model says."""

import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import given, settings

from sextant_client.prepare.documents import read_document
from sextant_client.prepare.members import members_of
from sextant_client.prepare.xml.schema import as_xsd
from sextant_client.prepare.xml.writing import as_xml
from sextant_shared.models.declaration import CATALOGUE, KINDS, kind_of, upgrade
from tests.support.made_up import XML, XML_TRAPS, documents

ROOT = Path(__file__).parents[5]
EXAMPLES = sorted((ROOT / "examples").rglob("*.json"))
SITE = ROOT / "examples/NA-XAL/s2-site-2025.json"


@cache
def schema(kind: str) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(as_xsd(CATALOGUE[kind]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_of_each_kind_is_valid_and_takes_whatever_fits_its_model(kind: str) -> None:
    compiled = schema(kind)

    @settings(max_examples=4, deadline=None)
    @given(documents(kind, XML, XML_TRAPS))
    def takes(document: dict[str, Any]) -> None:
        compiled.validate(as_xml(document).decode())

    takes()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_example_is_valid_in_the_newest_version(path: Path) -> None:
    document = read_document(path)
    newest = upgrade(document, kind_of(document))
    schema(document["kind"]).validate(as_xml(newest).decode())


@pytest.fixture(scope="module")
def site() -> xmlschema.XMLSchema:
    return schema("S2_SITE_ADPA")


@pytest.mark.parametrize(
    ("pattern", "by"),
    [
        (r"<dedication>.*</dedication>", ""),
        (r"<dedication>.*</dedication>", "<dedication>BOTH</dedication>"),
        (r"<version>1</version>", "<version>0</version>"),
        (r"<version>1</version>", "<version>1.0</version>"),
        (r"<version>1</version>", "<version>+1</version>"),
        (r"<version>1</version>", "<version>1</version><version>1</version>"),
        (r"(<above_verification_threshold>)true", r"\g<1>1"),
        (r"<kind>.*</kind>", "<kind>S2_AND</kind>"),
        (r"sextant\.s2-site-adpa/1", "sextant.s2-site-adpa/2"),
        (r"(<state_code>)XAL", r"\1Xal"),
        (r"<name>Thioether unit</name>", "<name/>"),
        (r"<name>Thioether unit</name>", f"<name>{'x' * 301}</name>"),
        (r'unit="t">265', 'unit="lb">265'),
        (r'unit="t">265', 'unit="t">26,5'),
        (r'nothing="nil"', 'nothing="none"'),
        (r'unit="t">265', 'unit="t" by="scale">265'),
        (r"<plants>", "<plants><plant/>"),
        (r"<plants>", "<plants>text"),
        (r"<note>.*</note>|<kind>", "<nickname>x</nickname><kind>"),
        (r"(<latitude>)", r"\1+"),
        (r'xmlns="urn:[^"]*"', 'xmlns="urn:other"'),
        (r"<na_contact>(?s:.*)</na_contact>", "<na_contact/>"),
    ],
)
def test_a_structural_fault_is_no_valid_xml(
    site: xmlschema.XMLSchema, pattern: str, by: str
) -> None:
    text = as_xml(read_document(SITE)).decode()
    broken = re.sub(pattern, by, text, count=1)
    assert broken != text
    assert site.is_valid(text)
    assert not site.is_valid(broken)


def test_members_may_stand_in_any_order(site: xmlschema.XMLSchema) -> None:
    text = as_xml(read_document(SITE)).decode()
    kind = "  <kind>S2_SITE_ADPA</kind>\n"
    moved = text.replace(kind, "").replace("</declaration>", f"{kind}</declaration>")
    assert site.is_valid(moved)


def test_a_day_has_one_spelling() -> None:
    document = deepcopy(read_document(SITE)) | {"event_date": "2026-01-01"}
    text = as_xml(document).decode()
    assert schema("S2_SITE_ADPA").is_valid(text)
    assert not schema("S2_SITE_ADPA").is_valid(text.replace("2026-01-01", "2026-01-01Z"))
    assert not schema("S2_SITE_ADPA").is_valid(text.replace("2026-01-01", "2026-02-30"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_is_explained_in_its_schema(kind: str) -> None:
    compiled = schema(kind)
    root = compiled.elements["declaration"]
    explained = {child.local_name for child in root.iterchildren() if child.annotation is not None}
    assert explained == set(members_of(CATALOGUE[kind].model))
