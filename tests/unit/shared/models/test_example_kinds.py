"""One good example of every kind, consistent with each other: what people copy must be right."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from sextant_shared.errors import Severity
from sextant_shared.models.declaration import CATALOGUE, KINDS, read_declaration
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.filing import Amendment
from sextant_shared.models.declaration.folding import fold
from sextant_shared.models.declaration.national import S2And
from sextant_shared.models.declaration.schedule2 import S2SiteAdaa, S2SiteAdpa
from sextant_shared.models.declaration.schedule3 import S3SiteAdpa
from sextant_shared.rules import check

FOLDER = Path(__file__).resolve().parents[4] / "examples" / "kinds"


def document(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text())
    return loaded


def example(kind: str) -> Any:
    return read_declaration(document(kind))


def heavy(data: bytes) -> list[str]:
    """Return what must be fixed, or is still to be explained."""
    findings = [f for f in check(data).findings if not f.answer]
    return [f"{f.rule} {f.pointer} {f.message}" for f in findings if f.severity != LIGHT]


LIGHT = Severity.INFORMATION


def test_each_kind_has_one_example_and_no_file_is_left_over() -> None:
    assert sorted(p.name for p in FOLDER.iterdir()) == sorted(f"{kind}.json" for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_reads_and_leaves_nothing_to_fix_or_explain(kind: str) -> None:
    data = (FOLDER / f"{kind}.json").read_bytes()
    assert heavy(data) == []
    report = check(data)
    assert report.verdict == "REGISTERED"
    assert report.declaration is not None
    assert report.declaration.kind == kind
    assert document(kind)["schema"] == CATALOGUE[kind].schema


def parts(model: BaseModel) -> Iterator[BaseModel]:
    yield model
    for name in type(model).model_fields:
        value = getattr(model, name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, BaseModel):
                yield from parts(item)


def owner(model: type[BaseModel], name: str) -> str:
    """Return `Class.member` of the class that first declared a member."""
    first = [base for base in model.__mro__ if name in getattr(base, "__annotations__", {})][-1]
    return f"{first.__name__}.{name}"


def test_every_member_of_every_kind_is_shown_somewhere() -> None:
    asked, shown = set(), set()
    for kind in KINDS:
        for part in parts(example(kind)):
            for name in type(part).model_fields:
                asked.add(owner(type(part), name))
                if getattr(part, name) not in (None, []):
                    shown.add(owner(type(part), name))
    assert asked - shown == set()


def test_declaration_numbers_are_not_used_twice() -> None:
    numbers = [document(kind)["declaration_id"] for kind in KINDS]
    assert len(set(numbers)) == len(numbers)


def test_what_a_filing_names_is_there() -> None:
    known = {(d["declaration_id"], d["version"]) for d in map(document, KINDS)}
    reply = document("CLARIFICATION_REPLY")
    named = [document("AMENDMENT")["amends"], document("WITHDRAWAL")["withdraws"]]
    named += [*reply["concerns"], *reply["amendments"]]
    assert {(n["declaration_id"], n["version"]) for n in named} <= known


def test_the_amended_declaration_is_good_too() -> None:
    amendment = Amendment.model_validate(document("AMENDMENT"))
    folded = fold(document("S2_AND"), amendment)
    assert folded["version"] == 2
    assert heavy(json.dumps(folded).encode()) == []


def test_references_to_attachments_hit_them_and_none_is_idle() -> None:
    for kind in KINDS:
        declaration = example(kind)
        attached = {a.name for a in declaration.attachments}
        referred = {a for p in parts(declaration) if (a := getattr(p, "attachment", None))}
        assert referred == attached, kind


def test_national_totals_cover_the_plant_site() -> None:
    national: S2And = example("S2_AND")
    site: S2SiteAdpa = example("S2_SITE_ADPA")
    totals = {record.chemical.name: record for record in national.records}
    for row in (row for plant in site.plants for row in plant.chemicals):
        record = totals[row.chemical.name]
        for name in ("produced", "processed", "consumed", "imported", "exported"):
            assert kilograms(getattr(record, name)) >= kilograms(getattr(row, name)), name
        partners = {country.state_code for country in record.exports}
        assert {state for purpose in row.purposes for state in purpose.states} <= partners


def kilograms(amount: Amount | None) -> Decimal:
    assert amount is not None
    return amount.kilograms or Decimal(0)


def test_plants_of_the_past_year_stand_in_the_year_ahead_and_count_each_other() -> None:
    past, ahead = example("S2_SITE_ADPA"), example("S2_SITE_ADAA")
    assert isinstance(past, S2SiteAdpa)
    assert isinstance(ahead, S2SiteAdaa)
    assert past.plant_site_code == ahead.plant_site_code
    assert [p.plant_code for p in past.plants] == [p.plant_code for p in ahead.plants]
    other: S3SiteAdpa = example("S3_SITE_ADPA")
    assert other.plant_site_code == past.plant_site_code
    assert (past.n_s3_plants, other.n_s2_plants) == (len(other.plants), len(past.plants))


def test_the_yearly_list_of_transfers_is_the_notices() -> None:
    notices = [example(k) for k in ("S1_TRANSFER_NOTIF", "S1_TRANSFER_NOTIF_STX")]
    listed = [t for r in example("S1_TRANSFER_ANNUAL").records for t in r.transfers]
    assert {(n.event_date, n.quantity.text, n.recipient.name) for n in notices} == {
        (t.day, t.quantity.text, t.recipient) for t in listed
    }
