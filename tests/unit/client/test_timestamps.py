"""The log's time-stamps as a party verifies them: over the network, and from a file."""

from pathlib import Path

import httpx
import pytest

from sextant_client.session import Session
from sextant_client.timestamps import format_stamps, gather, judge, parse_stamps
from sextant_client.trust import PinnedLog, Trust, TrustFile
from sextant_shared.clock import timestamp_s
from sextant_shared.encoding import b64
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of
from sextant_shared.models.log import StampedHead, StampedHeads
from sextant_shared.models.party import RegistrarKeys, RegistrarsFile
from sextant_shared.protocol.checkpoints import verify_checkpoint
from sextant_shared.protocol.timestamps import make_query, read_roots, verify_timestamp
from tests.support.command import sextant
from tests.support.logs import MemoryLog, log_keys, make_accepted
from tests.support.parties import registrar_pairs
from tests.support.tsa import authority, needs_openssl, stranger

pytestmark = needs_openssl


def grown(*numbers: int) -> MemoryLog:
    log = MemoryLog()
    for number in numbers:
        log.append(make_accepted(number))
    return log


LOG, FORK = grown(1, 2, 3, 4, 5), grown(1, 2, 9, 10)


def stamped(size: int, log: MemoryLog = LOG) -> StampedHead:
    data = log.checkpoint(size).encode()
    reply = authority().reply(make_query(data).body)
    time = verify_timestamp(reply, data, read_roots(authority().roots)).time
    return StampedHead(
        v=1,
        kind="timestamp",
        size=size,
        t=timestamp_s(time),
        checkpoint=data.decode(),
        reply=b64(reply),
    )


@pytest.fixture(scope="module")
def items() -> list[StampedHead]:
    return [stamped(size) for size in (1, 3, 5)]


@pytest.fixture(scope="module")
def trust() -> Trust:
    pinned = PinnedLog(origin=LOG.origin, vkeys=list(log_keys().vkeys))
    keys = [dict(half.jwk) for half in registrar_pairs()[0]]
    registrars = RegistrarsFile(threshold=1, registrars=[RegistrarKeys(name="REG-1", keys=keys)])
    return Trust(TrustFile(v=1, registrars=registrars, log=pinned, checkpoint=None))


def faults(items: list[StampedHead], trust: Trust, *, online: bool = False) -> list[str]:
    roots = read_roots(authority().roots)
    if not online:
        return [verdict.fault for verdict in judge(items, trust, roots)]
    newest = verify_checkpoint(LOG.checkpoint(), trust.log_keys)
    leaves = [leaf_hash(leaf) for leaf in LOG.leaves]
    found = judge(items, trust, roots, newest, lambda first, _: consistency_path_of(leaves, first))
    return [verdict.fault for verdict in found]


def test_each_time_stamp_that_does_not_hold_is_told_and_the_others_are_not_touched(
    items: list[StampedHead], trust: Trust
) -> None:
    def at(which: int, **changes: str | int) -> list[StampedHead]:
        changed = [*items]
        changed[which] = changed[which].model_copy(update=changes)
        return changed

    for changed, says in [
        (at(0, reply=items[1].reply), "other bytes"),
        (at(0, checkpoint=items[1].checkpoint), "other bytes"),
        (at(0, checkpoint=items[0].checkpoint[:-9] + "AAAAAAA=\n"), "E_"),
        (at(0, reply=b64(b"nothing")), "no reply"),
        (at(0, reply="?"), "E_MALFORMED"),
        (at(0, size=2), "another size or time"),
        (at(0, t="2026-01-01T00:00:00Z"), "another size or time"),
    ]:
        first, *rest = faults(changed, trust)
        assert says in first
        assert rest == ["", ""]


def test_a_head_of_another_log_does_not_hold(trust: Trust) -> None:
    impostor = MemoryLog(LOG.leaves, label="impostor")
    [fault] = faults([stamped(3, impostor)], trust)
    assert "E_KEY" in fault


def test_a_time_stamp_of_an_authority_that_is_not_pinned_does_not_hold(
    items: list[StampedHead], trust: Trust
) -> None:
    found = judge(items, trust, read_roots(stranger().roots))
    assert all("not signed by an authority" in verdict.fault for verdict in found)


def test_a_stamped_head_of_a_fork_is_told_when_the_log_can_be_asked(
    items: list[StampedHead], trust: Trust
) -> None:
    forked = [items[0], stamped(4, FORK)]
    assert faults(forked, trust) == ["", ""]  # signed and stamped it is: evidence by itself
    sound, fault = faults(forked, trust, online=True)
    assert sound == ""
    assert "E_INTEGRITY" in fault


def test_sound_time_stamps_hold_on_and_off_the_network(
    items: list[StampedHead], trust: Trust
) -> None:
    assert faults(items, trust) == ["", "", ""]
    assert faults(items, trust, online=True) == ["", "", ""]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"v":1}', b"\xff"])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        parse_stamps(data)


def test_a_list_out_of_order_is_refused(items: list[StampedHead]) -> None:
    for wrong in ([items[1], items[0]], [items[0], items[0]]):
        with pytest.raises(PlatformError, match="order of size"):
            parse_stamps(format_stamps(wrong))


def session(*pages: StampedHeads) -> Session:
    left = list(pages)

    def answer(_request: httpx.Request) -> httpx.Response:
        page = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(200, content=page.model_dump_json())

    transport = httpx.MockTransport(answer)
    return Session("https://l", client_id="x", signer=None, transport=transport)


def page(*items: StampedHead, more: bool) -> StampedHeads:
    return StampedHeads(v=1, kind="timestamps", items=list(items), more=more, fault="")


def test_pages_are_gathered_and_a_list_without_end_is_refused(items: list[StampedHead]) -> None:
    found = gather(session(page(items[0], more=True), page(*items[1:], more=False)))
    assert list(found) == items
    with pytest.raises(PlatformError, match="does not end"):
        gather(session(page(items[0], more=True)))


def test_the_command_verifies_a_kept_list_without_a_network(
    items: list[StampedHead], trust: Trust, tmp_path: Path
) -> None:
    files = {name: tmp_path / name for name in ("list.json", "bent.json", "ca.pem", "trust.json")}
    files["list.json"].write_bytes(format_stamps(items))
    bent = items[1].model_copy(update={"reply": items[0].reply})
    files["bent.json"].write_bytes(format_stamps([items[0], bent, items[2]]))
    files["ca.pem"].write_bytes(authority().roots)
    files["trust.json"].write_text(trust.file.model_dump_json())
    pins = ("--ca", files["ca.pem"], "--trust", files["trust.json"])
    done = sextant("log", "timestamps", files["list.json"], *pins)
    assert (done.status, done.stdout.count("CN=tsa.example root #")) == (0, 3), done.stderr
    done = sextant("log", "timestamps", files["bent.json"], *pins, "--json")
    assert done.status == 4
    assert [bool(row["fault"]) for row in done.json()["timestamps"]] == [False, True, False]
    done = sextant("log", "timestamps", tmp_path / "none.json", *pins)
    assert (done.status, "cannot read" in done.stderr) == (3, True)
