"""Several authorities send a world at once; a failure stops all, and a later call goes on."""

from collections.abc import Mapping
from pathlib import Path
from threading import Barrier, Lock
from typing import Any, Self, cast

import pytest

from sextant_client.addressing import Addressed
from sextant_client.home import Home
from sextant_client.visible import Visible
from sextant_client.world import loading
from sextant_client.world.loading import load_world
from sextant_shared.errors import Code, PlatformError

STATES = ("XAL", "XBO", "XCA")


class Exchange:
    """Keeps what was deposited, refuses one State if told to, and meets others at a barrier."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.refused = ""
        self.barrier: Barrier | None = None
        self._lock = Lock()

    def client(self, home: Home) -> Any:
        return _Client(self, str(home))


class _Client:
    def __init__(self, exchange: Exchange, state: str) -> None:
        self._exchange, self._state = exchange, state
        self.session, self.trust, self.parties = None, None, None
        self.sent = self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def all(self) -> list[Any]:
        return []

    def address(self, shown: Visible) -> Addressed:
        return Addressed(shown.type, ["SEC"])

    def seal(self, path: Path, **_: object) -> str:
        return path.name

    def deposit(self, name: str) -> None:
        if self._exchange.barrier is not None:
            self._exchange.barrier.wait(timeout=10)
        if self._state == self._exchange.refused:
            raise PlatformError(Code.UNAVAILABLE, "nobody there")
        with self._exchange._lock:
            self._exchange.received.append(name)


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Exchange:
    made = Exchange()
    monkeypatch.setattr(loading, "Client", made.client)
    return made


@pytest.fixture
def documents(tmp_path: Path) -> Mapping[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for state in STATES:
        for number in range(5):
            path = tmp_path / f"{state}-{number}.json"
            path.write_text('{"kind": "NIL", "reporting_year": 2025}')
            found.setdefault(state, []).append(path)
    return found


HOMES = cast("Mapping[str, Home]", {state: state for state in STATES})


def test_a_refusal_stops_the_load_and_is_told(
    exchange: Exchange, documents: Mapping[str, list[Path]]
) -> None:
    exchange.refused = "XBO"
    with pytest.raises(PlatformError) as refused:
        load_world(documents, HOMES, lambda _done, _total: None, jobs=2)
    assert refused.value.code is Code.UNAVAILABLE
    assert not [name for name in exchange.received if name.startswith("XBO")]


def test_states_send_at_the_same_time_and_each_in_its_order(
    exchange: Exchange, documents: Mapping[str, list[Path]]
) -> None:
    exchange.barrier = Barrier(3)  # which is passed by three at once only
    loaded = load_world(documents, HOMES, lambda _done, _total: None, jobs=3)
    assert loaded.sent == len(exchange.received) == 15
    for state, paths in documents.items():
        sent = [name for name in exchange.received if name.startswith(state)]
        assert sent == [path.name for path in paths]


@pytest.mark.parametrize("jobs", [1, 4])
def test_progress_counts_every_document_of_all_states(
    exchange: Exchange, documents: Mapping[str, list[Path]], jobs: int
) -> None:
    told: list[tuple[int, int]] = []
    homes = {state: HOMES[state] for state in STATES[:2]}
    loaded = load_world(documents, homes, lambda done, total: told.append((done, total)), jobs)
    assert len(exchange.received) == 10
    assert told == [(number, 10) for number in range(1, 11)]
    assert loaded.homeless == 5
