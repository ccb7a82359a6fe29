"""Versions of party documents take force one at a time, also when the log or the store fails."""

import asyncio

import pytest

from sextant_exchange.domain.directory import PartyClients
from sextant_exchange.domain.registration import Registration
from sextant_exchange.domain.root_loss import Announced
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import PartyDocumentEntry, parse_entry
from sextant_shared.models.party import Possession
from sextant_shared.protocol.access import Role, Subject
from sextant_shared.protocol.parties import prove_possession, sign_party_document
from tests.support.logs import NOW
from tests.support.parties import PartyKeys, registrar_pairs, registrars
from tests.unit.exchange.stores import MemoryAnnouncements, MemoryLog, MemoryParties, away

pytestmark = pytest.mark.anyio
XAL, XBO = PartyKeys("NA-XAL"), PartyKeys("NA-XBO")
Given = tuple[str, bytes, list[Possession]]


def first_version(keys: PartyKeys) -> Given:
    raw = sign_party_document(keys.document(), keys.signers(registrar_pairs()[:2]))
    return keys.party, raw, prove_possession(raw, [*keys.sig, keys.api])


def registration(parties: MemoryParties, log: MemoryLog) -> Registration:
    announced = Announced(MemoryAnnouncements(), log)
    return Registration(parties, log, registrars(), lambda: NOW, lambda _: None, announced)


async def test_a_document_in_force_is_in_the_snapshot_with_its_place() -> None:
    log = MemoryLog([b"genesis"])
    registry = registration(MemoryParties(), log)
    before = registry.registry
    summary = await registry.enrol(*first_version(XAL))
    assert (summary.ver, summary.index, registry.newest_index) == (1, 1, 1)
    assert before.parties == {}  # a snapshot that somebody works with never changes
    entry = parse_entry(log.entries[1])
    assert isinstance(entry, PartyDocumentEntry)
    assert (entry.party, entry.ver, entry.doc) == ("NA-XAL", 1, summary.digest)


async def test_a_pending_document_is_not_in_force_and_is_logged_with_the_same_bytes() -> None:
    log, parties = MemoryLog(fails=[away()]), MemoryParties()
    registry = registration(parties, log)
    given = first_version(XAL)
    with pytest.raises(PlatformError) as caught:
        await registry.enrol(*given)
    assert caught.value.code is Code.UNAVAILABLE
    assert registry.registry.parties == {}
    ((pending, leaf),) = parties.rows
    assert leaf is None
    await registry.settle()
    assert log.entries == [pending.entry]
    assert (await registry.enrol(*given)).index == 0
    assert len(parties.rows) == 1


async def test_a_store_that_fails_after_the_log_is_finished_with_the_same_place() -> None:
    log, parties = MemoryLog(), MemoryParties(fails=[away()])
    registry = registration(parties, log)
    with pytest.raises(PlatformError):
        await registry.enrol(*first_version(XAL))
    assert (len(log.entries), registry.registry.parties) == (1, {})
    assert (await registry.enrol(*first_version(XBO))).index == 1
    assert [line.index for line in registry.summaries()] == [0, 1]


async def test_a_start_takes_up_what_was_pending() -> None:
    log, parties = MemoryLog(fails=[away(), away()]), MemoryParties()
    with pytest.raises(PlatformError):
        await registration(parties, log).enrol(*first_version(XAL))
    started = registration(parties, log)
    await started.load()
    with pytest.raises(PlatformError):
        await started.settle()
    await started.settle()
    again = registration(parties, log)
    await again.load()
    assert again.summaries() == started.summaries() != []


async def test_what_comes_at_once_is_taken_one_after_the_other() -> None:
    log = MemoryLog()
    registry = registration(MemoryParties(), log)
    given = [first_version(keys) for keys in (XAL, XBO)]
    summaries = await asyncio.gather(*(registry.enrol(*one) for one in given))
    assert sorted(summary.index for summary in summaries) == [0, 1]
    entries = [parse_entry(data) for data in log.entries]
    assert len({e.state for e in entries if isinstance(e, PartyDocumentEntry)}) == 2


async def test_party_clients_are_found_by_an_active_access_key() -> None:
    registry = registration(MemoryParties(), MemoryLog())
    await registry.enrol(*first_version(XAL))
    clients = PartyClients(registry)
    subject, verifier = clients.find("NA-XAL/submit-1", XAL.api.kid)
    assert subject == Subject("NA-XAL/submit-1", Role.PARTY, "NA-XAL")
    assert verifier.kid == XAL.api.kid


@pytest.mark.parametrize(
    ("client_id", "kid"),
    [
        pytest.param("NA-XAL", XAL.api.kid, id="no name"),
        pytest.param("NA-XAL/", XAL.api.kid, id="empty name"),
        pytest.param("NA-XBO/submit-1", XAL.api.kid, id="nobody enrolled it"),
        pytest.param("NA-XAL/submit-1", XBO.api.kid, id="another party's key"),
        pytest.param("NA-XAL/submit-1", XAL.sig[0].kid, id="a key for signing"),
    ],
)
async def test_everybody_else_is_unknown(client_id: str, kid: str) -> None:
    registry = registration(MemoryParties(), MemoryLog())
    await registry.enrol(*first_version(XAL))
    with pytest.raises(PlatformError) as caught:
        PartyClients(registry).find(client_id, kid)
    assert caught.value.code is Code.AUTH
