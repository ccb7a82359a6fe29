"""Collecting a mailbox: urgent first, and nothing that holds up the rest holds up the urgent."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import sextant_client.client
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.transfer import Progress
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import Delivery, DeliveryPage, DeliveryState, Priority


def delivery(seq: int, priority: Priority) -> Delivery:
    return Delivery(
        seq=seq,
        sender="SEC",
        id=f"id-{seq}",
        type="t",
        class_="C1",
        priority=priority,
        size=1,
        manifest="m",
        deposited="t",
        state=DeliveryState.AVAILABLE,
        attempts=0,
        last_error="",
        index=seq,
    )


class Collecting(Client):
    """A client whose mailbox holds these deliveries; only what stands in the home is kept."""

    def __init__(self, home: Home, held: list[Delivery]) -> None:
        self.home = home
        self.gone = []
        self.own = SimpleNamespace(ask_for_recovery=lambda: None)  # type: ignore[assignment]
        self.session = SimpleNamespace()  # type: ignore[assignment]
        self._held = held

    def _page(self, after: int, **params: str | int) -> DeliveryPage:
        lane = params.get("priority")
        items = [d for d in self._held if d.seq > after and lane in {None, d.priority.value}]
        return DeliveryPage(items=items[:2], next=after)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Collecting]:
    """Return clients; receiving stores a folder, or refuses the deliveries that are damaged."""

    def make(*urgent: int, damaged: int = 0) -> Collecting:
        def receive(client: Collecting, one: Delivery, _told: Progress) -> Any:
            if one.seq == damaged:
                raise PlatformError(Code.INTEGRITY, "damaged")
            (client.home.inbox / str(one.seq)).mkdir(parents=True, exist_ok=True)
            return one

        monkeypatch.setattr(sextant_client.client, "receive", receive)
        lanes = [Priority.URGENT if n in urgent else Priority.NORMAL for n in range(1, 6)]
        held = [delivery(n, lane) for n, lane in enumerate(lanes, 1)]
        return Collecting(Home(tmp_path), held)

    return make


def seqs(client: Collecting) -> list[int]:
    return [received.seq for received in client.collect()]


def test_urgent_ones_come_first_and_each_comes_once(client: Callable[..., Collecting]) -> None:
    collecting = client(3, 5)
    assert seqs(collecting) == [3, 5, 1, 2, 4]
    assert collecting.home.cursor() == 5
    assert seqs(collecting) == []


def test_a_damaged_delivery_holds_up_what_is_behind_it_but_nothing_urgent(
    client: Callable[..., Collecting],
) -> None:
    collecting = client(4, damaged=2)
    with pytest.raises(PlatformError):
        seqs(collecting)
    found = sorted(int(path.name) for path in collecting.home.inbox.iterdir())
    assert found == [1, 4]
    assert collecting.home.cursor() == 1
