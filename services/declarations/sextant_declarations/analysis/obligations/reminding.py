"""Which reminders are due, and their words in the State's language.

One reminder is about one kind and period of one State, at one stage: sites that lack the same
declaration are reminded of together. Stages that passed unused are not made up for: of several, the
latest alone is due. Whoever promised a day is not reminded before it is over.

English and French are ours; the other four languages were drafted by machine and wait for a
reviewer, as with the words of the rules.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sextant_declarations.analysis.obligations.obligation import Obligation
from sextant_declarations.analysis.obligations.policy import ObligationPolicy
from sextant_declarations.analysis.obligations.standing import Standing, Status
from sextant_declarations.analysis.words import said
from sextant_shared.encoding import b64u, sha256
from sextant_shared.models.declaration import CATALOGUE

_PACKAGE = "sextant_declarations.analysis.obligations"
_FROM_HISTORY = "P"
_KEY_BYTES = 18
REMINDED = frozenset({Status.NOT_DUE, Status.MISSING})


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a State is reminded of: `stage` in days from the due day, `about` the obligations."""

    state: str
    stage: int
    about: tuple[Obligation, ...]

    @property
    def first(self) -> Obligation:
        """One obligation; all are of one kind and period."""
        return self.about[0]

    @property
    def key(self) -> str:
        """The name under which it is sent: once, for ever."""
        due = self.first.due
        named = f"{self.state}/{due.rule.id}/{due.period}/{self.stage}"
        return f"remind-{b64u(sha256(named.encode())[:_KEY_BYTES])}"


def reminders(
    found: Iterable[tuple[Obligation, Standing]], today: dt.date, policy: ObligationPolicy
) -> list[Reminder]:
    """Return what is due to be reminded of on a day, the oldest due day first."""
    groups: dict[tuple[str, str, str], list[Obligation]] = {}
    for one, stands in found:
        is_expected = policy.remind_from_history or one.evidence != _FROM_HISTORY
        if stands.status in REMINDED and is_expected:
            key = one.due.state, one.due.rule.id, one.due.period
            groups.setdefault(key, []).append(one)
    result = []
    for about in groups.values():
        due = about[0].due
        passed = [n for n in policy.stages(due.kind) if due.day + dt.timedelta(n) <= today]
        if passed:
            result.append(Reminder(due.state, passed[-1], tuple(about)))
    return sorted(result, key=lambda r: (r.first.due.day, r.state, r.first.due.rule.id))


def worded(one: Reminder, language: str) -> tuple[str, str]:
    """Return subject and text, in a language of the Convention; else in English."""
    due = one.first.due
    figures = {
        "title": CATALOGUE[due.kind].title if due.kind in CATALOGUE else due.kind,
        "kind": due.kind,
        "period": due.period,
        "due": due.day.isoformat(),
        "law": due.rule.law,
    }
    way = "ahead" if one.stage < 0 else "past"
    subject = said(_PACKAGE, f"{way}-subject", language, figures)
    return subject, said(_PACKAGE, f"{way}-text", language, figures)
