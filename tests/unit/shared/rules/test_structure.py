"""Flaws of form: told in plain words, each once, and together with all that is wrong elsewhere."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from deploy.local.corpus import Case, cases
from sextant_shared.errors import Finding
from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.site import Span
from sextant_shared.models.strict import Strict
from sextant_shared.rules import check, list_rules
from sextant_shared.rules.rule import Rule
from sextant_shared.rules.shape import facts, members, models_of
from sextant_shared.rules.structure import FORMS, flaws
from sextant_shared.rules.wording import words

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
TEXTS = {path.stem: path.read_text() for path in sorted((EXAMPLES / "kinds").glob("*.json"))}
LOCAL = {rule.id for rule in list_rules() if isinstance(rule, Rule) and rule.local}
SMALL = {"S0", *LOCAL}
WHAT = sorted({*FORMS.values(), "text", "day", "integer", "truth", "state", "money", "list"})
UNTOUCHED = [
    case
    for case in cases()
    if case.rule in LOCAL and {rule for rule, *_ in case.expect} <= LOCAL and case.year is None
]


def found(document: object) -> tuple[Finding, ...]:
    return check(json.dumps(document).encode()).findings


def example(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(TEXTS[kind])
    return loaded


def every_model() -> set[type[BaseModel]]:
    known: set[type[BaseModel]] = set()
    ahead: list[type[BaseModel]] = [kind.model for kind in CATALOGUE.values()]
    while ahead:
        model = ahead.pop()
        if model not in known:
            known.add(model)
            ahead += [one for field in members(model).values() for one in models_of(field)]
    return known


def test_every_pattern_of_every_kind_has_words() -> None:
    patterns = {
        fact.pattern
        for model in every_model()
        for field in members(model).values()
        for fact in facts(field)
        if getattr(fact, "pattern", None)
    }
    assert patterns - set(FORMS) == set()


@pytest.mark.parametrize("what", WHAT)
def test_what_is_asked_for_is_said_in_words_of_its_own(what: str) -> None:
    said = words("S0", "form", {"what": what, "allowed": ""}).expected
    assert said
    assert said != words("S0", "form", {"what": "other", "allowed": ""}).expected


@pytest.mark.parametrize("case", UNTOUCHED, ids=lambda case: f"{case.rule}: {case.why}")
def test_a_flaw_of_form_hides_nothing_that_is_wrong_elsewhere(case: Case) -> None:
    document = {**json.loads(case.data), "confidentiality": "SECRET"}
    told = [(f.rule, f.way, str(f.severity), f.pointer) for f in found(document)]
    assert told == [("S0", "choice", "must-fix", "/confidentiality"), *case.expect]


@pytest.mark.parametrize("kind", TEXTS)
def test_each_member_that_is_asked_for_is_missed_by_its_place(kind: str) -> None:
    whole = example(kind)
    for name, field in members(CATALOGUE[kind].model).items():
        if not field.is_required() or name in {"kind", "schema"}:
            continue
        told = found({key: value for key, value in whole.items() if key != name})
        told = tuple(f for f in told if not f.answer)
        assert [(f.rule, f.way, f.pointer) for f in told] == [("S0", "missing", f"/{name}")]
        assert all((f.message, f.expected, f.received, f.fix) for f in told)


@pytest.mark.parametrize("kind", TEXTS)
def test_an_unknown_member_is_told_anywhere_with_the_name_that_was_meant(kind: str) -> None:
    told = [f for f in found({**example(kind), "confidentialty": "UNCLASSIFIED"}) if not f.answer]
    assert [(f.way, f.pointer) for f in told] == [("unknown", "/confidentialty")]
    assert told[0].fix == "Write confidentiality, if that is meant."


def test_a_flaw_deep_in_a_list_costs_only_its_own_part() -> None:
    document = example("S2_SITE_ADPA")
    first, second = (plant["chemicals"][0] for plant in document["plants"][:2])
    first["produced"] = "265"
    first["consumed"] = {"value": "-1", "unit": "t"}
    first["chemical"]["cas"] = "111-48-9"
    second["purposes"][0]["code"] = "S2_LOST"
    del second["chemical"]["name"]
    at = "/plants/0/chemicals/0"
    assert [(f.rule, f.pointer) for f in found(document)] == [
        ("S0", f"{at}/produced"),
        ("S0", "/plants/1/chemicals/0/chemical/name"),
        ("F1", f"{at}/chemical/cas"),
        ("F4", f"{at}/consumed"),
        ("F7", "/plants/1/chemicals/0/purposes/0/code"),
    ]


def test_codes_of_a_part_that_lacks_something_are_checked_all_the_same() -> None:
    document = example("S1_TRANSFER_ANNUAL")
    transfer = document["records"][0]["transfers"][0]
    del transfer["recipient"]
    transfer["purpose"], transfer["state_code"] = "S1_LOST", "XAL"
    at = "/records/0/transfers/0"
    assert [(f.rule, f.way, f.pointer) for f in found(document)] == [
        ("S0", "missing", f"{at}/recipient"),
        ("F3", "self", f"{at}/state_code"),
        ("F7", "purposes", f"{at}/purpose"),
    ]


def test_without_year_and_state_nothing_is_guessed() -> None:
    document = example("S2_SITE_ADPA")
    document["state_code"], document["reporting_year"] = "?", None
    document["plants"][0]["chemicals"][0]["earlier"][0]["year"] = 1999
    assert [(f.rule, f.pointer) for f in found(document)] == [
        ("S0", "/state_code"),
        ("S0", "/reporting_year"),
    ]


def test_a_long_value_is_cut_and_a_group_is_not_repeated() -> None:
    spoiled = {"language": "x" * 500, "version": "1", "state_code": {"code": "XAL"}, "scope": []}
    told = found({**example("NIL"), **spoiled})
    assert [f.received for f in told] == ['"1"', "{…}", "x" * 79 + "…", "[]"]


def test_a_wrong_answer_gets_the_nearest_right_one_and_a_strange_one_none() -> None:
    near, far = (found({**example("NIL"), "language": word})[0] for word in ("EN", "tlh"))
    assert near.fix == "Write en, if that is meant."
    assert far.fix == "Choose one of the answers."
    assert near.expected == far.expected == "ar, zh, en, fr, ru, es"


def test_an_unknown_kind_gets_the_nearest_one() -> None:
    told = found({**example("NIL"), "kind": "S2_SITE_ADP"})
    assert told[0].fix == "Write S2_SITE_ADPA, if that is meant."
    assert told[0].received == "S2_SITE_ADP"
    assert "S2_SITE_ADPA" in told[0].expected


def test_a_schema_is_expected_as_it_is_known_here() -> None:
    told = found({**example("NIL"), "schema": "sextant.nil/7"})
    assert (told[0].expected, told[0].received) == ("sextant.nil/1", "sextant.nil/7")


def test_what_is_no_json_says_why() -> None:
    report = check(b'{"kind":"NIL","kind":"NIL"}')
    assert report.findings[0].message.endswith("member 'kind' stands twice.")
    assert report.findings[0].expected == "one JSON object in UTF-8"
    assert check(b"[]").findings[0].received == "list"


def test_a_blank_amount_is_told_from_a_zero() -> None:
    document = example("S1_TRANSFER_NOTIF")
    document["quantity"] = None
    blank = found(document)[0]
    assert blank.way == "blank"
    assert blank.fix.startswith('Zero is "0" with its unit')
    document["quantity"] = {"value": "0", "unit": "g"}
    assert found(document) == ()


def test_a_part_is_expected_by_the_members_that_it_must_have() -> None:
    document = example("S2_SITE_ADPA")
    document["address"] = "1 Harbour Road, Port Alba"
    document["name"] = {"en": "Weiß"}
    document["n_s3_plants"] = "zwölf"
    name, address, count = found(document)
    assert address.expected == "a group of members: street, city, country"
    assert address.received == '"1 Harbour Road, Port Alba"'
    assert (name.expected, count.received) == ("text", '"zwölf"')


def test_a_currency_is_no_state_and_a_sum_of_money_no_mass() -> None:
    document = example("A3_CW_GENERAL_PLAN")
    document["cost_estimate"] = {"value": "2500000", "unit": "euros"}
    assert found(document)[0].expected == "three capital letters"
    document["cost_estimate"] = "2500000 EUR"
    assert found(document)[0].expected.startswith("value and unit (a currency, such as EUR)")
    document = {**example("A3_CW_GENERAL_PLAN"), "state_code": "xal"}
    assert found(document)[0].expected == "a State code of three capital letters"


class Crate(Strict):
    """A part in one of two forms, and a list of them, as no kind has yet."""

    one: Amount | Span
    many: list[Amount | Span]


@pytest.mark.parametrize(
    "document", [{"one": {"unit": 5}, "many": [{"start": "x"}]}, {"one": "265 t", "many": ["x"]}]
)
def test_a_part_of_several_forms_is_told_once_and_by_its_place(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Crate.model_validate(document)
    pointers = [finding.pointer for finding in flaws(Crate, document, caught.value)]
    assert len(set(pointers)) == len(pointers)
    assert {pointer.split("/")[1] for pointer in pointers} == {"one", "many"}
    assert not [pointer for pointer in pointers if "Amount" in pointer or "Span" in pointer]


def spots(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from spots(item, (*path, key))


JUNK: list[Any] = [None, True, 0, -1, 10**15, "", "x", "-1", "XAL", "2025-02-30", [], [[]], {}]
JUNK += [{"value": "-1", "unit": "t"}, {"nothing": "nil", "value": "1"}, ["x", None]]


def is_within(document: Any, pointer: str) -> bool:
    """Return whether a pointer names a place of the document, or a member that it lacks."""
    *path, last = [t.replace("~1", "/").replace("~0", "~") for t in pointer.split("/")[1:]] or [""]
    for token in path:
        document = document[int(token) if isinstance(document, list) else token]
    if isinstance(document, list):
        return int(last) < len(document)
    return isinstance(document, dict)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_whatever_is_broken_the_findings_point_into_the_document(kind: str, data: Any) -> None:
    document = example(kind)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(sorted(spots(document), key=repr)))
        target: Any = document
        for key in path[:-1]:
            target = target[key]
        change = data.draw(st.sampled_from(["junk", "remove", "add"]))
        if change == "junk":
            target[path[-1]] = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
        elif change == "remove":
            del target[path[-1]]
        elif isinstance(target, dict):
            target[data.draw(st.sampled_from(["a/b~c", "valeu", "0"]))] = 1
        if not document:
            break
    report = check(json.dumps(document).encode())
    flaws = [f for f in report.findings if f.rule == "S0"]
    assert len({f.pointer for f in flaws}) == len(flaws)
    assert report.declaration is None or not flaws
    for finding in report.findings:
        assert is_within(document, finding.pointer), finding
        assert finding.message
        assert finding.rule in SMALL or not flaws
    for flaw in flaws:
        assert flaw.expected
        assert flaw.received
        assert flaw.fix
        said = f"{flaw.message} {flaw.expected} {flaw.fix}"
        assert not re.search(r"\^|\\|Input|Literal|\{ ", said), said
