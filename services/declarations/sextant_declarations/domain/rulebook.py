"""What a developer looks up about the checks: the rule pack, each rule explained, code lists."""

from collections.abc import Iterable

from sextant_shared.codelists.search import NAMES, Line, lines_of
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import ReportedFinding
from sextant_shared.models.strict import Strict
from sextant_shared.rules import rule_pack_id
from sextant_shared.rules.explaining import Explanation, Way, Worked, codes, explain
from sextant_shared.rules.wording import LANGUAGES, Language


class RuleLine(Strict):
    """One rule in a few words."""

    id: str
    """What findings call it by."""
    severity: str
    """How much a finding of it weighs, where its way does not say otherwise."""
    law: str
    """The paragraph that it rests on; empty where it is ours."""
    title: str
    """What holds where the rule holds."""


class RuleList(Strict):
    """The rule pack: every finding's code."""

    version: str
    """Version of the pack."""
    digest: str
    """SHA-256 (base64url) over rules, models, policy and code lists, as receipts name it."""
    language: str
    """The language of the titles."""
    rules: list[RuleLine]


class WorkedView(Strict):
    """A flawed declaration in a sentence, and the finding that it has."""

    why: str
    kind: str
    finding: ReportedFinding


class WayView(Strict):
    """One way in which a rule does not hold; figures stand in braces."""

    name: str
    message: str
    expected: str
    fix: str
    example: WorkedView | None


class RuleView(Strict):
    """One rule, explained."""

    id: str
    severity: str
    law: str
    title: str
    why: str
    ways: list[WayView]
    language: str
    """The language of the texts: English where there are none in the one that was asked for."""
    draft: bool
    """Whether they were drafted by machine and wait for a reviewer."""
    version: str
    digest: str


class CodeView(Strict):
    """One line of a code list."""

    code: str
    meaning: str
    facts: dict[str, str]
    valid: str
    evidence: str


class CodeList(Strict):
    """One code list."""

    name: str
    lines: list[CodeView]


def list_rules_in(language: Language) -> RuleList:
    """Return all rules, in the order in which they speak."""
    pack = rule_pack_id()
    said = [explain(code, language) for code in codes()]
    return RuleList(
        version=pack.version,
        digest=pack.digest,
        language=said[0].language,
        rules=[
            RuleLine(id=one.rule, severity=str(one.severity), law=one.law, title=one.title)
            for one in said
        ],
    )


def rule_in(code: str, language: Language) -> RuleView:
    """Return a rule, or one way in which it does not hold, explained.

    Raises:
        PlatformError: `E_NOT_FOUND`.
    """
    return _rule(explain(code, language))


def code_list(name: str) -> CodeList:
    """Return a code list.

    Raises:
        PlatformError: `E_NOT_FOUND`.
    """
    if name not in NAMES:
        raise PlatformError(
            Code.NOT_FOUND,
            "there is no such code list",
            expected=", ".join(NAMES),
            received=name[:64],
            fix="Choose one of these lists.",
        )
    return CodeList(name=name, lines=[_line(line) for line in lines_of(name)])


def preferred(lang: str | None, accepted: Iterable[str]) -> Language:
    """Return the language that is named, else the first accepted that is one of ours, else English.

    Raises:
        PlatformError: `E_MALFORMED`, for a named one that is none of the six.
    """
    for name in accepted if lang is None else [lang]:
        for language in LANGUAGES:
            if language == name.partition("-")[0].lower():
                return language
    if lang is not None:
        raise PlatformError(
            Code.MALFORMED,
            "texts are in the six languages of the Convention only",
            expected=", ".join(LANGUAGES),
            received=lang[:16],
            fix="Name one of these, or none.",
        )
    return "en"


def _rule(said: Explanation) -> RuleView:
    pack = rule_pack_id()
    return RuleView(
        id=said.rule,
        severity=str(said.severity),
        law=said.law,
        title=said.title,
        why=said.why,
        ways=[_way(way) for way in said.ways],
        language=said.language,
        draft=said.is_draft,
        version=pack.version,
        digest=pack.digest,
    )


def _way(way: Way) -> WayView:
    return WayView(
        name=way.name,
        message=way.message,
        expected=way.expected,
        fix=way.fix,
        example=_worked(way.worked) if way.worked else None,
    )


def _worked(worked: Worked) -> WorkedView:
    finding = ReportedFinding.of(worked.finding)
    return WorkedView(why=worked.why, kind=worked.kind, finding=finding)


def _line(line: Line) -> CodeView:
    return CodeView(
        code=line.code,
        meaning=line.meaning,
        facts=dict(line.facts),
        valid=line.valid,
        evidence=line.evidence,
    )
