"""The codes of sites are found in every content, also in one that fits no model."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_declarations.domain.sites import MAX_SITES, sites_in, sites_of
from sextant_shared.encoding import canonical_json
from sextant_shared.models.declaration import read_declaration
from tests.unit.shared.rules.filed import amendment, site, withdrawal

CODE = site()["plant_site_code"]


def test_the_site_of_a_declaration_is_found() -> None:
    assert sites_of(read_declaration(site())) == (CODE,)


def test_the_site_that_a_withdrawal_names_is_found() -> None:
    named = {**withdrawal(site()), "site_code": CODE}
    assert sites_of(read_declaration(named)) == (CODE,)


def test_a_site_inside_a_changed_value_is_found() -> None:
    changed = amendment(
        site(), ("/sites/0", None, {"plant_site_code": "XAL-NEW"}), number="XAL-CHANGED"
    )
    assert sites_of(read_declaration(changed)) == ("XAL-NEW",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'{"plant_site_code": "XAL-1", "kind": 7}', ("XAL-1",)),
        (b'{"sites":[{"site_code":"B"},{"facility_code" :\n"A"}]', ("A", "B")),
        (b'{"plant_site_code":"XAL-\\u0031"}', ("XAL-1",)),
        (b'{"plant_site_code":"XAL-\\u0000\\ud8001"}', ("XAL-1",)),
        (b'{"plant_site_code":"\\u0000"}', ()),
        (b'{"plant_site_code":"quoted \\" here"}', ('quoted " here',)),
        (b'{"plant_site_code":"XAL-1","plant_site_code":"XAL-2"}', ("XAL-1", "XAL-2")),
        (b'{"plant_site_code":"\\x"}', ()),
        (b'{"plant_site_code":""}', ()),
        (b'{"plant_site_code":7}', ()),
        (b'{"my_plant_site_code":"XAL-1"}', ()),
        (b"no JSON at all", ()),
    ],
)
def test_a_flawed_content_is_searched_as_text(text: bytes, found: tuple[str, ...]) -> None:
    assert sites_in(text) == found


def test_the_number_of_sites_is_bounded() -> None:
    rows = [{"site_code": f"{n:06}"} for n in range(MAX_SITES + 10)]
    assert len(sites_in(json.dumps(rows).encode())) == MAX_SITES


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["site_code", "a", "facility_code"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(_JSON, st.binary(max_size=20))
def test_whatever_was_sent_is_searched_without_a_fault(value: Any, noise: bytes) -> None:
    text = canonical_json({"content": value})
    codes = set(sites_in(text))
    assert codes <= set(sites_in(text + noise))
    assert all(canonical_json({"x": code})[5:-1] in text for code in codes)
