"""The log speaks of itself: its pulse, what it runs with, and what operators report of copies."""

from pathlib import Path

import pytest

from sextant_audit.domain.speaking import Heartbeat
from sextant_audit.signer.guard import SignerGuard
from sextant_shared.crypto.signing import Verifier
from sextant_shared.encoding import b64u, b64u_decode, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.copies import CopyAnswer
from sextant_shared.models.entries import Entry, parse_entry
from sextant_shared.models.service_entries import (
    BackupEntry,
    ConfigChangeEntry,
    HeartbeatEntry,
    KeyEventEntry,
    PolicyChangeEntry,
    RestoreEntry,
)
from sextant_shared.protocol.acts import commitment
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.cose_receipts import ReceiptKey
from sextant_shared.protocol.logproof import verify_proof
from tests.integration.audit.logs import AuditLog, Served
from tests.support.logs import ORIGIN, receipt_signer
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
BACKUP = {"act": "backup", "of": "exchange", "size": 1, "note": "nightly", "digest": "A" * 43}


async def report(served: Served, role: str = "operator", **changes: object) -> CopyAnswer:
    body = {**BACKUP, **changes}
    answer = await served.client(role).request("POST", "/v1/copies", json=body, repeatable=False)
    return CopyAnswer.model_validate_json(answer.content)


async def bundle(served: Served, size: int) -> list[Entry]:
    path = f"/tile/entries/000.p/{size}"
    data = (await served.client("auditor").request("GET", path)).content
    found = []
    while data:
        length = int.from_bytes(data[:2], "big")
        found.append(parse_entry(data[2 : 2 + length]))
        data = data[2 + length :]
    return found


async def grown(served: Served, size: int) -> list[Entry]:
    """Return the first entries once so many are published."""

    async def look() -> bool:
        return int((await served.get("/checkpoint")).text.splitlines()[1]) >= size

    await until(look, f"the log has {size} entries")
    return await bundle(served, size)


@pytest.mark.parametrize("role", ["exchange", "secretariat", "auditor", "officer", "party"])
async def test_only_operators_report_copies(tmp_path: Path, role: str) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        with pytest.raises(PlatformError) as caught:
            await report(served, role)
        assert caught.value.code is Code.FORBIDDEN
    assert (await log.check()).size == 1


async def test_a_copy_of_more_than_there_is_is_refused(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        with pytest.raises(PlatformError) as caught:
            await report(served, size=2)
        assert (caught.value.code, caught.value.received) == (Code.STATE, "2")
    assert (await log.check()).size == 1


async def test_a_report_is_an_entry_that_opens_for_who_made_it(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        for act, kind in (("backup", BackupEntry), ("restore", RestoreEntry)):
            answer = await report(served, act=act)
            leaf = b64u_decode(answer.entry)
            entry = parse_entry(leaf)
            assert isinstance(entry, kind)
            assert (entry.of, entry.size) == ("exchange", 1)
            assert verify_proof(leaf, answer.proof, keys).index == answer.index
            detail, salt = b64u_decode(answer.detail), b64u_decode(answer.salt)
            assert entry.commit == b64u(commitment(salt, detail))
            assert b"operator" in detail
            assert b"nightly" not in leaf
    assert (await log.check()).size == 3


async def test_what_the_log_runs_with_is_noted_once_and_again_when_it_changes(
    tmp_path: Path,
) -> None:
    log = AuditLog(tmp_path, note_after_s=0)
    await log.begin()
    found: list[Entry] = []
    for entries_public, size in ((False, 6), (False, 6), (True, 7)):
        log.entries_public = entries_public
        async with log.serve() as served:
            found = await grown(served, size)
    kinds = [type(entry) for entry in found[1:]]
    first = [ConfigChangeEntry, PolicyChangeEntry, *[KeyEventEntry] * 3]
    assert kinds == [*first, ConfigChangeEntry]
    before, after = found[1], found[6]
    assert isinstance(before, ConfigChangeEntry)
    assert isinstance(after, ConfigChangeEntry)
    assert (before.old, after.old) == (None, before.new)


async def test_a_key_that_comes_while_the_log_runs_is_noted_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sextant_audit.app.noting.LOOK_S", 0.02)
    monkeypatch.setattr(SignerGuard, "receipt_key", None)  # a log of before it had one
    log = AuditLog(tmp_path, note_after_s=0)
    await log.begin()
    async with log.serve() as served:
        found = await grown(served, 5)
        assert {e.use for e in found if isinstance(e, KeyEventEntry)} == {"log"}
        key = ReceiptKey(ORIGIN, Verifier.from_jwk(receipt_signer().jwk))
        monkeypatch.setattr(SignerGuard, "receipt_key", key)
        (*_, event) = await grown(served, 6)
        assert isinstance(event, KeyEventEntry)
        assert (event.use, event.old, event.new) == ("receipts", None, b64u(key.kid))
    await log.check()


async def test_a_heartbeat_says_how_far_the_log_was_read_again(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, heartbeat_s=0.05)
    await log.begin()
    async with log.serve() as served:
        _, beat, *_ = await grown(served, 3)
    assert isinstance(beat, HeartbeatEntry)
    assert (beat.size, beat.head, beat.scrubbed, beat.tst) == (1, None, 0, None)
    await log.check()


async def test_a_heartbeat_carries_the_digests_of_a_witnessed_head_and_a_token() -> None:
    given: list[Entry] = []

    class Reading:
        size = 7

        def newest_witnessed(self) -> str:
            return "a head\n"

    async def append(entries: object) -> object:
        given.extend(parse_entry(one.data) for one in entries)  # type: ignore[attr-defined]
        raise PlatformError(Code.UNAVAILABLE, "full")

    heartbeat = Heartbeat(append, Reading(), lambda: 1.0, lambda: 6, lambda: b"token")  # type: ignore[arg-type]
    with pytest.raises(PlatformError, match="E_UNAVAILABLE"):
        await heartbeat()
    [beat] = given
    assert isinstance(beat, HeartbeatEntry)
    assert (beat.size, beat.scrubbed) == (7, 6)
    assert (beat.head, beat.tst) == (b64u(sha256(b"a head\n")), b64u(sha256(b"token")))


async def test_reading_matrix_public_hashes_auditors_entries_parties_neither(
    tmp_path: Path,
) -> None:
    """The public reads heads and hashes; whole entries are for auditors and the writers."""
    log = AuditLog(tmp_path)
    keys: LogKeys = await log.begin()
    async with log.serve() as served:
        assert keys.origin in (await served.get("/checkpoint")).text
        assert (await served.get("/tile/0/000.p/1")).status_code == 200
        assert (await served.get("/tile/entries/000.p/1")).status_code == 401
        for role in ("auditor", "exchange", "secretariat"):
            assert [entry.type for entry in await bundle_for(served, role)] == ["genesis"]
        for role in ("party", "officer", "registrar", "operator"):
            with pytest.raises(PlatformError) as caught:
                await bundle_for(served, role)
            assert caught.value.code is Code.FORBIDDEN


async def bundle_for(served: Served, role: str) -> list[Entry]:
    data = (await served.client(role).request("GET", "/tile/entries/000.p/1")).content
    return [parse_entry(data[2:])]
