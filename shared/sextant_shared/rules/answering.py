"""Rule A1 and the answers themselves: a finding to explain is answered by a reason at its place.

An answer is bound by rule, by way where it names one, and by stable place, so that it survives the
reordering of rows; never to a finding that must be fixed, and never beyond its last year. What an
answer does not reach is told: a reason nobody sees answers nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sextant_shared.errors import Finding, Severity
from sextant_shared.models.declaration.heading import Answer
from sextant_shared.models.declaration.natural import StablePlaces
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject


@dataclass(frozen=True)
class Bound:
    """Which findings (by position) are answered, and which answers (by position) reach none."""

    reasons: Mapping[int, str]
    idle: Mapping[int, str]


def bind(subject: Subject, told: Sequence[Finding]) -> Bound:
    """Return how the answers of a declaration and its findings belong together."""
    reasons: dict[int, str] = {}
    idle: dict[int, str] = {}
    answers = subject.declaration.answers
    places = _places(subject, told) if answers else {}
    for position, answer in enumerate(answers):
        met = [n for n in places.get((answer.rule, answer.place), ()) if _fits(answer, told[n])]
        open_ = [n for n in met if told[n].severity is Severity.EXPLAIN_OR_FIX and n not in reasons]
        if not open_:
            must_fix = any(told[n].severity is Severity.MUST_FIX for n in met)
            idle[position] = "must-fix" if must_fix else "unfit"
        elif subject.declaration.year > answer.until:
            idle[position] = "expired"
        else:
            reasons |= dict.fromkeys(open_, answer.reason)
    return Bound(reasons, idle)


def answered(subject: Subject, told: Sequence[Finding]) -> list[Finding]:
    """Return the findings with the reasons that answer them."""
    reasons = bind(subject, told).reasons
    return [
        replace(finding, answer=reasons[n]) if n in reasons else finding
        for n, finding in enumerate(told)
    ]


def is_open(finding: Finding) -> bool:
    """Return whether a finding still waits for a correction or a reason."""
    return finding.severity is Severity.EXPLAIN_OR_FIX and not finding.answer


def _places(subject: Subject, told: Sequence[Finding]) -> dict[tuple[str, str], list[int]]:
    """Return the positions of findings by rule and stable place."""
    wanted = {answer.rule for answer in subject.declaration.answers}
    stable = StablePlaces(subject.document)
    found: dict[tuple[str, str], list[int]] = {}
    for n, finding in enumerate(told):
        if finding.rule in wanted:
            found.setdefault((finding.rule, stable(finding.pointer)), []).append(n)
    return found


def _fits(answer: Answer, finding: Finding) -> bool:
    return answer.way is None or answer.way == finding.way


def _a1(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    answers = subject.declaration.answers
    for position, way in bind(subject, subject.told).idle.items():
        answer = answers[position]
        yield Place(
            pointer=f"/answers/{position}",
            way=way,
            args={"rule": answer.rule, "place": answer.place, "until": str(answer.until)},
        )


RULES = (Rule("A1", Severity.INFORMATION, "", _a1),)
