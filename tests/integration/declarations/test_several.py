"""Two processes of declarations on one PostgreSQL database: nothing lost or twice, in order."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url, text

import sextant_declarations.app
from deploy.local.postgresql.rooms import DECLARATIONS
from deploy.local.postgresql.server import PostgresqlServer
from sextant_declarations.app.opening import Outside
from sextant_declarations.domain.places import LEFT
from sextant_shared.chassis.database import open_reader
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.identity import TOKEN_PATH
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import PlatformError
from sextant_shared.models.purposes import PURPOSE_HEADER
from sextant_shared.protocol.keyfiles import PrivateKey
from tests.integration.declarations.contents import declaration
from tests.support.parties import signer
from tests.support.platform import XAL, XBO, Platform
from tests.support.platform_files import URLS, client_signer
from tests.support.wires import Wire

pytestmark = [pytest.mark.anyio, pytest.mark.long]
FIRST, SECOND = "declarations", "declarations-2"


@dataclass
class Both(Platform):
    """The platform with two processes of declarations, each with steps of its own."""

    second_steps: list[str] = field(default_factory=list)
    first_steps: list[str] = field(default_factory=list)

    async def open(self) -> None:
        """Start the second once the parties are enrolled."""
        await super().open()
        self.wires[SECOND] = self._wire(SECOND)
        self.steps.append(self.first_steps.append)
        await self.start(SECOND)

    def _create(self, name: str) -> FastAPI:
        if name != SECOND:
            return super()._create(name)
        return sextant_declarations.app.create_app(
            self.declarations_settings(),
            clock=self.clock,
            step=self.second_steps.append,
            outside=Outside(exchange=self.wires["exchange"], audit=self.wires["audit"]),
        )

    async def seen_by_officer(self, way: "Way") -> list[int]:
        """Ask once as an officer; return the status of each answer that came back."""
        officer = ServiceClient(
            URLS[FIRST],
            client_id="officer-1",
            signer=client_signer("officer-1"),
            clock=self.clock,
            telemetry=self.telemetry,
            transport=way,
        )
        with suppress(PlatformError):
            headers = {PURPOSE_HEADER: "examination"}
            await officer.request("GET", "/v1/declarations", headers=headers)
        await officer.close()
        return way.statuses


@dataclass
class Way(httpx.AsyncBaseTransport):
    """A balancer's choice: tokens come from one process, and each request goes to the others."""

    token: Wire
    others: tuple[Wire, ...]
    statuses: list[int] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            return await self.token.handle_async_request(request)
        answers = [await wire.handle_async_request(request) for wire in self.others]
        self.statuses += [answer.status_code for answer in answers]
        return answers[0]


@pytest.fixture
async def both(tmp_path: Path, postgresql: PostgresqlServer) -> AsyncIterator[Both]:
    issuer = PrivateKey("api", signer("SEC/issuer", Alg.ED25519))
    settings = postgresql.settings(postgresql.database(DECLARATIONS), room=DECLARATIONS)
    platform = Both(
        tmp_path,
        overrides={FIRST: {**settings, "max_leases": 3, "poll_s": 0.1, "analysis_pause_s": 0.1}},
    )
    platform.folder.mkdir(parents=True, exist_ok=True)
    platform.overrides[FIRST]["issuer_key_file"] = platform.key_file("sec-issuer", issuer)
    try:
        await platform.open()
        yield platform
        await platform.settled()
        await platform.check()
    finally:
        await platform.close()


async def registered(both: Both) -> list[str]:
    rows = both.stored("SELECT registration FROM versions WHERE registration IS NOT NULL")
    return sorted(row["registration"] for row in rows)


