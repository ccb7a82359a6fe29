"""Joins need-to-know: the file of standing lines, grants, and what an officer may see now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from sextant_declarations.analysis.need import MESSAGE, StandingLines, read_standing
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.clearance import Clearance
from sextant_declarations.domain.exchanged import MessageOrder
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.sending import Send
from sextant_declarations.settings import DeclarationsSettings
from sextant_shared.chassis.sight import Sees, seeing, sight
from sextant_shared.models.exchange import Delivery
from sextant_shared.protocol.access import Role, Subject

_LETTER = "correspondence"
_log = structlog.get_logger("sextant.declarations")


def standing_of(settings: DeclarationsSettings) -> StandingLines | None:
    """Return who is cleared without a grant, None where nobody is narrowed.

    Raises:
        PlatformError: `E_MALFORMED` for a file that does not fit.
    """
    if settings.need_file is None:
        if settings.environment == "production":
            _log.warning("need.open", fix="Name who is cleared for what in NEED_FILE.")
        return None
    return read_standing(settings.need_file.read_bytes())


async def sight_for(clearance: Clearance, subject: Subject) -> Sees | None:
    """Return what a caller may see of what is stored, None for everything.

    Of a request it is asked for by the guard; for what is made later there is `as_seen_by`.
    """
    return await clearance.need_of(subject)


@asynccontextmanager
async def as_seen_by(clearance: Clearance, reader: Reader) -> AsyncIterator[None]:
    """Read for somebody who ordered something: what that person may know of when it is made."""
    subject = Subject(reader.client, Role(reader.role), None)
    with seeing(await sight_for(clearance, subject)):
        yield


@dataclass(frozen=True, slots=True)
class Seen:
    """What the officer who is answered may know of; the service itself, of everything."""

    states: StatePolicy

    @property
    def is_narrow(self) -> bool:
        """Whether anything is hidden at all."""
        return sight() is not None

    def duty(self, state: str, kind: str) -> bool:
        """Return whether it may be shown that a State owes a kind: no figure, so of any marking."""
        sees = sight()
        return sees is None or sees(state, kind, "C0")

    def message(self, party: str, type_: str, class_: str) -> bool:
        """Return whether messages with a party may be written and shown."""
        sees = sight()
        return sees is None or sees(self.states.owner_of(party), f"{MESSAGE}{type_}", class_)

    def delivery(self, one: Delivery) -> bool:
        """Return whether it may be shown that an envelope waits."""
        return self.message(one.sender, one.type, one.class_)


@dataclass(frozen=True, slots=True)
class Letters:
    """Tells States of clearances, whoever of the officers may read what States write."""

    send: Send
    states: StatePolicy

    async def __call__(self, state: str, subject: str, text: str, key: str, officer: Reader) -> str:
        """Send a letter under a key, once; return the message's id."""
        content: dict[str, object] = {
            "v": 1,
            "type": _LETTER,
            "subject": subject,
            "text": text,
        }
        order = MessageOrder(type=_LETTER, to=self.states.party_of(state), content=content)
        with seeing(None):
            view, _ = await self.send(order, key, officer)
        return view.message
