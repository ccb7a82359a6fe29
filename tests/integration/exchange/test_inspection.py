"""Whatever was done, every delivery is accounted for; a store that was tampered with is told."""

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from deploy.local.postgresql.rooms import EXCHANGE
from sextant_exchange.__main__ import main
from sextant_exchange.app import MIGRATIONS
from sextant_exchange.domain.acts import (
    ActKind,
    DeadLetterOrder,
    ErasureOrder,
    Place,
    RecallOrder,
)
from sextant_exchange.domain.envelopes import Acceptable, Claim, Logged
from sextant_exchange.domain.ports import LeaseOrder, LoggedLeaf, Release, Wanted
from sextant_exchange.domain.retention import RetentionRule
from sextant_exchange.storage.acknowledgements import SqlAcknowledgements
from sextant_exchange.storage.acts import SqlActs
from sextant_exchange.storage.envelopes import SqlEnvelopes
from sextant_exchange.storage.inspection import inspect, look_into
from sextant_exchange.storage.mailboxes import SqlMailboxes
from sextant_exchange.storage.tables import SIDECAR
from sextant_shared.chassis.database import Database, open_database
from sextant_shared.chassis.sharing import Sharing
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import DiscardDetail, DiscardReason, ErasureDetail
from sextant_shared.models.exchange import DeliveryState
from tests.integration.exchange.containers import SEC, XAL, sealed
from tests.integration.exchange.world import World
from tests.support.logs import INSTANT, envelope_id
from tests.support.postgresql import SERVER, embedded

pytestmark = pytest.mark.anyio
PARTIES = ("NA-XBO", "NA-XCA", "SEC")
STEPS = 300


class Walk:
    """Does to a store whatever a caller may, in an order that chance gives."""

    def __init__(self, database: Database, sidecar: Sidecar, seed: int) -> None:
        self.chance = random.Random(seed)
        self.envelopes, self.mailboxes = SqlEnvelopes(database), SqlMailboxes(database)
        self.acts = SqlActs(database, sidecar)
        self.acknowledgements = SqlAcknowledgements(database, sidecar)
        self.places: list[Place] = []
        self.leases: list[tuple[str, str]] = []
        self.now = 1.0
        self.done: dict[str, int] = {}

    async def step(self) -> None:
        self.now += 1.0
        name = self.chance.choice(
            [
                "deposit",
                "lease",
                "lease",
                "end",
                "end",
                "recall",
                "dead",
                "dead",
                "erase",
                "prove",
                "write",
            ]
        )
        try:
            await getattr(self, name)()
        except PlatformError as error:
            if error.code is not Code.STATE:  # refused, as a caller may be
                raise
        else:
            self.done[name] = self.done.get(name, 0) + 1

    async def deposit(self) -> None:
        number = len(self.places) + 1
        to = tuple(self.chance.sample(PARTIES, self.chance.randint(1, len(PARTIES))))
        claim = Claim("NA-XAL", envelope_id(number), number.to_bytes(32, "big"))
        one = Acceptable(claim, "t", "C1", 1, to, b"c", None, self.now, b"e", None)
        (result,) = await self.envelopes.hold([one], self.now)
        assert result.held is not None
        await self.envelopes.accept([Logged(result.held, number, b"r", self.now)], self.now)
        self.places.append(Place(number, envelope_id(number), number))

    async def lease(self) -> None:
        party = self.chance.choice(PARTIES)
        order = LeaseOrder(2, self.now + self.chance.randint(1, 40), self.now, 3)
        self.leases += [(party, one.lease) for one in await self.mailboxes.lease(party, order)]

    async def end(self) -> None:
        if not self.leases:
            return
        party, token = self.leases.pop(self.chance.randrange(len(self.leases)))
        if self.chance.random() < 0.4:
            await self.mailboxes.acknowledge(party, token, self.now)
            return
        words = self.chance.choice(["", "poison"])
        release = Release(words, lambda _: 0.0, 3, dead=self.chance.random() < 0.5)
        await self.mailboxes.release(party, token, release, self.now)

    async def recall(self) -> None:
        if self.places:
            place = self.chance.choice(self.places)
            statement = b"first" if self.chance.random() < 0.5 else b"second"
            await self.acts.recall(RecallOrder(place, "NA-XAL", statement, "why", self.now))

    async def dead(self) -> None:
        party = self.chance.choice(PARTIES)
        letters = await self.mailboxes.page(party, 0, 9, Wanted(DeliveryState.DEAD))
        seq = letters[0].seq if letters else 1
        kind = self.chance.choice([ActKind.REPLAY, ActKind.DISCARD])
        detail = DiscardDetail(
            party=party, seq=seq, by=party, reason=DiscardReason.OTHER, note="why"
        )
        order = DeadLetterOrder(kind, party, seq, detail, "why", self.now)
        await (self.acts.replay if kind is ActKind.REPLAY else self.acts.discard)(order)

    async def erase(self) -> None:
        if self.places:
            detail = ErasureDetail(rule="* *", days=0, why="why", closed=INSTANT)
            place = self.chance.choice(self.places)
            await self.acts.erase(ErasureOrder(place, b"m", lambda _: detail, self.now))

    async def write(self) -> None:
        await self.acknowledgements.hold(10, self.now)

    async def prove(self) -> None:
        owed = await self.acts.owed(0, 10)
        await self.acts.prove([(act, LoggedLeaf(act.position, "proof")) for act in owed])


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    place = SERVER.place_of(tmp_path / "exchange.db", EXCHANGE)
    opened = open_database(place, SQLModel.metadata, MIGRATIONS, sharing=Sharing())
    yield opened
    opened.close()


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Sidecar]:
    opened = Sidecar(SIDECAR, tmp_path / "sidecar")
    yield opened
    opened.close()


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_is_done_every_delivery_is_accounted_for(
    database: Database, sidecar: Sidecar, tmp_path: Path, seed: int
) -> None:
    walk = Walk(database, sidecar, seed)
    with look_into(SERVER.place_of(tmp_path / "exchange.db", EXCHANGE)) as connection:
        for number in range(STEPS):
            await walk.step()
            if number % 50 == 0:
                connection.rollback()  # look at what is there now
                assert inspect(connection).broken == {}
        connection.rollback()
        found = inspect(connection)
    assert found.broken == {}
    assert len(walk.done) == 8  # everything was done at least once
    assert set(found.deliveries) >= {"available", "acknowledged", "discarded", "recalled"}


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE delivery SET state = 'lost'", "in no known state"),
        ("UPDATE delivery SET state = 'leased'", "has no lease"),
        ("UPDATE delivery SET state = 'dead'", "has no reason"),
        ("UPDATE delivery SET state = 'discarded'", "discarded without an act"),
        ("UPDATE delivery SET state = 'recalled'", "recalled without an act"),
        ("UPDATE delivery SET state = 'acknowledged'", "neither owes its entry"),
        ("DELETE FROM delivery", "has no delivery"),
        ("UPDATE delivery SET seq = 2", "a gap"),
        ("UPDATE envelope SET erased = 1.0", "erased while a copy was open"),
        ("UPDATE envelope SET erased = 1.0", "lacks its manifest"),
        ("DELETE FROM content", "has no ciphertext"),
    ],
)
async def test_what_does_not_hold_is_told(
    world: World,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tampering: str,
    told: str,
) -> None:
    await world.caller(XAL).deposit(sealed())
    set_environment(world, monkeypatch)
    assert main(["verify"]) == 0
    assert "1 available, 0 leased" in capsys.readouterr().out
    await world.stop()
    world.change(tampering)
    assert main(["verify"]) == 1
    assert told in capsys.readouterr().out