async def test_what_comes_at_once_is_taken_in_by_both_each_once(both: Both) -> None:
    states = [(XAL, "XAL"), (XBO, "XBO")]
    count = 8
    for n in range(count):
        for party, state in states:
            await both.declare(party, declaration(state, declaration_id=f"{state}-2025-{n}"))
    await both.settled()
    given = await registered(both)
    assert [int(number[-6:]) for number in given] == list(range(1, 2 * count + 1))
    for party, _ in states:
        verdicts = Counter(f"{r['kind']} {r['verdict']}" for r in await both.replies(party))
        assert verdicts == {"opened OPENED": count, "outcome REGISTERED": count}
    shares = [
        steps.count("declarations.after_ack") for steps in (both.first_steps, both.second_steps)
    ]
    assert sum(shares) == 2 * count
    assert min(shares) > 0
    assert both.stored("SELECT seq FROM places") == []


async def test_versions_of_one_state_are_decided_in_their_order_by_whoever_has_them(
    both: Both,
) -> None:
    """One that overtook the one before it would make that one too low, and rejected."""
    await both.stop(SECOND)
    await both.stop(FIRST)
    for version in range(1, 13):
        await both.declare(XAL, declaration(version=version))
    for name in (FIRST, SECOND):
        await both.start(name)
    await both.settled()
    assert len(await registered(both)) == 12
    assert min(len(both.first_steps), len(both.second_steps)) > 0


async def test_one_that_stops_leaves_everything_to_the_other(both: Both) -> None:
    for version in range(1, 5):
        await both.declare(XAL, declaration(version=version))
    await both.stop(SECOND)
    for version in range(5, 9):
        await both.declare(XAL, declaration(version=version))
    await both.settled()
    assert len(await registered(both)) == 8
    await both.start(SECOND)


async def test_who_waits_behind_what_a_lost_process_left_comes_again_soon_and_has_not_failed(
    both: Both, postgresql: PostgresqlServer
) -> None:
    """Nobody takes that place over here, so it holds both processes back for three leases."""
    both.overrides[FIRST] |= {"lease_s": 2, "retry_first_s": 60.0}
    for name in (FIRST, SECOND):
        await both.restart(name)
    database = make_url(both.overrides[FIRST]["database_url"]).database or ""
    left = f"INSERT INTO places VALUES (0, '{XAL}', 'lost', extract(epoch FROM now()))"
    postgresql.execute(database, left)
    began = time.monotonic()
    await both.declare(XAL, declaration())
    await both.settled()
    assert 3 < time.monotonic() - began < 20
    assert len(await registered(both)) == 1
    engine = open_reader(both.exchange_settings().place)
    with closing(engine.connect()) as connection:
        told = "SELECT attempts, last_error FROM delivery WHERE party = 'SEC'"
        assert [tuple(row) for row in connection.execute(text(told))] == [(1, LEFT)]
    engine.dispose()


async def test_a_token_of_one_is_taken_by_the_other(both: Both) -> None:
    way = Way(token=both.wires[FIRST], others=(both.wires[SECOND],))
    with_token = await both.seen_by_officer(way)
    assert with_token == [200]


async def test_a_proof_that_one_took_is_refused_by_the_other(both: Both) -> None:
    way = Way(token=both.wires[FIRST], others=(both.wires[FIRST], both.wires[SECOND]))
    assert await both.seen_by_officer(way) == [200, 401]


async def test_what_any_of_them_registered_is_compared_and_cased_by_who_leads(both: Both) -> None:
    """The leader is told of nothing that another process stores: it looks."""
    await both.declare(XAL, declaration())
    await both.settled()

    def is_read() -> bool:
        return both.stored("SELECT declaration FROM owed_analyses") == []

    await both.until(is_read)
    leaders = both.stored("SELECT task FROM task_lease ORDER BY task")
    tasks = ["analyses", "cases", "entries", "exports", "prematching", "proofs"]
    assert [row["task"] for row in leaders] == tasks
    read = "SELECT count(*) AS times FROM accesses WHERE gives = 'analysis'"
    assert both.stored(read) == [{"times": 1}]
