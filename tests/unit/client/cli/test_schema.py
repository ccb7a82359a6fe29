"""`sextant schema`: the published schemas from the command."""

import json
from pathlib import Path

from sextant_shared.models.declaration import KINDS
from tests.support.command import sextant

DOCS = Path(__file__).resolve().parents[4] / "docs" / "schemas"


def test_an_unknown_kind_is_refused_and_the_list_named() -> None:
    done = sextant("schema", "show", "S9_AND")
    assert done.status == 3
    assert "S9_AND" in done.stderr


def test_the_list_names_every_kind_and_the_older_versions_that_are_read() -> None:
    listed = sextant("schema", "list", "--json").json()["schemas"]
    assert [line["kind"] for line in listed] == list(KINDS)
    ocpf = next(line for line in listed if line["kind"] == "OCPF_ANNUAL")
    assert (ocpf["schema"], ocpf["also_read"]) == (
        "sextant.ocpf-annual/2",
        ["sextant.ocpf-annual/1"],
    )
    assert ocpf["id"] == "urn:sextant:schema:sextant.ocpf-annual/2"
    assert len(sextant("schema", "list").stdout.splitlines()) == len(KINDS)


def test_a_schema_is_shown_and_written_as_it_is_published(tmp_path: Path) -> None:
    published = (DOCS / "S2_AND.json").read_text()
    assert sextant("schema", "show", "s2-and").stdout == published
    assert sextant("schema", "show", "S2_AND", "--json").json() == json.loads(published)
    out = tmp_path / "and.json"
    assert sextant("schema", "show", "S2_AND", "-o", out).status == 0
    assert out.read_text() == published


def test_the_xml_schema_of_a_kind_is_shown_as_it_is_published(tmp_path: Path) -> None:
    published = (DOCS / "xsd" / "S2_AND.xsd").read_text()
    assert sextant("schema", "show", "S2_AND", "--format", "xsd").stdout == published
    as_json = sextant("schema", "show", "S2_AND", "--format", "xsd", "--json").json()
    assert as_json == {"kind": "S2_AND", "xsd": published}
    out = tmp_path / "and.xsd"
    assert sextant("schema", "show", "S2_AND", "--format", "xsd", "-o", out).status == 0
    assert out.read_text() == published
    assert sextant("schema", "show", "S2_AND", "--format", "dtd").status == 2
