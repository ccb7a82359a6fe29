"""The blind pre-match: of its own rows a State learns whether they fit, and no figure.

Three answers. «Agrees» also where nobody can tell that it differs, and where a figure of the
partner is no figure but a bound: an answer that told the two apart would tell of the partner's row.

What keeps a State from finding a partner's figure by asking often:

* An ask names no figure. It is about rows of a version that is registered, so each guess is a
  signed declaration that stays.
* One row of one year is answered a few times in a year (policy), whatever happened in between: with
  n answers nobody tells apart more than 3^n figures, each as wide as the tolerance.
* From the cut-off on nothing is answered: then there are cases.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from sextant_declarations.analysis.cases.policy import CasePolicy
from sextant_declarations.analysis.transfers.model import Klass, Pair

_SILENT = frozenset(
    {
        Klass.PENDING,
        Klass.NSP_S1,
        Klass.NSP_S2,
        Klass.NSP_S3,
        Klass.SELF_OR_INVALID,
        Klass.NOT_COMPARED,
    }
)


class Outcome(StrEnum):
    """What a State learns of one of its rows."""

    AGREES = "agrees"
    DIFFERS = "differs"
    PARTNER_SILENT = "partner-silent"


class Unanswered(StrEnum):
    """Why nothing is said of a row. None of it tells anything of the partner."""

    ASKED_TOO_OFTEN = "asked-too-often"
    TOO_LATE = "too-late"
    NOT_OWN_ROW = "not-own-row"
    """The version that was asked about is not in force, or has no such row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One row that is asked about: the pair if the version has such a row, and earlier answers."""

    year: int
    pair: Pair | None
    answered_before: int


def outcome(pair: Pair) -> Outcome:
    """Return what is said of a pair, to either of its two States."""
    if pair.klass in _SILENT:
        return Outcome.PARTNER_SILENT
    return Outcome.DIFFERS if pair.klass.is_difference else Outcome.AGREES


def answer(asked: Asked, today: dt.date, policy: CasePolicy) -> Outcome | Unanswered:
    """Return the answer, or why there is none: decided before the partner is looked at."""
    if today >= policy.opens(asked.year):
        return Unanswered.TOO_LATE
    if asked.pair is None:
        return Unanswered.NOT_OWN_ROW
    if asked.answered_before >= policy.prematch_asks:
        return Unanswered.ASKED_TOO_OFTEN
    return outcome(asked.pair)
