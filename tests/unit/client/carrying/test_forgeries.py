"""Sticks that were damaged, altered or forged: refused, and nothing of them is kept."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sextant_client.carrying.stick import INDEX, MAX_SMALL_BYTES
from sextant_client.home import Home
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.parties import sign_party_document, verify_party_document
from tests.support.logs import MemoryLog, make_accepted
from tests.support.parties import next_version, registrar_pairs
from tests.unit.client.carrying.conftest import Way
from tests.unit.declarations.world import SEC, XAL, World

Members = dict[str, bytes]


def read(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(members: Members, path: Path, **index: Any) -> None:
    """Write a file whose index fits its members again: what a forger would do."""
    listed = {**json.loads(members[INDEX]), **index}
    listed["members"] = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in members.items()
        if name != INDEX
    }
    raw = {**members, INDEX: json.dumps(listed).encode()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in raw.items():
            archive.writestr(name, data)


def without(members: Members, name: str) -> Members:
    return {other: data for other, data in members.items() if other != name}


def flip(data: bytes, at: int = -1) -> bytes:
    bent = bytearray(data)
    bent[at] ^= 1
    return bytes(bent)


def held(home: Home) -> dict[str, bytes]:
    """Return every file of a home but temporary ones."""
    return {
        str(path.relative_to(home.path)): path.read_bytes()
        for path in sorted(home.path.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.parts)
    }


@pytest.fixture
def brought(way: Way) -> Way:
    """Return the way with a return file that was not accepted yet: one receipt, one reply."""
    way.trip()
    way.seal()
    way.wire.write(b"Please explain.")
    way.export()
    way.deliver()
    return way


def refused(way: Way) -> PlatformError:
    with pytest.raises(PlatformError) as raised:
        way.accept()
    return raised.value


# --- the file itself ------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_file_of_a_stick_that_was_pulled_is_refused(brought: Way, keep: float) -> None:
    data = brought.back.read_bytes()
    brought.back.write_bytes(data[: int(keep if keep >= 1 else len(data) * keep)])
    before = held(brought.home)
    error = refused(brought)
    assert error.code is Code.MALFORMED
    assert "nothing was changed" in error.fix
    assert held(brought.home) == before


def test_a_file_that_is_not_there_is_named(way: Way) -> None:
    assert "back.zip cannot be read" in refused(way).detail


@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda m: {**m, "more.txt": b"x"}, id="a member more"),
        pytest.param(
            lambda m: {k: v for k, v in m.items() if k != "checkpoint.txt"}, id="one less"
        ),
        pytest.param(lambda m: {k: v for k, v in m.items() if k != INDEX}, id="no index"),
        pytest.param(lambda m: {**m, INDEX: b"{}"}, id="an empty index"),
        pytest.param(lambda m: {**m, INDEX: b"[" * 99}, id="nested"),
    ],
)
def test_members_that_the_index_does_not_name_are_refused(
    brought: Way, bend: Callable[[Members], Members]
) -> None:
    with zipfile.ZipFile(brought.back) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(brought.back, "w") as archive:
        for name, data in bend(members).items():
            archive.writestr(name, data)
    assert refused(brought).code is Code.MALFORMED


def test_a_compressed_file_is_refused_before_it_grows(brought: Way) -> None:
    members = read(brought.back)
    with zipfile.ZipFile(brought.back, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert "not merely stored" in refused(brought).detail


def test_a_directory_larger_than_any_of_ours_is_not_read(brought: Way) -> None:
    data = bytearray(brought.back.read_bytes())
    data[-10:-6] = (1 << 30).to_bytes(4, "little")
    brought.back.write_bytes(bytes(data))
    assert "no file of this kind" in refused(brought).detail


def test_an_altered_member_is_found_by_its_digest(brought: Way) -> None:
    members = read(brought.back)
    members["checkpoint.txt"] = flip(members["checkpoint.txt"], 3)
    with zipfile.ZipFile(brought.back, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert refused(brought).code is Code.DIGEST


def test_an_outbound_file_is_no_return_file(brought: Way) -> None:
    brought.back.write_bytes(brought.stick.read_bytes())
    assert refused(brought).code is Code.MALFORMED


def test_a_small_member_that_is_large_is_not_read(brought: Way) -> None:
    members = read(brought.back)
    write({**members, "checkpoint.txt": bytes(MAX_SMALL_BYTES + 1)}, brought.back)
    assert refused(brought).code is Code.TOO_LARGE


# --- what it says, by a forger who can write any index --------------------------------------------


def test_a_file_for_another_party_is_refused(brought: Way) -> None:
    write(read(brought.back), brought.back, party="NA-XBO")
    assert refused(brought).code is Code.SENDER


def test_a_forged_receipt_is_refused_and_not_kept(brought: Way) -> None:
    members = read(brought.back)
    (name,) = [n for n in members if n.startswith("receipts/")]
    members[name] = members["deliveries/1.json"]
    write(members, brought.back)
    before = {k: v for k, v in held(brought.home).items() if k.startswith(("sent", "inbox"))}
    assert refused(brought).code is Code.INTEGRITY
    after = {k: v for k, v in held(brought.home).items() if k.startswith(("sent", "inbox"))}
    assert after == before


def test_a_reply_altered_on_the_way_is_refused_and_stays_first_in_line(brought: Way) -> None:
    good = brought.back.read_bytes()
    members = read(brought.back)
    members["deliveries/1.dxe"] = flip(members["deliveries/1.dxe"])
    write(members, brought.back)
    assert refused(brought).code in {Code.DIGEST, Code.BODY}
    assert brought.home.cursor() == 0
    assert not (brought.home.inbox / "1").exists()
    brought.back.write_bytes(good)
    assert len(brought.accept().received) == 1


def test_a_courier_cannot_leave_out_a_reply_before_others(brought: Way) -> None:
    brought.wire.write(b"second")
    brought.deliver()
    members = read(brought.back)
    index = json.loads(members[INDEX])
    for name in ("deliveries/1.dxe", "deliveries/1.json"):
        del members[name]
    write(members, brought.back, deliveries=index["deliveries"][1:])
    error = refused(brought)
    assert (error.code, error.received) == (Code.STATE, "delivery 2")


def test_a_courier_cannot_bring_back_old_keys(brought: Way) -> None:
    old = read(brought.back)["parties/SEC.json"]
    world = brought.wire.world
    before = world.documents[SEC][-1]
    signers = world.keys[SEC].signers(registrar_pairs()[:2])
    raw = sign_party_document(next_version(before), signers)
    world.publish(verify_party_document(raw, world.registrars, before))
    brought.deliver()
    brought.accept()
    members = read(brought.back)
    write({**members, "parties/SEC.json": old}, brought.back)
    error = refused(brought)
    assert error.code is Code.INTEGRITY
    assert "older than the one kept" in error.detail


def test_a_document_of_another_party_is_no_document_of_this_one(brought: Way) -> None:
    members = read(brought.back)
    write({**members, "parties/SEC.json": members[f"parties/{XAL}.json"]}, brought.back)
    assert "for another party" in refused(brought).detail


def test_a_missing_proof_of_continuity_is_asked_for(brought: Way) -> None:
    write({**read(brought.back), "consistency.json": b"{}"}, brought.back)
    error = refused(brought)
    assert error.code is Code.MALFORMED
    assert "lacks the proof" in error.detail


def test_a_file_older_than_what_is_known_is_refused(brought: Way) -> None:
    old = brought.back.read_bytes()
    brought.wire.write(b"later")
    brought.deliver()
    brought.accept()
    brought.back.write_bytes(old)
    error = refused(brought)
    assert error.code is Code.STATE
    assert "Export again" in error.fix


def test_another_history_of_the_log_becomes_evidence(brought: Way) -> None:
    """The courier met a log that shows it another history than the one the home knows."""
    members = read(brought.back)
    size = int(members["checkpoint.txt"].split()[1])
    leaves = brought.wire.world.log.leaves[1:size]
    forked = MemoryLog()
    forked.append(make_accepted(50_000))
    forked.leaves += leaves
    write({**members, "checkpoint.txt": forked.checkpoint().encode()}, brought.back)
    known = brought.home.trust.checkpoint()
    error = refused(brought)
    assert error.code is Code.INTEGRITY
    assert "contradicts itself" in error.detail
    assert "sextant log evidence verify" in error.fix
    assert len(list((brought.home.path / "evidence").iterdir())) == 1
    assert brought.home.trust.checkpoint() == known
    assert not (brought.home.inbox / "1").exists()


# --- the outbound file, at the courier's ----------------------------------------------------------


def test_an_envelope_altered_on_the_stick_is_never_deposited(way: Way) -> None:
    way.trip()
    envelope = way.seal()
    way.export()
    members = read(way.stick)
    name = f"envelopes/{envelope.id}.dxe"
    write({**members, name: flip(members[name])}, way.stick)
    way.wire.asked.clear()
    with pytest.raises(PlatformError) as raised:
        way.deliver()
    assert raised.value.code is Code.DIGEST
    assert "POST /v1/envelopes" not in way.wire.asked


def test_an_envelope_in_place_of_another_is_never_deposited(way: Way) -> None:
    way.trip()
    first, second = way.seal(1), way.seal(2)
    way.export()
    members = read(way.stick)
    names = [f"envelopes/{one.id}.dxe" for one in (first, second)]
    members[names[0]] = members[names[1]]
    write(members, way.stick)
    with pytest.raises(PlatformError, match="not the one that its index describes"):
        way.deliver()
    assert way.wire.accepted == {}


def test_a_stick_of_a_home_on_another_log_is_refused(way: Way) -> None:
    way.export()
    other = World(log=MemoryLog(label="another log")).log.checkpoint()
    write(read(way.stick), way.stick, checkpoint=other)
    with pytest.raises(PlatformError) as raised:
        way.deliver()
    assert raised.value.code in {Code.KEY, Code.SIGNATURE}


def test_a_reply_that_the_exchange_damaged_is_not_brought(way: Way) -> None:
    logged = way.wire.write(b"Please explain.")
    way.wire.mailbox[0] = type(logged)(
        flip(logged.container), logged.manifest, logged.custody, logged.reg
    )
    way.export()
    with pytest.raises(PlatformError, match="not the one that was signed"):
        way.deliver()
