"""What a rule is: an id, a weight, its law, and a pure function that finds places."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sextant_shared.errors import Finding, Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.rules.policy import RulePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place where a rule does not hold; `severity` only where a rule has two weights."""

    pointer: str
    message: str
    expected: str = ""
    received: str = ""
    fix: str = ""
    severity: Severity | None = None


Find = Callable[[DeclarationBase, RulePolicy], Iterator[Place]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the pack. Ids are stable; a rule never changes its meaning under the same id."""

    id: str
    severity: Severity
    law: str
    title: str
    find: Find

    def findings(self, declaration: DeclarationBase, policy: RulePolicy) -> Iterator[Finding]:
        """Yield what this rule finds in a declaration."""
        for place in self.find(declaration, policy):
            yield Finding(
                rule=self.id,
                severity=place.severity or self.severity,
                pointer=place.pointer,
                message=place.message,
                expected=place.expected,
                received=place.received,
                fix=place.fix,
                law=self.law,
            )
