"""The bill of materials: whole, valid for its format, and without a licence that nobody allowed."""

import json
import re
import sys
from email.message import Message
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local import licences as table
from deploy.local.bill import bill
from deploy.local.debian import NoProgramError, run
from deploy.local.licences import ALLOWED, READ, WORDS, licence, licences, refused
from deploy.local.pins import PINS, ROOMS, Pin, check_pinned, graph, read_pins
from sextant_shared.errors import Code, PlatformError
from tests.support.charts import tools

MADE = "2027-01-01T00:00:00Z"
PINNED = read_pins(PINS.read_text())
VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(str(wrong)[:300] if wrong else 0)
"""


class Said(Distribution):
    """A package that says of itself what a test wants."""

    def __init__(self, **said: str) -> None:
        self._message = Message()
        for name, value in said.items():
            self._message[name.replace("_", "-")] = value

    @property
    def metadata(self) -> Any:
        """What it says."""
        return self._message

    def read_text(self, filename: str) -> None:
        """Nothing else."""

    def locate_file(self, path: Any) -> Any:
        """Nowhere."""
        return Path(path)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return bill(PINNED, MADE)


def validate(document: dict[str, Any], folder: Path) -> None:
    """Hold a document against the schema of CycloneDX."""
    file = folder / "sbom.json"
    file.write_text(json.dumps(document))
    run([sys.executable, "-P", "-c", VALIDATE, str(file)], environment={"PYTHONPATH": str(tools())})


def test_the_document_is_valid_for_cyclonedx_and_a_wrong_one_is_not(
    document: dict[str, Any], tmp_path: Path
) -> None:
    validate(document, tmp_path)
    with pytest.raises(NoProgramError, match="licence"):
        validate(document | {"licence": "MIT"}, tmp_path)


def test_every_pin_of_this_machine_is_in_it_with_its_hashes(document: dict[str, Any]) -> None:
    stands = {one["bom-ref"]: one for one in document["components"]}
    for pin in PINNED:
        if pin.is_here:
            found = stands.pop(f"pkg:pypi/{pin.name}@{pin.version}")
            assert [one["content"] for one in found["hashes"]] == list(pin.digests)
            assert found["licenses"][0]["expression"]
    assert {one["name"] for one in stands.values()} == set(ROOMS)


def test_who_asks_for_whom_leads_from_the_platform_to_every_component(
    document: dict[str, Any],
) -> None:
    asks = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    reached, left = set(), [document["metadata"]["component"]["bom-ref"]]
    while left:
        reached.add(name := left.pop())
        left += [other for other in asks[name] if other not in reached]
    assert reached == {one["bom-ref"] for one in document["components"]} | {next(iter(asks))}


def test_libraries_inside_a_wheel_stand_under_it(document: dict[str, Any]) -> None:
    (psycopg,) = [one for one in document["components"] if one["name"] == "psycopg-binary"]
    inside = {one["name"].partition("-")[0].partition(".")[0] for one in psycopg["components"]}
    assert {"libpq", "libssl", "libcrypto"} <= inside


def test_the_same_set_has_the_same_serial_number(document: dict[str, Any]) -> None:
    again = bill(PINNED, "2028-01-01T00:00:00Z")
    assert again["serialNumber"] == document["serialNumber"]
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", again["serialNumber"])


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"License_Expression": "AGPL-3.0-only"},
        {"License_Expression": "AGPL-3.0-only", "License": "MIT"},
        {"License": "see the web"},
        {"Classifier": "License :: Other/Proprietary License"},
    ],
)
def test_a_package_under_another_licence_is_refused_by_its_name(said: dict[str, str]) -> None:
    with pytest.raises(PlatformError, match="leftpad") as refusal:
        licence("leftpad", Said(**said))
    assert refusal.value.code is Code.POLICY
    assert refusal.value.fix


def test_all_packages_that_may_not_be_used_are_named_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table, "ALLOWED", {"MIT": "the only one"})
    with pytest.raises(PlatformError) as refusal:
        licences(PINNED)
    for name in ("cryptography", "fpdf2", "certifi"):
        assert name in refusal.value.detail
    assert "fastapi" not in refusal.value.detail


def test_no_reason_stands_there_for_nothing() -> None:
    used = {expression for expression, _ in licences(PINNED).values()}
    words = {word for one in used for word in re.split(r" OR | AND ", one)}
    assert set(ALLOWED) == words
    assert set(READ) <= {pin.name for pin in PINNED}
    assert set(WORDS.values()) <= words


@given(
    st.lists(
        st.lists(st.sampled_from(["MIT", "ISC", "X", "Y"]), min_size=1, max_size=3),
        min_size=1,
        max_size=3,
    )
)
def test_one_alternative_is_enough_if_all_of_it_is_allowed(alternatives: list[list[str]]) -> None:
    expression = " OR ".join(" AND ".join(part) for part in alternatives)
    allowed = any(all(word in ALLOWED for word in part) for part in alternatives)
    assert (not refused(expression)) is allowed


def test_a_package_that_no_pin_names_is_told_with_one_that_nobody_asks_for() -> None:
    asked = graph()
    pins = (*(pin for pin in PINNED if pin.name != "idna"), Pin("leftpad", "1", "", ("0" * 64,)))
    with pytest.raises(PlatformError, match=r"idna is asked for.*leftpad is pinned"):
        check_pinned(pins, asked)


@pytest.mark.parametrize("text", ["", "idna==3.20\n", f"idna>=3 --hash=sha256:{'0' * 64}\n"])
def test_what_is_no_pin_with_hashes_is_refused(text: str) -> None:
    with pytest.raises(PlatformError, match="hashes"):
        read_pins(text)
