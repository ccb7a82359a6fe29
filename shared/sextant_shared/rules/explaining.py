"""Explains a rule to somebody who met it: what holds, why, in which ways it does not, an example.

All from the words of the pack and from flawed declarations that the rules were tried on
(`words/worked.json`, generated). Not responsible for codes of errors (`protocol.problems`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.rules import list_rules
from sextant_shared.rules.wording import (
    DRAFTS,
    Language,
    explanation,
    pattern,
    reworded,
    title,
    ways,
)

_MAX_WORKED_BYTES = 4 << 20
# What findings are called by and no rule of the pack finds: the structure, and the register itself.
_OUTSIDE: Mapping[str, tuple[Severity, str]] = {
    "S0": (Severity.MUST_FIX, ""),
    "REG-0": (Severity.MUST_FIX, ""),
    "REG-1": (Severity.MUST_FIX, "VII(4)"),
    "REG-2": (Severity.MUST_FIX, ""),
    "REG-3": (Severity.MUST_FIX, ""),
    "REG-4": (Severity.MUST_FIX, ""),
    "REG-5": (Severity.INFORMATION, ""),
    "REG-6": (Severity.MUST_FIX, ""),
    "REG-7": (Severity.EXPLAIN_OR_FIX, ""),
    "REG-8": (Severity.EXPLAIN_OR_FIX, ""),
}


@dataclass(frozen=True, slots=True)
class Worked:
    """A flawed declaration in a sentence, and the finding that it has."""

    why: str
    kind: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a rule does not hold; figures stand in braces."""

    name: str
    message: str
    expected: str
    fix: str
    worked: Worked | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule as people read it.

    `language` is that of the texts: English where there are none in the one that was asked for.
    `is_draft` says that they were drafted by machine and wait for a reviewer.
    """

    rule: str
    severity: Severity
    law: str
    title: str
    why: str
    ways: tuple[Way, ...]
    language: Language
    is_draft: bool


def explain(code: str, language: Language = "en") -> Explanation:
    """Return the explanation of a rule (`X4`) or of one way in which it does not hold (`X4-range`).

    Raises:
        PlatformError: `E_NOT_FOUND`.
    """
    rule, way = _split(code)
    severity, law = _facts()[rule]
    return Explanation(
        rule=rule,
        severity=severity,
        law=law,
        title=title(rule, language),
        why=explanation(rule, language),
        ways=tuple(_way(rule, name, language) for name in ways(rule) if way in {None, name}),
        language=language,
        is_draft=language in DRAFTS,
    )


def codes() -> Sequence[str]:
    """Return everything that findings are called by, in the order in which rules speak."""
    return tuple(_facts())


def _facts() -> Mapping[str, tuple[Severity, str]]:
    return {**_OUTSIDE, **{rule.id: (rule.severity, rule.law) for rule in list_rules()}}


def _split(code: str) -> tuple[str, str | None]:
    asked = code.strip()
    for rule in _facts():
        if asked.upper() == rule:
            return rule, None
        name = asked[len(rule) + 1 :].lower()
        if asked.upper().startswith(f"{rule}-") and name in ways(rule):
            return rule, name
    raise PlatformError(
        Code.NOT_FOUND,
        "there is no such rule",
        expected="a rule of `sextant rules list`, such as X4, or one of its ways, such as X4-range",
        received=asked[:40],
        fix="Take the code from a finding, or from the list of rules.",
    )


def _way(rule: str, name: str, language: Language) -> Way:
    said = pattern(rule, name, language)
    worked = _worked().get(f"{rule}-{name}")
    if worked is not None:
        worked = Worked(worked.why, worked.kind, reworded(worked.finding, language))
    return Way(name, said.message, said.expected, said.fix, worked)


@lru_cache
def _worked() -> Mapping[str, Worked]:
    text = (files("sextant_shared.rules") / "words" / "worked.json").read_bytes()
    read: dict[str, Any] = parse_json(text, max_bytes=_MAX_WORKED_BYTES, max_depth=8)
    return {name: _example(members) for name, members in read.items()}


def _example(members: Mapping[str, Any]) -> Worked:
    found = members["finding"]
    finding = Finding(
        **{
            **found,
            "severity": Severity(found["severity"]),
            "args": tuple(found["args"].items()),
        }
    )
    return Worked(members["why"], members["kind"], finding)
