"""What cases take from practice or proposal: when they open, how urgent, who is shown a figure.

Each member says where it comes from; none may become a constant in a method.
"""

import calendar
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.encoding import b64u, canonical_json, parse_json, sha256
from sextant_shared.models.declaration.heading import Classification, StateCode
from sextant_shared.models.strict import Strict, read_model

MAX_POLICY_BYTES = 1 << 20
Regime = Literal["1", "2", "3"]


class FigureRule(Strict):
    """Whether figures of some rows are shown to the State on the other side.

    A member that is not given stands for all. `markings` are those of the declarations that the row
    stands in; the mark of a rule says what it rests on.
    """

    owner: StateCode | None = None
    """The State whose figure it is."""
    schedule: Regime | None = None
    markings: Annotated[list[Classification], Field(min_length=1)]
    show: bool
    mark: Annotated[str, Field(pattern=r"^[TOMUP](/[TOMUP])*$")] = "P"

    def fits(self, owner: str, schedule: str, marking: str) -> bool:
        """Return whether the rule is about such a row."""
        return (
            self.owner in (None, owner)
            and self.schedule in (None, schedule[:1])
            and marking in self.markings
        )


class CasePolicy(Strict):
    """Configuration of cases."""

    cutoff_month: Annotated[
        int, Field(ge=1, le=12, description="[P] month of the year after: cut-off")
    ] = 4
    cutoff_day: Annotated[
        int, Field(ge=1, le=31, description="[P] cut-off: the last day before cases open")
    ] = 30
    figures: Annotated[
        tuple[FigureRule, ...],
        Field(description="[P] the first rule that fits a row decides; without one: not shown"),
    ] = ()
    size_steps: Annotated[
        tuple[Decimal, ...],
        Field(description="[P] a difference of more thresholds than each is one point more urgent"),
    ] = (Decimal(2), Decimal(10), Decimal(100))
    schedule_1_points: Annotated[
        int, Field(ge=0, description="[P] points of urgency of a Schedule 1 chemical")
    ] = 4
    schedule_2_points: Annotated[int, Field(ge=0, description="[P] the same for Schedule 2")] = 2
    schedule_3_points: Annotated[int, Field(ge=0, description="[P] the same for Schedule 3")] = 0
    repetition_most: Annotated[
        int, Field(ge=0, description="[P] so many earlier years with a case count, a point each")
    ] = 2
    high_from: Annotated[int, Field(description="[P] points from which a case is urgent")] = 5
    medium_from: Annotated[int, Field(description="[P] points from which it is less urgent")] = 3
    prematch_asks: Annotated[
        int, Field(ge=1, description="[P] how often a State may ask about one row in a year")
    ] = 3

    @property
    def id(self) -> str:
        """The digest by which a result names its policy."""
        return b64u(sha256(canonical_json(self.model_dump(mode="json"))))[:16]

    def opens(self, year: int) -> dt.date:
        """Return the first day on which differences of a year become cases."""
        _, last = calendar.monthrange(year + 1, self.cutoff_month)
        cutoff = dt.date(year + 1, self.cutoff_month, min(self.cutoff_day, last))
        return cutoff + dt.timedelta(days=1)

    def points(self, schedule: str) -> int:
        """Return the points of urgency of a part of the schedules, such as 2B."""
        by_schedule = (self.schedule_1_points, self.schedule_2_points, self.schedule_3_points)
        return by_schedule[int(schedule[:1]) - 1]

    def shows(self, owner: str, schedule: str, markings: Sequence[str]) -> bool:
        """Return whether a figure is shown to the other side: every declaration must allow it.

        Where nothing is known of how it is marked, it is not shown.
        """
        return bool(markings) and all(self._shows(owner, schedule, one) for one in markings)

    def _shows(self, owner: str, schedule: str, marking: str) -> bool:
        found = (rule for rule in self.figures if rule.fits(owner, schedule, marking))
        rule = next(found, None)
        return rule is not None and rule.show


DEFAULT_POLICY = CasePolicy()


def read_policy(data: bytes) -> CasePolicy:
    """Return the policy of a file.

    Raises:
        PlatformError: `E_MALFORMED`, with the place that does not fit.
    """
    return read_model(CasePolicy, parse_json(data, max_bytes=MAX_POLICY_BYTES))
