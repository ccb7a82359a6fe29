"""Assistance and protection against chemical weapons (Article X)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import MaybeMoney
from sextant_shared.models.declaration.heading import (
    About,
    Classification,
    Code,
    Day,
    EventBase,
    Files,
    LongText,
    Text,
    YearlyBase,
)
from sextant_shared.models.strict import Deferred


class Section(Deferred):
    """One part of the information on the national protective programme.

    The field list of the agreed format is not confirmed (domain mark [U]): topics are codes of a
    list that the Secretariat gives, never fixed here.
    """

    topic: Code
    """Topic of the format. [C-9/DEC.10]"""
    title: Text
    """The topic in words. [C-9/DEC.10]"""
    text: LongText
    """What the State says of it. [C-9/DEC.10]"""
    classification: Classification
    """Classification of this part; sensitive parts may be marked. [C-9/DEC.10]"""
    evidence: Files = Field(default_factory=list)
    """Attached to this part. [C-9/DEC.10]"""


class X4Protective(YearlyBase):
    """Information on the national protective programme.

    Every State gives it each year; «no programme» is an answer too.
    """

    about: ClassVar[About] = About("X(4), C-9/DEC.10", "past")

    kind: Literal["X4_PROTECTIVE"]
    has_programme: bool
    """Whether there is a national programme related to protective purposes. [X(4)]"""
    sections: Annotated[list[Section], Field(max_length=200)] = Field(default_factory=list)
    """The parts of the format. [C-9/DEC.10]"""


class Measure(Deferred):
    """One measure of assistance that a State has chosen (X(7))."""

    measure: Literal["FUND", "AGREEMENT", "OFFER"]
    """Contribution to the voluntary fund, agreement on procurement, or unilateral offer. [X(7)]"""
    contribution: MaybeMoney = None
    """Sum, for the voluntary fund. [X(7)(a)]"""
    agreement_date: Day | None = None
    """Day on which the agreement was, or is to be, concluded. [X(7)(b)]"""
    offer: Annotated[str, Field(min_length=1, max_length=5000)] | None = None
    """What is offered: equipment, experts, medical help and the like. [X(7)(c)]"""


class X7Assistance(EventBase):
    """Assistance: measures that the State has elected.

    `event_date` is the day of entry into force, or of the change.
    """

    about: ClassVar[About] = About("X(7)", "event")

    kind: Literal["X7_ASSISTANCE"]
    measures: Annotated[list[Measure], Field(min_length=1, max_length=50)]
    """One measure or more. [X(7)]"""
