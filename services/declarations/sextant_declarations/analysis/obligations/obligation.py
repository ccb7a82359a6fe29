"""One obligation, and what is known when obligations are reckoned."""

import datetime as dt
from dataclasses import dataclass

from sextant_declarations.analysis.obligations.expectations import Because
from sextant_declarations.analysis.obligations.facts import Filing
from sextant_declarations.analysis.obligations.policy import DEFAULT, ObligationPolicy
from sextant_shared.deadlines import DEFAULT_POLICY, DeadlinePolicy, Due, Notice
from sextant_shared.encoding import b64u, sha256

ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Something that a State owes once; `subject` is the site, facility or transfer it is about.

    `of` are the State's numbers of the filings that make it expected, `filed` what came for it,
    oldest first; `nil` the nil declaration that closes it.
    """

    due: Due
    subject: str
    because: Because
    law: str
    evidence: str
    of: tuple[str, ...] = ()
    filed: tuple[Filing, ...] = ()
    nil: Filing | None = None
    notice: Notice | None = None

    @property
    def id(self) -> str:
        """A name that stays the same whenever it is reckoned."""
        said = f"{self.due.state}/{self.due.rule.id}/{self.due.period}/{self.subject}"
        return b64u(sha256(said.encode())[:ID_BYTES])

    @property
    def year(self) -> int:
        """The year that it is about: reported on, or of its event."""
        return self.due.year if self.due.year is not None else (self.due.event or self.due.day).year


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the filings: the policies, the State's term, and from when to reckon.

    Nothing that was due before `since` is owed to this register, nor what is due from `left` on.
    """

    deadlines: DeadlinePolicy = DEFAULT_POLICY
    policy: ObligationPolicy = DEFAULT
    eif: dt.date | None = None
    left: dt.date | None = None
    since: dt.date = dt.date.min


ALL_KNOWN = Known()