async def test_a_trial_of_the_policy_says_what_would_go_and_erases_nothing(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    container = sealed()
    await world.caller(XAL).deposit(container)
    set_environment(world, monkeypatch)
    rules = '[{"type": "declaration.*", "days": 0, "why": "a synthetic policy"}]'
    monkeypatch.setenv("SEXTANT_EXCHANGE_RETENTION", rules)
    assert main(["erase", "--dry-run"]) == 0
    assert "the policy lets nothing go now" in capsys.readouterr().out
    (lease,) = await world.caller(SEC).lease()
    await world.caller(SEC).post(f"/v1/mailbox/leases/{lease['lease']}/acknowledge")
    assert main(["erase", "--dry-run"]) == 0
    assert "declaration.* *: 1 envelopes" in capsys.readouterr().out
    assert (await world.caller(XAL).get(f"{container.path}/content")).content == container.data


@pytest.mark.parametrize("given", [[], ["erase"], ["erase", "--all"], ["verify", "x"]])
def test_what_is_not_a_command_is_answered_with_the_commands(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(given) == 2
    assert "erase --dry-run" in capsys.readouterr().err


@embedded
def test_a_folder_without_a_database_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(World(tmp_path), monkeypatch)
    assert main(["verify"]) == 1
    assert "there is no exchange.db" in capsys.readouterr().err


@pytest.mark.parametrize(
    "members",
    [
        {"days": -1, "why": "w"},
        {"days": 1},
        {"days": 1, "why": "w", "class": "C9"},
        {"days": "1", "why": "w"},
    ],
)
def test_a_rule_that_does_not_fit_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="RetentionRule"):
        RetentionRule.model_validate(members)


def set_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the command the settings of a world."""
    for name, value in world._settings().model_dump().items():
        if isinstance(value, str | Path):
            monkeypatch.setenv(f"SEXTANT_EXCHANGE_{name.upper()}", str(value))
    monkeypatch.setenv("SEXTANT_EXCHANGE_PORT", "1")
