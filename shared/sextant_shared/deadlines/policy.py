"""What the deadlines take from practice or proposal rather than from the treaty's text.

Each member says where it comes from. A policy has an id over itself and the table of rules; a
status is stored with it.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from sextant_shared.deadlines.table import Duty, rules_bytes
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.models.declaration.heading import StateCode
from sextant_shared.models.strict import Strict

VERSION = "2026.1"
_LEAP_FREE = 2001
_ARTICLE_VI = (Duty.S1_SSSF, Duty.S1_OTHER, Duty.S1_TRANSFER, Duty.S2, Duty.S3, Duty.OCPF)


def _is_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no time zone of the IANA database") from error
    return name


def _is_every_year(month_day: str) -> str:
    dt.date.fromisoformat(f"{_LEAP_FREE}-{month_day}")  # a ValueError is a finding
    return month_day


MonthDay = Annotated[str, Field(pattern=r"^[0-9]{2}-[0-9]{2}$"), AfterValidator(_is_every_year)]
Duties = Annotated[tuple[Annotated[Duty, Field(strict=False)], ...], Field(strict=False)]


class StateProfile(Strict):
    """The duties of one State, where they differ from those of the rest."""

    state_code: StateCode
    """The State."""
    duties: Duties
    """What it has beside the duties of every State Party."""
    destruction_period_begins: MonthDay | None = None
    """Month and day, where its annual destruction period begins on another than the policy's."""


class DeadlinePolicy(Strict):
    """Configuration of the deadlines."""

    reading: Annotated[
        Literal["instant", "calendar"],
        Field(
            description="[P] N x 24 hours from the turn of the year, as practice has it [M];"
            " a calendar reading gives one day more before a year and for OCPF"
        ),
    ] = "instant"
    time_zone: Annotated[
        str,
        AfterValidator(_is_zone),
        Field(description="[P] where a day ends; the seat is in The Hague, the treaty is silent"),
    ] = "Europe/Amsterdam"
    late_notice: Annotated[
        Literal["by-due-day", "before-receipt", "ignored"],
        Field(description="[M] EC-51/DEC.1 asks for it; until when it counts is [P]"),
    ] = "by-due-day"
    destruction_period_begins: Annotated[
        MonthDay,
        Field(description="[P] month and day; the treaty's annual period need not be the year"),
    ] = "01-01"
    duties: Annotated[
        Duties, Field(description="[P] what a State has of which nothing else is known")
    ] = _ARTICLE_VI
    profiles: Annotated[
        tuple[StateProfile, ...],
        Field(strict=False, description="[P] States whose duties are known"),
    ] = ()

    def duties_of(self, state: str) -> frozenset[Duty]:
        """Return the duties of a State, among them those of every State Party."""
        known = self._profile(state)
        return frozenset({Duty.EVERY, *(known.duties if known else self.duties)})

    def period_begins(self, state: str) -> tuple[int, int]:
        """Return month and day on which a State's annual destruction period begins."""
        known = self._profile(state)
        stated = known.destruction_period_begins if known else None
        month, day = (stated or self.destruction_period_begins).split("-")
        return int(month), int(day)

    def _profile(self, state: str) -> StateProfile | None:
        return next((p for p in self.profiles if p.state_code == state), None)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which a day ends."""
        return ZoneInfo(self.time_zone)


DEFAULT_POLICY = DeadlinePolicy()


@dataclass(frozen=True, slots=True)
class PolicyId:
    """Which rules reckoned: version, and base64url SHA-256 over policy and table."""

    version: str
    digest: str


@lru_cache
def policy_id(policy: DeadlinePolicy = DEFAULT_POLICY) -> PolicyId:
    """Return version and digest of a policy with the table of rules."""
    members = {
        "version": VERSION,
        "policy": policy.model_dump(mode="json"),
        "rules": b64u(sha256(rules_bytes())),
    }
    return PolicyId(VERSION, b64u(sha256(canonical_json(members))))
