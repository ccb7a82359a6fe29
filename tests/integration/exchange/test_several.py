"""Two exchanges on one PostgreSQL database: whatever one of them did holds in the other."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from deploy.local.postgresql.rooms import EXCHANGE
from sextant_exchange.app import together
from sextant_exchange.storage.tables import LEASES
from sextant_shared.chassis.leading import Leading
from sextant_shared.chassis.sight import asked_by
from sextant_shared.models.entries import EnvelopeAcceptedEntry
from sextant_shared.models.party import KeyStatus
from sextant_shared.protocol.parties import sign_party_document
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.exchange.audits import MemoryAudit
from tests.integration.exchange.containers import KEYS, SEC, XAL, XBO, Container, sealed
from tests.integration.exchange.test_parties import XCC, in_force
from tests.integration.exchange.world import World, open_world
from tests.support.logs import MemoryLog
from tests.support.parties import PartyKeys, next_version, registrar_pairs
from tests.support.postgresql import SERVER

pytestmark = [pytest.mark.anyio, pytest.mark.long]
Two = tuple[World, World]
Enrolled = tuple[Path, list[bytes]]


@pytest.fixture(scope="module")
def enrolled_there(tmp_path_factory: pytest.TempPathFactory) -> Enrolled:
    """A stopped exchange on the server with three parties, once for all tests."""
    folder = tmp_path_factory.mktemp("enrolled")
    server = SERVER.required()

    async def prepare() -> list[bytes]:
        async with open_world(folder, server) as world:
            for keys in KEYS.values():
                answer = await world.enrol(keys)
                assert answer.status_code == 201, answer.text
            return world.audit.log.leaves

    return folder, asyncio.run(prepare())


@pytest.fixture
async def two(enrolled_there: Enrolled, tmp_path: Path) -> AsyncIterator[Two]:
    """Two running exchanges that share database, blobs and keys, and the log."""
    folder, leaves = enrolled_there
    shared, server = tmp_path / "exchange", SERVER.started()
    shutil.copytree(folder, shared)
    server.put(shared, server.copy_of(server.database_of(folder, EXCHANGE), EXCHANGE), EXCHANGE)
    one = World(shared, MemoryAudit(MemoryLog(list(leaves))), server=server)
    other = World(shared, one.audit, one.clock, server=server)
    for name, world in (("one", one), ("other", other)):
        await world.start(log_wait_s=5.0, recover_every_s=0.05, work_dir=tmp_path / name)
    yield one, other
    await other.stop()
    await one.stop()


def containers(count: int) -> list[Container]:
    return [sealed(number) for number in range(count)]


async def mailbox(world: World, party: str = SEC) -> list[Any]:
    answer = await world.caller(party).get("/v1/mailbox", limit=500)
    found: list[Any] = answer.json()["items"]
    return found


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- what is waited for happens in a database
            await asyncio.sleep(0.05)


async def acknowledge(world: World, lease: Any) -> int:
    path = f"/v1/mailbox/leases/{lease['lease']}/acknowledge"
    return (await world.caller(SEC).post(path)).status_code


async def test_the_same_bytes_at_both_at_once_are_one_envelope_with_one_receipt(two: Two) -> None:
    one, other = two
    given = containers(12)
    answers = await asyncio.gather(
        *(world.caller(XAL).deposit(each) for each in given for world in two)
    )
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert Counter(answer.status_code for answer in answers)[201] == len(given)
    for each, first, second in zip(given, answers[::2], answers[1::2], strict=True):
        assert first.content == second.content
        verify_custody(first.content, each.digest, each.id, one.audit.log.keys)
    logged = [e.env for e in one.audit.entries if isinstance(e, EnvelopeAcceptedEntry)]
    assert sorted(logged[1:]) == sorted(each.id for each in given)  # the first leaf is any
    items = await mailbox(other)
    assert [item["seq"] for item in items] == list(range(1, len(given) + 1))
    assert {item["id"] for item in items} == {each.id for each in given}


async def test_another_manifest_under_one_id_is_refused_by_whoever_is_second(two: Two) -> None:
    rivals = sealed(content=b"one"), sealed(content=b"the other")
    answers = await asyncio.gather(
        *(world.caller(XAL).deposit(each) for world, each in zip(two, rivals, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_deposits_at_both_leave_no_gap_and_count_each_byte_once(two: Two) -> None:
    given = containers(20)
    await asyncio.gather(*(two[n % 2].caller(XAL).deposit(each) for n, each in enumerate(given)))
    assert [item["seq"] for item in await mailbox(two[0])] == list(range(1, len(given) + 1))
    ((stored, untaken),) = two[0].rows("SELECT stored_bytes, untaken FROM party_use")
    assert (stored, untaken) == (sum(len(each.data) for each in given), len(given))


async def test_two_collectors_never_have_the_same_delivery(two: Two) -> None:
    for each in containers(20):
        await two[0].caller(XAL).deposit(each)
    taken = await asyncio.gather(
        *(world.caller(SEC).lease(limit=3) for _ in range(5) for world in two)
    )
    seqs = [lease["seq"] for leases in taken for lease in leases]
    assert len(seqs) == len(set(seqs)) == 20
    leases = [lease for some in taken for lease in some]
    ended = await asyncio.gather(*(acknowledge(two[n % 2], one) for n, one in enumerate(leases)))
    assert set(ended) == {204}
    assert {item["state"] for item in await mailbox(two[1])} == {"acknowledged"}


async def test_what_a_dead_collector_held_is_taken_over_and_its_token_is_worth_nothing(
    two: Two,
) -> None:
    one, other = two
    await one.caller(XAL).deposit(sealed())
    (lease,) = await one.caller(SEC).lease(lease_s=60)
    assert await other.caller(SEC).lease() == []
    one.clock.now += 61
    (again,) = await other.caller(SEC).lease()
    assert again["attempts"] == 2
    assert await acknowledge(one, lease) == 409
    assert await acknowledge(one, again) == 204


async def test_a_recall_and_a_lease_at_the_same_moment_do_not_both_win(two: Two) -> None:
    one, other = two
    given = containers(8)
    for each in given:
        await one.caller(XAL).deposit(each)
    recalls, leases = await asyncio.gather(
        asyncio.gather(*(one.caller(XAL).recall(each) for each in given)),
        asyncio.gather(*(other.caller(SEC).lease() for _ in given)),
    )
    leased = {lease["id"] for some in leases for lease in some}
    recalled = {
        each.id for each, answer in zip(given, recalls, strict=True) if answer.status_code == 200
    }
    assert leased | recalled == {each.id for each in given}
    states = {item["id"]: item["state"] for item in await mailbox(one)}
    for each in given:
        assert states[each.id] == ("leased" if each.id in leased else "recalled")


async def test_a_reader_who_waits_at_one_hears_what_came_to_the_other(two: Two) -> None:
    one, other = two
    await other.caller(SEC).get("/v1/parties")
    waiting = asyncio.create_task(other.caller(SEC).get("/v1/mailbox", wait=20))
    await asyncio.sleep(0.1)
    await one.caller(XAL).deposit(sealed())
    async with asyncio.timeout(5):
        assert len((await waiting).json()["items"]) == 1


async def test_a_proof_that_one_took_is_refused_by_the_other(two: Two) -> None:
    one, other = two
    caller = one.caller(XAL)
    await caller.get("/v1/parties")
    headers = {
        "Authorization": f"DPoP {caller.token}",
        "DPoP": caller._proof("GET", "/v1/parties"),
    }
    assert (await one.send("GET", "/v1/parties", headers=headers)).status_code == 200
    answer = await other.send("GET", "/v1/parties", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "E_AUTH")
    assert "used before" in answer.json()["detail"]


async def test_a_key_that_was_revoked_at_one_is_not_taken_by_the_other_any_more(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    await other.caller(XAL).deposit(sealed())
    monkeypatch.setattr(together, "REFRESH_S", 3600.0)  # only the transaction can know
    before = await in_force(one, XAL)
    keys = [
        key.model_copy(update={"status": KeyStatus.SUSPENDED}) if key.use == "sig" else key
        for key in before.document.keys
    ]
    raw = sign_party_document(next_version(before, keys=keys), KEYS[XAL].signers())
    answer = await one.give_document(XAL, raw, [])
    assert answer.status_code == 201, answer.text
    refused = await other.caller(XAL).deposit(sealed(9))
    assert (refused.status_code, refused.json()["code"]) == (422, "E_KEY")
    assert len(await mailbox(one)) == 1


async def test_documents_given_to_both_at_once_take_force_one_after_the_other(two: Two) -> None:
    one, _other = two
    xdd = PartyKeys("NA-XDD")
    raw = sign_party_document(xdd.document(), xdd.signers(registrar_pairs()[:2]))
    proved = [*xdd.sig, xdd.api]
    answers = await asyncio.gather(
        one.enrol(XCC), *(world.give_document("NA-XDD", raw, proved) for world in two)
    )
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    rows = one.rows("SELECT party, ver FROM party_document ORDER BY log_index")
    assert sorted(rows[3:]) == [("NA-XCC", 1), ("NA-XDD", 1)]
    for world in two:  # each verifies the state of the whole registry as it takes it in
        await in_force(world, XBO)
        await in_force(world, "NA-XDD")


@pytest.fixture
def unrefreshed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no exchange look by itself at what the other put in force."""
    monkeypatch.setattr(together, "REFRESH_S", 3600.0)


