"""The rule pack: the same pure functions for the command, the SDK and the Secretariat.

`check` takes any bytes and never raises: what is no declaration is a verdict with findings. The
pack has a version and a digest over its rules, the models they read, its policy and the code lists;
both stand in every report. Words are no part of it (`wording`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import ValidationError

from sextant_shared.codelists import FILES, file_bytes
from sextant_shared.encoding import b64u, canonical_json, parse_json, sha256
from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.models.declaration.filing import Amendment
from sextant_shared.models.declaration.folding import fold
from sextant_shared.models.declaration.reading import kind_of, upgrade
from sextant_shared.rules import (
    amending,
    answering,
    completeness,
    formats,
    notices,
    plans,
    siblings,
    stocks,
    structure,
    sums,
    thresholds,
    totals,
    years,
)
from sextant_shared.rules.expected import YEAR_RULES, is_reported
from sextant_shared.rules.filings import NO_FILINGS, Filings, document_of
from sextant_shared.rules.fitting import subject_of_flawed
from sextant_shared.rules.policy import DEFAULT_POLICY, RulePolicy
from sextant_shared.rules.rule import Rule, Yearly, YearRule
from sextant_shared.rules.subject import Subject

VERSION = "2026.1"
MAX_DEPTH = 14
MAX_BYTES = 32 << 20
FilingsFor = Callable[[DeclarationBase], Filings]
Verdict = Literal["REGISTERED", "RETURNED", "REJECTED"]
# In the order in which they speak: causes stand before what follows from them.
_RULES: tuple[Rule, ...] = (
    *formats.RULES,
    *completeness.RULES,
    *thresholds.RULES,
    *sums.RULES,
    *siblings.RULES,
    *notices.RULES,
    *totals.RULES,
    *stocks.RULES,
    *plans.RULES,
    *years.RULES,
    *amending.RULES,
    *answering.RULES,  # last: an answer is about what all others found
)
_SOURCES = ("sextant_shared.rules", "sextant_shared.models.declaration")


@dataclass(frozen=True, slots=True)
class PackId:
    """Which rules spoke: version and base64url SHA-256."""

    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the rules say of one document.

    `REGISTERED` has nothing to fix, `RETURNED` has, `REJECTED` is no declaration at all.
    `content_digest` is SHA-256 of the document's canonical form.
    """

    declaration: DeclarationBase | None
    findings: tuple[Finding, ...]
    verdict: Verdict
    pack: PackId
    content_digest: bytes | None


