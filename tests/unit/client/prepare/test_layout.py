"""The layout of tables: of every kind, of models inside themselves, with names that people know."""

from typing import Any

import pytest
from pydantic import Field

from sextant_client.prepare.layout import CODES, HEADING, HELP, MAX_NAME, layout_of, layout_of_model
from sextant_client.prepare.members import members_of
from sextant_shared.models.declaration import CATALOGUE, KINDS
from sextant_shared.models.strict import Strict

RESERVED = {CODES, HELP}


@pytest.mark.parametrize("kind", KINDS)
def test_sheets_and_columns_of_a_kind_have_names_of_their_own(kind: str) -> None:
    sheets = list(layout_of(kind).all())
    names = [sheet.name.lower() for sheet in sheets]
    assert len(set(names)) == len(names)
    assert RESERVED.isdisjoint(sheet.name for sheet in sheets)
    assert all(len(name) <= MAX_NAME and name.isalnum() for name in names)
    for sheet in sheets:
        assert len(set(sheet.columns)) == len(sheet.columns)


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_of_a_kind_has_a_place(kind: str) -> None:
    heading = layout_of(kind)
    places = {one.path[0] for one in heading.fields} | {one.path[0] for one in heading.inner}
    assert places == set(members_of(CATALOGUE[kind].model))


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_the_help_of_its_model(kind: str) -> None:
    silent = [
        one.name for sheet in layout_of(kind).all() for one in sheet.fields if not one.text.strip()
    ]
    assert silent == []


def test_help_and_law_are_those_of_the_model() -> None:
    fields = {one.name: one for sheet in layout_of("S2_SITE_ADPA").all() for one in sheet.fields}
    assert fields["produced"].text == "Quantity produced in it."  # of an earlier year, the last
    assert fields["address.city"].law == "VII.6(b)"
    assert fields["dedication"].choices == ("DEDICATED", "MULTIPURPOSE")
    assert fields["produced"].choices == ("t", "kg", "g", "mg")


def test_rows_name_the_rows_around_them() -> None:
    sheets = {sheet.name: sheet for sheet in layout_of("S2_SITE_ADPA").all()}
    assert next(iter(sheets)) == HEADING
    assert sheets["Earlier"].columns[:3] == ("in Plants", "in Chemicals", "year")
    assert sheets["Chemicals"].columns[:2] == ("in Plants", "row name")
    assert "row name" not in sheets["Purposes"].columns


class Vessel(Strict):
    """A model inside itself, in a list, in an object, and through another."""

    name: str
    inside: list["Vessel"] = Field(default_factory=list)
    twin: "Vessel | None" = None
    parts: list["Part"] = Field(default_factory=list)
    odd: dict[str, Any] | None = None
    either: int | str | None = None


class Part(Strict):
    """One part."""

    of: Vessel | None = None
    number: int


def test_a_model_inside_itself_is_a_cell_of_json_and_ends() -> None:
    Vessel.model_rebuild()
    sheet = layout_of_model(Vessel)
    forms = {one.name: one.form for one in sheet.fields}
    assert forms == dict.fromkeys(("inside", "twin", "odd", "either"), "json") | {"name": "text"}
    (parts,) = sheet.inner
    assert {one.name: one.form for one in parts.fields} == {"of": "json", "number": "number"}
