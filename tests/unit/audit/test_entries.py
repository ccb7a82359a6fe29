import pytest

from sextant_audit.domain.entries import WRITERS, read_entries
from sextant_audit.domain.genesis import begin, make_genesis
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import (
    Entry,
    GenesisEntry,
    format_entry,
    parse_entry,
    writer_of,
)
from sextant_shared.protocol.access import Role
from tests.support.entries import sample_entries, sample_of
from tests.support.logs import log_keys
from tests.unit.audit.memory import Clock, MemoryLedger, MemorySigner, new_entry

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("text", ["", "e30", "e30=", "####", b64u(new_entry(1).data + b" ")])
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        read_entries([b64u(new_entry(1).data), text], Role.EXCHANGE)


def test_a_second_genesis_is_refused() -> None:
    genesis = make_genesis(log_keys(), Clock(), bytes(32))
    with pytest.raises(PlatformError, match="E_STATE"):
        read_entries([b64u(genesis.data)], Role.EXCHANGE)


def test_entries_are_read_in_order_with_their_leaf_hashes() -> None:
    entries = [new_entry(number) for number in (3, 1, 2)]
    assert read_entries([b64u(entry.data) for entry in entries], Role.EXCHANGE) == entries


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.EXCHANGE}))
def test_a_service_cannot_write_what_another_one_writes(role: Role) -> None:
    with pytest.raises(PlatformError, match="E_FORBIDDEN") as caught:
        read_entries([b64u(new_entry(1).data)], role)
    assert caught.value.expected == "exchange"


@pytest.mark.parametrize("entry", sample_entries(), ids=lambda entry: str(entry.type))
def test_each_type_is_taken_from_its_writer_alone(entry: Entry) -> None:
    for role in (Role.EXCHANGE, Role.SECRETARIAT):
        if writer_of(entry) == WRITERS[role]:
            assert read_entries([b64u(format_entry(entry))], role)
        else:
            with pytest.raises(PlatformError, match=r"E_FORBIDDEN|E_STATE"):
                read_entries([b64u(format_entry(entry))], role)


def test_a_service_speaks_of_itself_alone() -> None:
    of_exchange = sample_of("key.event")
    assert read_entries([b64u(format_entry(of_exchange))], Role.EXCHANGE)
    with pytest.raises(PlatformError, match="E_FORBIDDEN"):
        read_entries([b64u(format_entry(of_exchange))], Role.SECRETARIAT)


async def test_a_log_is_begun_once() -> None:
    ledger, signer = MemoryLedger(), MemorySigner()
    genesis = make_genesis(log_keys(), Clock(), bytes(range(32)))
    await begin(ledger, signer, genesis)
    with pytest.raises(PlatformError) as caught:
        await begin(ledger, signer, genesis)
    assert caught.value.code is Code.STATE


async def test_an_interrupted_beginning_goes_on_with_the_genesis_that_stands() -> None:
    ledger, signer = MemoryLedger(), MemorySigner()
    first = make_genesis(log_keys(), Clock(), bytes(range(32)))
    ledger.rows.add_entries(0, [first])
    head = await begin(ledger, signer, make_genesis(log_keys(), Clock(), bytes(32)))
    assert (head.size, head.root) == (1, first.hash)


async def test_a_ledger_with_more_than_genesis_is_not_begun_again() -> None:
    ledger, signer = MemoryLedger(), MemorySigner()
    ledger.rows.add_entries(0, [make_genesis(log_keys(), Clock(), bytes(32)), new_entry(1)])
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        await begin(ledger, signer, make_genesis(log_keys(), Clock(), bytes(32)))
    assert signer.size == 0


def test_genesis_names_the_origin_and_both_keys() -> None:
    genesis = parse_entry(make_genesis(log_keys(), Clock(), bytes(32)).data)
    assert isinstance(genesis, GenesisEntry)
    assert (genesis.origin, tuple(genesis.vkeys)) == (log_keys().origin, log_keys().vkeys)
