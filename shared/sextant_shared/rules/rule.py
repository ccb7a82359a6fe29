"""What a rule is: an id, a weight, its law, and a pure function that finds places.

The words of a rule stand in `wording`, keyed by its id and the `way` in which it does not hold, so
that a finding can be said in any language. Functions here name ways and figures, never sentences.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sextant_shared.errors import Finding, Severity
from sextant_shared.rules.filings import Filings
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.subject import Subject
from sextant_shared.rules.wording import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place where a rule does not hold.

    `way` names the wording among those of the rule and `args` fill it in. `received` is what stands
    there; the wording says it where nothing does. `severity` is given only where it depends on the
    way.
    """

    pointer: str
    way: str
    args: Mapping[str, str] = field(default_factory=dict)
    received: str = ""
    severity: Severity | None = None


Find = Callable[[Subject, RulePolicy], Iterator[Place]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the pack. Ids are stable; a rule never changes its meaning under the same id.

    `follows` names the rules that are its causes: where one of them finds something, what this one
    says of the same place is a mere consequence and is not told. A `local` rule judges single
    values, so that it can speak of what fits of a document that has flaws elsewhere.
    """

    id: str
    severity: Severity
    law: str
    find: Find
    follows: tuple[str, ...] = ()
    local: bool = False

    def findings(self, subject: Subject, policy: RulePolicy) -> Iterator[Finding]:
        """Yield what this rule finds in a declaration."""
        for place in self.find(subject, policy):
            yield finding(self.id, self.severity, self.law, place)


@dataclass(frozen=True, slots=True)
class Yearly:
    """All that one State has filed, and the year that is looked at."""

    filings: Filings
    state: str
    year: int


FindInYear = Callable[[Yearly, RulePolicy], Iterator[Place]]


@dataclass(frozen=True, slots=True)
class YearRule:
    """A rule about a whole year's filings of one State: what they lack, or deny.

    It speaks of documents that are not there, so its places point at nothing; `kind` and `site`
    among the figures say what is missing. Of what an earlier rule has told, a later one is silent.
    """

    id: str
    severity: Severity
    law: str
    find: FindInYear

    def findings(self, yearly: Yearly, policy: RulePolicy) -> Iterator[Finding]:
        """Yield what this rule finds in a year."""
        for place in self.find(yearly, policy):
            yield finding(self.id, self.severity, self.law, place)


def finding(rule: str, severity: Severity, law: str, place: Place) -> Finding:
    """Return a place where a rule does not hold as a finding, in words."""
    said = words(rule, place.way, place.args)
    return Finding(
        rule=rule,
        severity=place.severity or severity,
        pointer=place.pointer,
        message=said.message,
        expected=said.expected,
        received=place.received or said.received,
        fix=said.fix,
        law=law,
        way=place.way,
        args=tuple(place.args.items()),
    )