def check(
    data: bytes,
    policy: RulePolicy = DEFAULT_POLICY,
    filings: Filings | FilingsFor = NO_FILINGS,
) -> Report:
    """Return every finding at once; never raises, whatever the bytes.

    `filings` are what the same State has filed, or find that once the declaration is read; those of
    the years around it are compared, and without them rules that compare are silent. Of an
    amendment the result is checked too: those findings name the amended version in `document`.
    """
    pack = rule_pack_id(policy)
    try:
        members = parse_json(data, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    except PlatformError as error:
        return Report(None, structure.unreadable(error), "REJECTED", pack, None)
    digest = sha256(canonical_json(members))
    try:
        declaration = read_declaration(members)
    except PlatformError as error:
        return Report(None, (structure.unknown_kind(members, error),), "REJECTED", pack, digest)
    except ValidationError as error:
        findings = tuple(_flawed(members, error, policy))
        return Report(None, findings, "RETURNED", pack, digest)
    known = filings if isinstance(filings, Filings) else filings(declaration)
    known = known.around(declaration, policy)
    findings = tuple(_told(Subject(declaration, known), policy))
    if isinstance(declaration, Amendment):
        findings += tuple(_of_result(declaration, known, policy))
    must_fix = any(finding.severity is Severity.MUST_FIX for finding in findings)
    return Report(declaration, findings, "RETURNED" if must_fix else "REGISTERED", pack, digest)


def check_filings(
    filings: Filings, year: int, policy: RulePolicy = DEFAULT_POLICY
) -> tuple[Finding, ...]:
    """Return what the filings of a year lack or deny as a whole, State by State.

    `check` speaks of one document beside the others; this speaks of documents that are not there,
    so its findings point at no place. It needs the years before, too; a State that has filed
    nothing on the past of the year is not judged.
    """
    return tuple(
        finding
        for state in filings.states
        for finding in _lacking(Yearly(filings, state, year), policy)
    )


def _lacking(yearly: Yearly, policy: RulePolicy) -> Iterator[Finding]:
    if not is_reported(yearly):
        return
    told: set[tuple[str, str]] = set()
    for rule in YEAR_RULES:
        found = [f for f in rule.findings(yearly, policy) if _what(f) not in told]
        told |= {(kind, about) for kind, site in map(_what, found) for about in ("", site)}
        yield from found


def _what(finding: Finding) -> tuple[str, str]:
    """Return what is missing: the kind and, where it is about one, the site."""
    args = dict(finding.args)
    return args["kind"], args.get("site", "")


def run_rules(
    subject: Subject, policy: RulePolicy, rules: Sequence[Rule] = _RULES
) -> list[Finding]:
    """Return the findings of all rules, causes without their consequences."""
    places: dict[str, list[str]] = {}
    told = subject.told
    for rule in rules:
        causes = (place for cause in rule.follows for place in places.get(cause, ()))
        found = _not_below(causes, rule.findings(subject, policy))
        places[rule.id] = [finding.pointer for finding in found]
        told += found
    return told


def _told(subject: Subject, policy: RulePolicy) -> list[Finding]:
    """Return the findings of all rules with the reasons that answer them."""
    return answering.answered(subject, run_rules(subject, policy))


def _of_result(amendment: Amendment, filings: Filings, policy: RulePolicy) -> list[Finding]:
    """Return what the rules say of the version that an amendment gives."""
    target = amending.amended_by(amendment, filings)
    if target is None:
        return []
    name = f"{target.declaration_id} version {target.version + 1}"
    try:
        document = fold(document_of(target), amendment)
    except PlatformError:
        return []  # it does not fit, as A2 says
    try:
        result = Subject(read_declaration(document), filings)
        found = _told(result, policy)
    except PlatformError as error:
        found = [structure.unknown_kind(document, error)]
    except ValidationError as error:
        found = _flawed(document, error, policy)
    return [replace(finding, document=name) for finding in found]


def list_rules() -> Sequence[Rule | YearRule]:
    """Return all rules, in the order in which they speak."""
    return *_RULES, *YEAR_RULES


@lru_cache
def rule_pack_id(policy: RulePolicy = DEFAULT_POLICY) -> PackId:
    """Return version and digest of the pack under a policy."""
    members = {
        "version": VERSION,
        "policy": {name: str(value) for name, value in policy.model_dump().items()},
        "lists": {name: b64u(sha256(file_bytes(name))) for name in FILES},
        "sources": _source_digests(),
    }
    return PackId(VERSION, b64u(sha256(canonical_json(members))))


def _source_digests() -> dict[str, str]:
    """Return a digest of each module whose change could change a finding."""
    return {
        f"{package}/{file.name}": b64u(sha256(file.read_bytes()))
        for package in _SOURCES
        for file in files(package).iterdir()
        if file.name.endswith(".py")
    }


def _flawed(
    members: Mapping[str, Any], error: ValidationError, policy: RulePolicy
) -> list[Finding]:
    """Return what does not fit, and what the rules say of the rest."""
    kind = kind_of(members)
    document = upgrade(members, kind)
    flaws = structure.flaws(kind.model, document, error)
    subject = subject_of_flawed(kind.model, document)
    local = [rule for rule in _RULES if rule.local]
    found = answering.answered(subject, run_rules(subject, policy, local))
    return [*flaws, *_not_below([flaw.pointer for flaw in flaws], found)]


def _not_below(causes: Iterable[str], findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that are no consequences of what was found at certain places.

    A finding at the same place as a cause, within it or around it is a consequence.
    """
    at = set(causes)
    hit = at | {above for place in at for above in _above(place)}
    return [
        f
        for f in findings
        if f.pointer not in hit and not any(above in at for above in _above(f.pointer))
    ]


def _above(pointer: str) -> Iterator[str]:
    """Yield the places around a place."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        yield pointer
