"""Old and abandoned chemical weapons (Article III(1)(b), Verification Annex Part IV(B))."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.heading import About, Day, EventBase, LongText, StateCode
from sextant_shared.models.declaration.weapons import FoundWeapons


class OldWeapons(FoundWeapons):
    """Old chemical weapons of one type at one place (IV(B).3)."""

    era: Literal["PRE_1925", "FROM_1925_TO_1946"]
    """Made before 1925, or between 1925 and 1946. [IV(B).3]"""
    unusable: bool | None = None
    """Of those from 1925 to 1946: whether they have deteriorated so that they cannot be used;
    blank: not yet known, or made before 1925. [IV(B).3]"""


class AbandonedWeapons(FoundWeapons):
    """Abandoned chemical weapons of one type at one place (IV(B).8-10)."""

    abandonment: LongText
    """What is known of how they were abandoned. [IV(B).8, IV(B).10]"""
    abandoned_on: Day | None = None
    """Day on which they were abandoned, if known. [IV(B).10]"""


OldFinds = Annotated[list[OldWeapons], Field(max_length=2000)]
AbandonedFinds = Annotated[list[AbandonedWeapons], Field(max_length=2000)]


class A3Ocw(EventBase):
    """Old chemical weapons: declaration at entry into force."""

    about: ClassVar[About] = About("III(1)(b)(i), IV(B).3", "once", form="OCWPRE25")

    kind: Literal["A3_OCW"]
    has_old: bool
    """Whether there are old chemical weapons on the territory. [III(1)(b)(i)]"""
    finds: OldFinds = Field(default_factory=list)
    """The weapons. [IV(B).3]"""


class OcwDiscovery(EventBase):
    """Old chemical weapons found later.

    `event_date` is the day of the discovery.
    """

    about: ClassVar[About] = About("IV(B).4", "event", form="OCWPRE25")

    kind: Literal["OCW_DISCOVERY"]
    finds: Annotated[list[OldWeapons], Field(min_length=1, max_length=2000)]
    """What was found. [IV(B).4]"""


class A3AcwTerritorial(EventBase):
    """Abandoned chemical weapons: declaration of the State on whose territory they are."""

    about: ClassVar[About] = About("III(1)(b)(ii), IV(B).8", "once")

    kind: Literal["A3_ACW_TERRITORIAL"]
    has_abandoned: bool
    """Whether there are abandoned chemical weapons on the territory. [III(1)(b)(ii)]"""
    abandoning_states: Annotated[list[StateCode], Field(max_length=20)] = Field(
        default_factory=list
    )
    """The States that abandoned them, where they are known. [IV(B).8]"""
    finds: AbandonedFinds = Field(default_factory=list)
    """The weapons. [IV(B).8]"""


class A3AcwAbandoning(EventBase):
    """Abandoned chemical weapons: declaration of the State that abandoned them."""

    about: ClassVar[About] = About("III(1)(b)(iii), IV(B).10", "once")

    kind: Literal["A3_ACW_ABANDONING"]
    has_abandoned: bool
    """Whether it has abandoned chemical weapons on the territory of others. [III(1)(b)(iii)]"""
    territorial_states: Annotated[list[StateCode], Field(max_length=50)] = Field(
        default_factory=list
    )
    """The States on whose territory they are. [IV(B).10]"""
    finds: AbandonedFinds = Field(default_factory=list)
    """The weapons, as far as they are known. [IV(B).10]"""


class AcwDiscovery(EventBase):
    """Abandoned chemical weapons found later.

    `event_date` is the day of the discovery.
    """

    about: ClassVar[About] = About("IV(B).9", "event")

    kind: Literal["ACW_DISCOVERY"]
    abandoning_states: Annotated[list[StateCode], Field(max_length=20)] = Field(
        default_factory=list
    )
    """The States that abandoned them, where they are known. [IV(B).9]"""
    finds: Annotated[list[AbandonedWeapons], Field(min_length=1, max_length=2000)]
    """What was found. [IV(B).9]"""