@pytest.mark.usefixtures("unrefreshed")
async def test_who_has_just_enrolled_is_found_at_the_other_at_once(two: Two) -> None:
    one, other = two
    assert (await one.enrol(XCC)).status_code == 201
    for path in ("", "/proof", "/history"):
        answer = await other.caller(XAL).get(f"/v1/parties/NA-XCC{path}")
        assert answer.status_code == 200, answer.text
    nobody = await other.caller(XAL).get("/v1/parties/NA-XEE/proof")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "E_NOT_FOUND")


async def test_what_one_began_and_did_not_finish_is_finished(two: Two) -> None:
    one, other = two
    given = sealed()
    one.stop_at("exchange.after_held")
    answer = await one.caller(XAL).deposit(given)
    assert answer.status_code == 500
    one.clock.now += 20  # longer than a living process takes
    await until(lambda: one.rows("SELECT 1 FROM delivery"))
    assert (await other.caller(XAL).deposit(given)).status_code == 200


async def test_one_leads_a_task_and_another_goes_on_when_it_is_gone(two: Two) -> None:
    database = two[0].database()
    try:
        first, second = (Leading(database, LEASES, lease_s=0.2) for _ in range(2))
        assert [await first.leads("x"), await second.leads("x"), await first.leads("x")] == [
            True,
            False,
            True,
        ]
        assert await second.leads("y")
        await asyncio.sleep(0.25)  # as if it had died
        assert await second.leads("x")
        await second.let_go()
        assert await first.leads("x")
    finally:
        database.close()


