"""What a leg is: one fault, how long it lasts, and what must hold once it is over."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

from deploy.local.scenario.sending import AGAIN
from sextant_shared.errors import Code
from tests.faults.grounds import Grounds

Fault = Callable[[Grounds], AbstractContextManager[None]]
"""Makes the fault when it is entered, and mends it when it is left."""
Check = Callable[[Grounds], str]
"""Looks at something once all is mended; says what is wrong, or nothing."""


class Ground(StrEnum):
    """What a leg needs around it."""

    FILES = "files"
    """One exchange with its files on a disk of its own; the log on a server."""
    SERVERS = "servers"
    """All rooms on a server, two exchanges behind an edge, objects behind S3."""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What was seen while a fault held: from when to when by the wall clock, and receipts."""

    since: float
    until: float
    accepted: int


def nothing_more(_grounds: Grounds) -> str:
    """Check nothing besides what every leg checks."""
    return ""


def nothing_meanwhile(_grounds: Grounds, _meanwhile: Meanwhile) -> str:
    """Check nothing of what callers were told while the fault held."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One fault under load.

    `does` says in one line what is done, `holds_s` is how long the fault lasts, `back_s` how soon
    the services must be ready once it is mended and what was killed has started again, which has a
    bound of its own; `needs` are programs without which it cannot run.
    `again` are refusals after which a sender comes back with the same bytes. `check` looks once all
    is mended, `during` at what callers were told while the fault held.
    """

    name: str
    does: str
    fault: Fault
    holds_s: float = 4.0
    back_s: float = 30.0
    needs: Sequence[str] = ()
    check: Check = nothing_more
    during: Callable[[Grounds, Meanwhile], str] = nothing_meanwhile
    ground: Ground = Ground.FILES
    again: tuple[Code, ...] = AGAIN
