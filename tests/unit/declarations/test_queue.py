"""The verification queue of an officer who may not know of every State."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.queue import VerificationQueue
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import DiscardReason, DiscardRequest
from sextant_shared.models.exchange import Delivery, DeliveryPage, DeliveryState
from sextant_shared.protocol.notes import MadeNote
from tests.support.logs import NOW, envelope_id

pytestmark = pytest.mark.anyio
ANNA = Reader(client="anna", role="officer")


def letter(seq: int, sender: str) -> Delivery:
    return Delivery.model_validate(
        {
            "seq": seq,
            "sender": sender,
            "id": envelope_id(seq),
            "type": "declaration.annual",
            "class": "C1",
            "size": 1,
            "manifest": "m",
            "deposited": "d",
            "state": DeliveryState.DEAD,
            "attempts": 1,
            "last_error": "",
            "index": seq,
        }
    )


@dataclass
class Exchange:
    """Two dead letters, of two States."""

    letters: tuple[Delivery, ...] = (letter(1, "NA-XAL"), letter(2, "NA-XBO"))
    mended: list[int] = field(default_factory=list)

    async def dead_letters(self, after: int, limit: int) -> DeliveryPage:
        found = [one for one in self.letters if one.seq > after][:limit]
        return DeliveryPage(items=found, next=found[-1].seq if found else after)

    waiting = dead_letters

    async def replay(self, seq: int) -> None:
        self.mended.append(seq)

    async def discard(self, seq: int, request: DiscardRequest) -> None:
        assert request.note == ""
        self.mended.append(seq)


def queue(exchange: Exchange, notes: list[MadeNote]) -> VerificationQueue:
    async def note(*_line: Any) -> None:
        return None

    async def write(made: MadeNote) -> None:
        notes.append(made)

    officers = cast("Any", SimpleNamespace(note=note, clock=lambda: NOW))
    return VerificationQueue(exchange, officers, write, lambda one: one.sender == "NA-XAL")


async def test_a_letter_out_of_sight_is_refused_in_the_words_for_one_that_is_not_there() -> None:
    exchange, notes = Exchange(), list[MadeNote]()
    seen = queue(exchange, notes)
    assert [one.seq for one in (await seen.dead_letters(0, 9)).items] == [1]
    body = DiscardRequest(reason=DiscardReason.OTHER, note="")
    said = set()
    for seq in (2, 3):
        for acting in (seen.replay(seq, ANNA), seen.discard(seq, body, ANNA)):
            with pytest.raises(PlatformError) as caught:
                await acting
            assert caught.value.code is Code.STATE
            said.add(str(caught.value).replace(str(seq), "N"))
    assert len(said) == 1
    assert (exchange.mended, notes) == ([], [])
    await seen.replay(1, ANNA)
    assert (exchange.mended, [note.type for note in notes]) == ([1], ["decision"])