async def test_a_server_that_went_away_is_503_and_comes_back_for_both(two: Two) -> None:
    server, given = SERVER.started(), sealed()
    await asyncio.gather(*(world.caller(XAL).get("/v1/parties") for world in two))
    server.stop()
    try:
        for world in two:
            answer = await world.caller(XAL).deposit(given)
            assert (answer.status_code, answer.json()["code"]) == (503, "E_UNAVAILABLE")
            assert int(answer.headers["retry-after"]) > 0
    finally:
        server.start()
    answers = [await world.caller(XAL).deposit(given) for world in two]
    assert [answer.status_code for answer in answers] == [201, 200]


async def test_a_query_that_forgets_who_asks_shows_nothing_of_another_party(two: Two) -> None:
    one, _other = two
    await one.caller(XAL).deposit(sealed())
    every = {
        table: text(f"SELECT count(*) FROM {table}")  # no WHERE: that is what is tried
        for table in ("envelope", "delivery", "content", "receipt")
    }

    def count(connection: Connection) -> dict[str, int]:
        return {table: connection.execute(all_).scalar_one() for table, all_ in every.items()}

    database = one.database()
    try:
        with asked_by(XBO):
            assert await database.read(count) == dict.fromkeys(every, 0)
        for party in (XAL, SEC):
            with asked_by(party):
                assert await database.read(count) == dict.fromkeys(every, 1)
        assert await database.read(count) == dict.fromkeys(every, 1)  # the service itself
    finally:
        database.close()
    server = SERVER.started()
    name = server.database_of(one.folder, EXCHANGE)
    with closing(server.connect(EXCHANGE.roles.reader, name)) as stranger:
        seen = stranger.execute("SELECT count(*) FROM envelope").fetchone()
    assert seen == (0,)  # whoever logs in as the reader and names nobody


async def test_acknowledgements_at_both_are_each_one_entry(two: Two) -> None:
    one, _other = two
    for each in containers(10):
        await one.caller(XAL).deposit(each)
    leases = await one.caller(SEC).lease(limit=10)
    await asyncio.gather(*(acknowledge(two[n % 2], lease) for n, lease in enumerate(leases)))
    owed = "SELECT 1 FROM event WHERE act = 'acknowledged' AND act_position IS NULL"
    await until(lambda: not one.rows(owed))
    acts = one.rows("SELECT seq FROM act WHERE kind = 'delivery.acknowledged'")
    assert sorted(act.seq for act in acts) == list(range(1, 11))
