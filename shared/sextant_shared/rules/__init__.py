"""The rule pack: the same pure functions for the command, the SDK and the Secretariat.

`check` takes any bytes and never raises: what is no declaration is a verdict with findings. The
pack has a version and a digest over its rules, the models they read, its policy and the code lists;
both stand in every report. Words are no part of it (`wording`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import ValidationError

from sextant_shared.codelists import FILES, file_bytes
from sextant_shared.encoding import b64u, canonical_json, parse_json, sha256
from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.models.strict import findings_of
from sextant_shared.rules import completeness, formats, sums, thresholds
from sextant_shared.rules.filings import NO_FILINGS, Filings
from sextant_shared.rules.policy import DEFAULT_POLICY, RulePolicy
from sextant_shared.rules.rule import Rule
from sextant_shared.rules.subject import Subject

VERSION = "2026.1"
MAX_DEPTH = 14
MAX_BYTES = 32 << 20
Verdict = Literal["REGISTERED", "RETURNED", "REJECTED"]
# In the order in which they speak: causes stand before what follows from them.
_RULES: tuple[Rule, ...] = (
    *formats.RULES,
    *completeness.RULES,
    *thresholds.RULES,
    *sums.RULES,
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
    data: bytes, policy: RulePolicy = DEFAULT_POLICY, filings: Filings = NO_FILINGS
) -> Report:
    """Return every finding at once; never raises, whatever the bytes.

    `filings` are what the same State has filed before; without them, rules that compare are silent.
    """
    pack = rule_pack_id(policy)
    try:
        members = parse_json(data, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    except PlatformError as error:
        finding = _unreadable(error.detail, error.expected, error.received)
        return Report(None, (finding,), "REJECTED", pack, None)
    digest = sha256(canonical_json(members))
    try:
        declaration = read_declaration(members)
    except PlatformError as error:
        finding = _unknown_kind(error)
        return Report(None, (finding,), "REJECTED", pack, digest)
    except ValidationError as error:
        found = [_with_fix(finding) for finding in findings_of(error)]
        return Report(None, tuple(found), "RETURNED", pack, digest)
    findings = tuple(run_rules(Subject(declaration, filings), policy))
    must_fix = any(finding.severity is Severity.MUST_FIX for finding in findings)
    return Report(declaration, findings, "RETURNED" if must_fix else "REGISTERED", pack, digest)


def run_rules(subject: Subject, policy: RulePolicy) -> list[Finding]:
    """Return the findings of all rules, causes without their consequences."""
    places: dict[str, list[str]] = {}
    told: list[Finding] = []
    for rule in _RULES:
        causes = [place for cause in rule.follows for place in places.get(cause, ())]
        found = [
            finding
            for finding in rule.findings(subject, policy)
            if not any(_covers(place, finding.pointer) for place in causes)
        ]
        places[rule.id] = [finding.pointer for finding in found]
        told += found
    return told


def list_rules() -> Sequence[Rule]:
    """Return all rules, in the order in which they speak."""
    return _RULES


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


def _covers(place: str, pointer: str) -> bool:
    return place == pointer or place.startswith(f"{pointer}/") or pointer.startswith(f"{place}/")


def _with_fix(finding: Finding) -> Finding:
    return replace(finding, fix="Correct this place to fit the model of its kind.")


def _unreadable(detail: str, expected: str, received: str) -> Finding:
    return Finding(
        rule="S0",
        severity=Severity.MUST_FIX,
        pointer="",
        message=f"this is no readable document: {detail}",
        expected=expected or "one JSON object in UTF-8",
        received=received,
        fix="Export the declaration again and send that file.",
    )


def _unknown_kind(error: PlatformError) -> Finding:
    return Finding(
        rule="S0",
        severity=Severity.MUST_FIX,
        pointer="/schema" if "schema" in error.detail else "/kind",
        message=error.detail,
        expected=error.expected,
        received=error.received,
        fix=error.fix,
    )
