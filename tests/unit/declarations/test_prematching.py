"""Answering pre-matches: what was said is kept before it is sent, and stays what it was."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.analysis.cases.model import Matched
from sextant_declarations.analysis.cases.policy import DEFAULT_POLICY
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.exchanged import MessageOrder
from sextant_declarations.domain.prematching import (
    NewPrematch,
    PrematchAsk,
    Prematching,
    Told,
)
from sextant_declarations.domain.register import StatePolicy
from sextant_shared.clock import parse_timestamp, random_bytes, uuid7
from sextant_shared.errors import Code, PlatformError
from tests.support.messages import MESSAGES
from tests.unit.declarations.analysis.cases.stating import pairs

pytestmark = pytest.mark.anyio
TDG = "111-48-8"
NOW = parse_timestamp("2026-03-01T12:00:00Z")
ROW = {"chemical": TDG, "direction": "export", "partner": "XBO"}


def matched(exported: str, imported: str) -> dict[str, Matched]:
    (pair,) = pairs(
        TDG, f"2025 XAL exports to XBO {exported} kg", f"2025 XBO imports from XAL {imported} kg"
    )
    return {pair.id: Matched(pair, {})}


@dataclass
class Room:
    """The store, the vault, the gate and the exchange of one pre-match, in memory."""

    content: Path
    held: dict[str, Matched] = field(default_factory=lambda: matched("8000", "6900"))
    kept: list[NewPrematch] = field(default_factory=list)
    sent: dict[str, MessageOrder] = field(default_factory=dict)
    compared: bool = True
    reachable: bool = True
    before: dict[str, int] = field(default_factory=dict)

    async def asks(self, _limit: int) -> list[PrematchAsk]:
        one = PrematchAsk(
            inbox=1, sender="NA-XAL", envelope=ENVELOPE, custody=3, manifest_digest=b"d"
        )
        return [] if self.sent else [one]

    async def is_compared(self, _state: str) -> bool:
        return self.compared

    async def year_of(self, state: str, declaration_id: str) -> int | None:
        return 2025 if (state, declaration_id) == ("XAL", "XAL-2025-S2") else None

    async def pairs(self, ids: Sequence[str]) -> dict[str, Matched]:
        return {id_: one for id_, one in self.held.items() if id_ in ids}

    async def answered(self, _state: str, _year: int, _pairs: Sequence[str]) -> dict[str, int]:
        return dict(self.before)

    async def told(self, _ask: PrematchAsk) -> list[Told]:
        return [one for new in self.kept for one in new.told]

    async def keep(self, new: NewPrematch) -> None:
        self.kept.append(new)

    async def envelopes(self, *_: Any) -> object:
        return object()

    async def send(self, order: MessageOrder, key: str, _reader: object) -> None:
        if not self.reachable:
            raise PlatformError(Code.UNAVAILABLE, "the recipient's keys cannot be asked for")
        self.sent[key] = order

    @property
    def task(self) -> Prematching:
        here: Any = self
        files: Any = type("Files", (), {"content": lambda *_: self.content})()
        return Prematching(
            rows=self,
            gate=here,
            files=files,
            send=self.send,  # type: ignore[arg-type]  # called alike
            sources=Sources(lambda: NOW, lambda: "id", random_bytes),
            states=StatePolicy({}),
            stored=lambda: None,
            policy=DEFAULT_POLICY,
        )

    def said(self) -> list[dict[str, Any]]:
        (order,) = self.sent.values()
        assert order.content is not None
        answers: Any = order.content["answers"]
        return list(answers)


ENVELOPE = uuid7(lambda: NOW)


def room(tmp_path: Path, *rows: dict[str, str], version: int = 1) -> Room:
    """Return a room in which XAL asks about these rows."""
    ask = {
        **MESSAGES["prematch.request"],
        "concerns": {"declaration_id": "XAL-2025-S2", "version": version},
        "rows": [{"n": n, **row} for n, row in enumerate(rows, 1)],
    }
    content = tmp_path / "ask"
    content.write_text(json.dumps(ask))
    return Room(content)


async def test_what_was_said_is_not_said_otherwise_after_a_failure_nor_counted_twice(
    tmp_path: Path,
) -> None:
    here = room(tmp_path, ROW)
    here.reachable = False
    await here.task()
    assert (len(here.kept), here.sent) == (1, {})
    here.reachable, here.held = True, matched("8000", "8000")
    await here.task()
    await here.task()
    assert len(here.kept) == 1
    assert here.said() == [{"n": 1, "outcome": "differs"}]


async def test_an_ask_waits_until_its_version_is_compared(tmp_path: Path) -> None:
    here = room(tmp_path, ROW)
    here.compared = False
    await here.task()
    assert (here.kept, here.sent) == ([], {})


async def test_the_same_row_often_in_one_ask_is_bounded_too(tmp_path: Path) -> None:
    here = room(tmp_path, *[ROW] * 4)
    here.before = {f"2025.{TDG}.XAL.XBO": 1}
    await here.task()
    words = [one.get("outcome") or one["unanswered"] for one in here.said()]
    assert words == ["differs", "differs", "asked-too-often", "asked-too-often"]


@pytest.mark.parametrize(
    ("row", "version"),
    [
        ({**ROW, "partner": "XCY"}, 1),
        ({**ROW, "direction": "import"}, 1),
        ({**ROW, "chemical": "756-79-6"}, 1),
        (ROW, 2),
    ],
    ids=["partner", "direction", "chemical", "version"],
)
async def test_what_is_no_row_of_the_version_that_holds_is_not_answered(
    tmp_path: Path, row: dict[str, str], version: int
) -> None:
    here = room(tmp_path, row, version=version)
    await here.task()
    assert here.said() == [{"n": 1, "unanswered": "not-own-row"}]


async def test_a_pair_that_is_declared_no_more_is_no_row_either(tmp_path: Path) -> None:
    here = room(tmp_path, ROW)
    ((id_, one),) = here.held.items()
    here.held = {id_: Matched(one.pair, {}, in_force=False)}
    await here.task()
    assert here.said() == [{"n": 1, "unanswered": "not-own-row"}]
