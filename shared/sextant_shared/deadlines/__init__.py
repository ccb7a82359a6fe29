"""When declarations are due, and whether they came in time.

`due` is the deadline function, `agenda` what a State owes in a calendar year, `timeliness` the
word on one receipt. The rules are a table with law and evidence mark; what is practice or proposal
rather than law is a policy, and the policy's id stands in every answer.
"""

from sextant_shared.deadlines.policy import (
    DEFAULT_POLICY,
    DeadlinePolicy,
    PolicyId,
    StateProfile,
    policy_id,
)
from sextant_shared.deadlines.reckoning import NO_FACTS, Due, Facts, agenda, due
from sextant_shared.deadlines.table import DeadlineRule, Duty, Reckoning, rules, rules_by_kind
from sextant_shared.deadlines.timeliness import (
    Notice,
    Timeliness,
    Word,
    closes,
    day_of,
    timeliness,
)

__all__ = (
    "DEFAULT_POLICY",
    "NO_FACTS",
    "DeadlinePolicy",
    "DeadlineRule",
    "Due",
    "Duty",
    "Facts",
    "Notice",
    "PolicyId",
    "Reckoning",
    "StateProfile",
    "Timeliness",
    "Word",
    "agenda",
    "closes",
    "day_of",
    "due",
    "policy_id",
    "rules",
    "rules_by_kind",
    "timeliness",
)
