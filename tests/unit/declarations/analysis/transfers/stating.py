"""Makes real declarations out of short sentences: «2025 XAL exports to XBO 12400 kg»."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sextant_declarations.analysis.transfers.comparing import Comparing
from sextant_declarations.analysis.transfers.facts import DocumentFacts, facts_of
from sextant_declarations.analysis.transfers.index import TransferIndex
from sextant_declarations.analysis.transfers.model import Pair, PairKey
from sextant_declarations.analysis.transfers.policy import (
    DEFAULT_POLICY,
    CountryProfile,
    ListedMembership,
    MatchingPolicy,
    Term,
)
from sextant_shared import codelists
from sextant_shared.models.declaration import DeclarationBase, read_declaration

_SENTENCE = re.compile(
    r"(?P<year>\d{4}) (?P<state>[A-Z]{3}) (?:files (?P<files>\S+)"
    r"|(?P<way>exports|imports) (?:to|from) (?P<partner>[A-Z]{3})"
    r" (?:(?P<less>less)|(?P<nothing>unknown|nil)|(?P<value>\S+) (?P<unit>t|kg|g|mg)))"
    r"(?:, (?P<note>.+))?"
)
_OTHER = {"S2": "76-93-7", "S3": "75-44-5"}  # a record that is about nothing of the example


def head(state: str, year: int, declaration_id: str, version: int = 1) -> dict[str, Any]:
    """Return what a yearly declaration begins with."""
    return {
        "declaration_id": declaration_id,
        "version": version,
        "state_code": state,
        "reporting_year": year,
        "submission_type": "ANNUAL",
        "language": "en",
        "confidentiality": "UNCLASSIFIED",
        "na_contact": [{"name": "Declarations Desk", "function": "National Authority"}],
    }


def chemical(cas: str, **more: Any) -> dict[str, Any]:
    """Return a chemical as declarations name it."""
    listed = codelists.chemicals_by_cas()[cas]
    members = {"name": listed.name, "cas": cas, "schedule": listed.schedule}
    return {**members, "entry": int(listed.entry), **more}


def national(
    state: str, year: int, records: Iterable[Mapping[str, Any]], id_: str = "", version: int = 1
) -> DeclarationBase:
    """Return aggregate national data; the regime is that of the first record."""
    records = list(records)
    regime = f"S{records[0]['chemical']['schedule'][0]}"
    heading = head(state, year, id_ or f"{state}-{year}-{regime}", version)
    kind = {"schema": f"sextant.{regime.lower()}-and/1", "kind": f"{regime}_AND"}
    return read_declaration({**kind, **heading, "records": records})


def nil(state: str, year: int, *scope: str) -> DeclarationBase:
    """Return a nil declaration."""
    heading = head(state, year, f"{state}-{year}-NIL")
    kind = {"schema": "sextant.nil/1", "kind": "NIL"}
    return read_declaration({**kind, **heading, "submission_type": "NIL", "scope": list(scope)})


def said(cas: str, sentences: Iterable[str], version: int = 1) -> list[DeclarationBase]:
    """Return the declarations of these sentences about one chemical: one for each State and year.

    Raises:
        ValueError: for a sentence that says nothing.
    """
    regime = f"S{codelists.chemicals_by_cas()[cas].schedule[0]}"
    records: dict[tuple[str, int], dict[str, Any]] = {}
    for sentence in sentences:
        found = _SENTENCE.fullmatch(sentence)
        if found is None:
            raise ValueError(sentence)
        place = found["state"], int(found["year"])
        if found["files"]:
            records.setdefault(place, {"chemical": chemical(_OTHER[regime])})
            continue
        record = records.setdefault(place, {"chemical": chemical(cas)})
        record.setdefault(found["way"], []).append(_row(found))
    return [
        national(state, year, [record], version=version)
        for (state, year), record in records.items()
    ]


def _row(found: re.Match[str]) -> dict[str, Any]:
    row: dict[str, Any] = {"state_code": found["partner"], "qualifier": "EXACT"}
    if found["less"]:
        row["qualifier"] = "LESS_THAN_THRESHOLD"
    elif found["nothing"]:
        row["quantity"] = {"nothing": found["nothing"]}
    else:
        row["quantity"] = {"value": found["value"], "unit": found["unit"]}
    return {**row, "mixture_note": found["note"]} if found["note"] else row


def facts(
    declarations: Iterable[DeclarationBase], policy: MatchingPolicy = DEFAULT_POLICY
) -> list[DocumentFacts]:
    """Return what declarations say of transfers."""
    return [one for d in declarations if (one := facts_of(d, policy)) is not None]


def comparing(
    profiles: Iterable[CountryProfile] = (),
    policy: MatchingPolicy = DEFAULT_POLICY,
    terms: Mapping[str, Term] | None = None,
) -> Comparing:
    """Return how pairs are compared: by the lists of States and chemicals, unless told."""
    known = {profile.code: profile for profile in profiles}
    return Comparing(policy, known, ListedMembership(terms))


def matched(
    declarations: Iterable[DeclarationBase], how: Comparing | None = None
) -> dict[PairKey, Pair]:
    """Return the pairs of declarations, in a full run."""
    how = how or comparing()
    return TransferIndex.full(how, facts(declarations, how.policy)).pairs


def only(cas: str, *sentences: str, how: Comparing | None = None) -> Pair:
    """Return the one pair that sentences about a chemical are about."""
    (pair,) = matched(said(cas, sentences), how).values()
    return pair
