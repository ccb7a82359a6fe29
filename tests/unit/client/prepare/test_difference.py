"""Two versions of a declaration: what differs, and the amendment that turns one into the other."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_client.prepare.difference import Filed, amendment, differences
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import KINDS
from sextant_shared.models.declaration.filing import Amendment, Change
from sextant_shared.models.declaration.folding import apply_changes, fold, plain
from sextant_shared.models.declaration.natural import natural_keys, stable_place
from sextant_shared.models.strict import read_model
from sextant_shared.rules import check

EXAMPLES = Path(__file__).resolve().parents[4] / "examples" / "NA-XAL"
FILED = Filed(reason="CLERICAL", found="2026-05-04")


def site() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / "s2-site-2025.json").read_text())
    return document


def chemical(name: str, cas: str) -> dict[str, Any]:
    return {"chemical": {"name": name, "cas": cas, "schedule": "2B"}, "purposes": []}


def told(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    return [(d.word, d.pointer) for d in differences(old, new)]


def test_versions_of_different_declarations_give_no_amendment() -> None:
    for name, value in (("declaration_id", "OTHER-1"), ("state_code", "XBO")):
        with pytest.raises(PlatformError, match=name) as caught:
            amendment(site(), {**site(), name: value}, FILED)
        assert caught.value.code is Code.STATE


def test_the_same_document_gives_no_amendment_and_no_difference() -> None:
    silent = {**site(), "note": None, "attachments": []}
    del silent["part_count"]
    spoken = {**site()}
    del spoken["attachments"], spoken["part_count"]
    assert differences(silent, spoken) == []
    with pytest.raises(PlatformError, match="nothing differs"):
        amendment(silent, spoken, FILED)


def test_an_amendment_of_another_version_is_not_applied() -> None:
    document = amendment(site(), {**site(), "name": "Other"}, FILED)
    amended = read_model(Amendment, document)
    with pytest.raises(PlatformError, match="another declaration or version"):
        fold({**site(), "version": 2}, amended)


def test_an_amendment_is_not_applied_where_something_else_stands() -> None:
    amended = read_model(Amendment, amendment(site(), {**site(), "name": "Other"}, FILED))
    with pytest.raises(PlatformError, match="/name does not hold"):
        fold({**site(), "name": "Meanwhile"}, amended)


@pytest.mark.parametrize("pointer", ["/plants/7/name", "/plants/x", "/name/first", "/plants/-1"])
def test_a_change_of_a_place_that_is_none_is_refused(pointer: str) -> None:
    change = Change(pointer=pointer, old="a", new="b", reason="CLERICAL")
    with pytest.raises(PlatformError, match="does not hold"):
        apply_changes(site(), [change])


def test_an_amount_is_one_difference_and_says_inside_of_what() -> None:
    new = site()
    new["plants"][0]["chemicals"][0]["produced"] = {"value": "270", "unit": "t"}
    (found,) = differences(site(), new)
    assert found.pointer == "/plants/0/chemicals/0/produced"
    assert found.inside == ("XAL-PS-0007-A", "2B 111-48-8")
    assert (found.old, found.new) == (
        {"value": "265", "unit": "t"},
        {"value": "270", "unit": "t"},
    )


def test_rows_are_aligned_by_chemical_and_not_by_position() -> None:
    old, new = site(), site()
    rows = new["plants"][0]["chemicals"]
    rows.insert(0, chemical("Dimethyl methylphosphonate", "756-79-6"))
    rows[1]["capacity"] = {"value": "450", "unit": "t/a"}
    assert told(old, new) == [
        ("changed", "/plants/0/chemicals/0/capacity"),
        ("added", "/plants/0/chemicals/1"),
    ]
    assert told(new, old)[0] == ("removed", "/plants/0/chemicals/0")


def test_two_rows_of_one_chemical_stay_two() -> None:
    row = chemical("Thiodiglycol", "111-48-8")
    assert natural_keys([row, row]) == [("2B", "111-48-8"), ("2B", "111-48-8", "#2")]
    old, new = site(), site()
    new["plants"][0]["chemicals"].append(copy.deepcopy(new["plants"][0]["chemicals"][0]))
    assert told(old, new) == [("added", "/plants/0/chemicals/1")]


def test_a_stable_place_survives_reordering() -> None:
    old, new = site(), site()
    new["plants"][0]["chemicals"].insert(0, chemical("Other/~", "756-79-6"))
    place = stable_place(old, "/plants/0/chemicals/0/capacity")
    assert place == "/plants/[XAL-PS-0007-A]/chemicals/[2B 111-48-8]/capacity"
    assert stable_place(new, "/plants/0/chemicals/1/capacity") == place
    assert stable_place(old, "/plants/9/nowhere/3") == "/plants/9/nowhere/3"


def test_an_amendment_is_a_valid_declaration_and_gives_the_new_version() -> None:
    new = site()
    new["confidentiality"] = "OPCW_HIGHLY_PROTECTED"
    new["plants"][0]["chemicals"][0]["exported"] = {"nothing": "nil"}
    new["plants"][0]["chemicals"].insert(0, chemical("Other", "756-79-6"))
    document = amendment(site(), new, FILED)
    assert document["confidentiality"] == "OPCW_HIGHLY_PROTECTED"
    assert check(json.dumps(document).encode()).verdict == "REGISTERED"
    assert plain(fold(site(), read_model(Amendment, document))) == plain({**new, "version": 2})


def test_an_older_schema_is_amended_in_the_newest() -> None:
    old = json.loads((EXAMPLES / "ocpf-2025.json").read_text())
    old["schema"] = "sextant.ocpf-annual/1"
    new = {**old, "schema": "sextant.ocpf-annual/2", "note": "Checked."}
    document = amendment(old, new, FILED)
    assert [change["pointer"] for change in document["changes"]] == ["/note"]
    folded = fold(old, read_model(Amendment, document))
    assert (folded["schema"], folded["note"]) == ("sextant.ocpf-annual/2", "Checked.")


@pytest.mark.parametrize("kind", KINDS)
def test_an_amendment_of_any_kind_drops_changes_and_adds(kind: str) -> None:
    old = json.loads((EXAMPLES.parent / "kinds" / f"{kind}.json").read_text())
    new = {**halved(old), "note": "As amended.", "na_contact": old["na_contact"] * 2}
    document = amendment(old, new, FILED)
    assert check(json.dumps(document).encode()).verdict == "REGISTERED"
    assert plain(fold(old, read_model(Amendment, document))) == plain({**new, "version": 2})


def halved(value: Any) -> Any:
    """Return a document with half of each list of objects, the later one."""
    if isinstance(value, dict):
        return {name: halved(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [halved(inner) for inner in value[len(value) // 2 :]]
    return value


codes = st.sampled_from(["A", "B", "C"])
amounts = st.one_of(
    st.none(),
    st.builds(lambda n: {"value": str(n), "unit": "t"}, st.integers(0, 3)),
    st.just({"nothing": "nil"}),
)
chemicals = st.fixed_dictionaries({"name": codes}, optional={"cas": codes, "schedule": codes})
leaves = st.one_of(st.none(), codes, st.integers(2, 4), amounts, st.lists(codes, max_size=2))


def rows(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = {
        "plant_code": codes,
        "state_code": codes,
        "chemical": chemicals,
        "a/b~": inner,
        "more": inner,
    }
    item = st.fixed_dictionaries({}, optional=names)
    return st.one_of(item, st.lists(item, max_size=4))


documents = st.dictionaries(
    st.sampled_from(["plants", "records", "note", "a~1"]), st.recursive(leaves, rows, max_leaves=12)
)


@given(documents, documents)
def test_the_changes_applied_to_one_give_the_other(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    found = differences(old, new, in_order=True)
    changes = [Change(pointer=d.pointer, old=d.old, new=d.new, reason="CLERICAL") for d in found]
    assert plain(apply_changes(old, changes)) == plain(new)


@given(documents)
def test_a_document_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    assert differences(document, copy.deepcopy(document)) == []
