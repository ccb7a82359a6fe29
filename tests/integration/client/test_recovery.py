"""Backups of a platform with declarations in it: what a restore honours, and what it cannot.

One platform for all tests. Backup A, then two more envelopes, then backup B: so `A` has lost what
`B` has, on purpose.
"""

import asyncio
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sextant_audit.__main__ import main as audit_command
from sextant_audit.app.opening import open_log, verify_log
from sextant_audit.app.refilling import refill_ledger
from sextant_audit.settings import AuditSettings
from sextant_audit.signer.folder import remember_head
from sextant_client.recovery.choosing import backups_in
from sextant_client.recovery.snapshots import stored_at
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import system_clock
from sextant_shared.errors import Code, PlatformError
from tests.integration.client.lost_platform import Lost
from tests.support.backups import OPERATOR, Backups
from tests.support.command import sextant
from tests.support.platform_files import ORIGIN
from tests.support.postgresql import embedded

pytestmark = embedded  # plans of backups name the files of rooms


def _settings(into: Path, signer: Path) -> AuditSettings:
    return AuditSettings(
        data_dir=into / "audit",
        signer_dir=signer,
        origin=ORIGIN,
        port=1,
        base_url="http://audit.example",
    )


async def _start(settings: AuditSettings) -> int:
    """Start the log and stop it; return its size."""
    log = await open_log(settings, Telemetry("audit"), system_clock, lambda _name: None)
    try:
        return log.sequencer.head.size
    finally:
        await log.close()


def test_a_restore_of_the_newest_backup_honours_every_receipt(lost: Lost, tmp_path: Path) -> None:
    into = tmp_path / "site"
    held = ("--receipts", lost.early, "--receipts", lost.late, "--mirror", lost.mirror)
    done = lost.backups.restore(into, *held)
    assert done.status == 0, done.stdout
    found = done.json()
    assert (found["honours"], found["receipts"], found["missing"]) == (True, 4, [])
    assert found["large_containers"] >= 1
    assert not (into / "keys").exists()


def test_entries_that_were_lost_are_named_by_index_and_envelope(lost: Lost, tmp_path: Path) -> None:
    into = tmp_path / "site"
    done = lost.old.restore(into, "--mirror", lost.mirror)
    assert done.status == 4
    found = done.json()
    assert lost.a.log is not None
    first, newest = lost.a.log.size, found["newest"]["size"]
    assert newest > first
    assert found["lost"] == {
        "first": first,
        "last": newest - 1,
        "receipts_under": f"{first + 1} to {newest}",
    }
    named = {each["envelope"] for each in found["missing"]}
    assert set(lost.late_ids) <= named
    assert not into.exists()
    told = json.loads((tmp_path / "site.not-honoured" / "NOT-HONOURED.json").read_text())
    assert told["missing"] == found["missing"]


def test_receipts_alone_find_a_loss_that_no_witness_saw(lost: Lost, tmp_path: Path) -> None:
    done = lost.old.restore(tmp_path / "site", "--receipts", lost.late)
    assert done.status == 4
    missing = done.json()["missing"]
    assert {each["envelope"] for each in missing} == set(lost.late_ids)
    assert all("the log lost its entry" in each["why"] for each in missing)


def test_a_log_that_lost_entries_does_not_start_until_a_copy_filled_it(
    lost: Lost, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    shares = lost.old.shares("ONE", "THREE")
    done = lost.old.restore(tmp_path / "site", "--mirror", lost.mirror, *shares)
    assert done.status == 4
    into = tmp_path / "site.not-honoured"
    signer = into / "keys" / "signer"
    assert sorted(path.name for path in signer.iterdir()) == [
        "ed25519.json",
        "es384.json",
        "ml-dsa-44.json",
    ]
    head = (lost.mirror / "checkpoint").read_text()
    memory = remember_head(signer, ORIGIN, head)
    settings = _settings(into, signer)
    with pytest.raises(PlatformError) as caught:
        asyncio.run(_start(settings))
    assert caught.value.code is Code.INTEGRITY
    assert "older than what was signed" in caught.value.detail

    done_refill = asyncio.run(refill_ledger(settings, lost.mirror))
    assert lost.a.log is not None
    assert (done_refill.before, done_refill.size) == (lost.a.log.size, memory.size)
    assert asyncio.run(_start(settings)) >= memory.size
    asyncio.run(verify_log(settings))
    for name, value in (
        ("DATA_DIR", settings.data_dir),
        ("SIGNER_DIR", signer),
        ("ORIGIN", ORIGIN),
        ("PORT", 1),
        ("BASE_URL", "http://audit.example"),
    ):
        monkeypatch.setenv(f"SEXTANT_AUDIT_{name}", str(value))
    assert audit_command(["refill", str(lost.mirror)]) == 1
    assert "lacks nothing" in capsys.readouterr().err


def test_a_copy_of_another_history_fills_nothing(lost: Lost, tmp_path: Path) -> None:
    lost.old.restore(tmp_path / "site", "--mirror", lost.mirror, *lost.old.shares("ONE", "TWO"))
    into = tmp_path / "site.not-honoured"
    signer = into / "keys" / "signer"
    head = (lost.mirror / "checkpoint").read_text()
    size = remember_head(signer, ORIGIN, head).size
    altered = tmp_path / "altered"
    shutil.copytree(lost.mirror, altered)
    [bundle] = altered.glob(f"tile/entries/000.p/{size}")
    data = bytearray(bundle.read_bytes())
    data[-30] ^= 1
    bundle.write_bytes(data)
    with pytest.raises(PlatformError) as caught:
        asyncio.run(refill_ledger(_settings(into, signer), altered))
    assert caught.value.code in {Code.INTEGRITY, Code.MALFORMED}


def test_an_exchange_older_than_the_log_is_told_and_only_a_person_accepts_it(
    lost: Lost, tmp_path: Path
) -> None:
    options = ("--to", lost.a.t, "--receipts", lost.late)
    refused = lost.backups.restore(tmp_path / "site", *options)
    assert refused.status == 4
    found = refused.json()
    assert (found["lost"], found["size"]) == (None, lost.b.log.size if lost.b.log else 0)
    assert {each["envelope"] for each in found["missing"]} >= set(lost.late_ids)
    assert "the exchange lost its container" in found["missing"][0]["why"]
    assert found["unknown_to_exchange"]["envelope.accepted"] >= 2

    accepted = lost.backups.restore(tmp_path / "again", *options, "--accept-loss", "asked both")
    assert accepted.status == 0
    assert accepted.json()["accepted"] == "asked both"
    assert (tmp_path / "again" / "exchange" / "exchange.db").is_file()


def test_a_large_container_whose_file_is_gone_is_named(lost: Lost, tmp_path: Path) -> None:
    into = tmp_path / "site"
    assert lost.backups.restore(into).status == 0
    for path in (into / "exchange" / "blobs").iterdir():
        path.unlink()
    ledger, database = into / "audit" / "log.sqlite3", into / "exchange" / "exchange.db"
    pins = ("--trust", lost.backups.trust, "--exchange", database)
    done = sextant("ops", "check", ledger, *pins, "--json")
    assert done.status == 4
    missing = done.json()["missing"]
    assert len(missing) == done.json()["large_containers"] >= 1
    assert "lost the file" in missing[0]["why"]


def test_a_loss_of_the_log_is_accepted_by_nobody(lost: Lost, tmp_path: Path) -> None:
    options = ("--mirror", lost.mirror, "--accept-loss", "no time")
    done = lost.old.restore(tmp_path / "site", *options)
    assert (done.status, done.json()["accepted"]) == (4, None)


def test_a_restore_writes_over_nothing(lost: Lost, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("evidence")
    done = lost.backups.restore(tmp_path)
    assert done.status == 3
    assert "is not empty" in done.json()["error"]["detail"]
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_one_custodian_opens_nothing(lost: Lost, tmp_path: Path) -> None:
    done = lost.backups.restore(tmp_path / "site", *lost.backups.shares("TWO"))
    assert done.status == 3
    assert "no one person" in done.json()["error"]["detail"]


def test_a_backup_signed_by_others_is_not_believed(lost: Lost, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    card = json.loads(lost.backups.card(OPERATOR).read_text())
    other.write_text(json.dumps({**card, "sig": card["sig"][::-1][:1]}))
    pins = ("--signed-by", other, "--trust", lost.backups.trust)
    done = lost.backups.verify(*pins)
    assert done.status == 4
    assert "was not signed by" in done.json()["error"]["detail"]


def test_a_backup_that_does_not_verify_spoils_no_other(lost: Lost, tmp_path: Path) -> None:
    mixed = Backups.__new__(Backups)
    mixed.folder, mixed.platform = tmp_path, lost.backups.platform
    shutil.copytree(lost.backups.root, mixed.root)
    shutil.copy(lost.backups.card(OPERATOR), mixed.card(OPERATOR))
    damaged = mixed.root / "sets" / lost.a.id / "manifest.json"
    damaged.write_bytes(damaged.read_bytes().replace(b'"v":1', b'"v":2'))
    told: list[str] = []
    assert [one.id for one in backups_in(mixed.root, None, told.append)] == [lost.b.id]
    assert lost.a.id in told[0]
    done = mixed.restore(tmp_path / "deep" / ".." / "site", *lost.backups.shares("ONE", "TWO"))
    assert done.status == 0, done.stdout


def test_replicas_of_a_sealed_room_are_made_only_when_that_is_said(
    lost: Lost, tmp_path: Path
) -> None:
    backups = Backups.__new__(Backups)
    backups.folder, backups.platform = tmp_path, lost.backups.platform
    shutil.copytree(lost.backups.folder / "people", tmp_path / "people")
    rooms = json.loads(backups.plan().read_text())["rooms"]
    sealed = [{**room, "sealed": room["name"] == "declarations"} for room in rooms]
    out = tmp_path / "litestream.yml"
    command = ("ops", "replicate", "--plan", backups.plan(rooms=sealed), "--to", tmp_path)
    done = sextant(*command, "--out", out)
    assert "declarations is sealed" in done.stdout
    assert "declarations.sqlite3" not in out.read_text()
    assert "declarations" in sextant(*command, "--out", out, "--clear", "--json").json()["rooms"]
    assert "declarations.sqlite3" in out.read_text()
    # Under the user of one room the others' files are not to be named.
    assert sextant(*command, "--out", out, "--room", "audit", "--json").json()["rooms"] == ["audit"]
    assert out.read_text().count("path:") == 2


def test_verify_opens_everything_and_says_since_when(lost: Lost, tmp_path: Path) -> None:
    textfile = tmp_path / "backup.prom"
    shares = lost.backups.shares("ONE", "TWO")
    done = lost.backups.verify(*shares, "--receipts", lost.late, "--textfile", textfile)
    assert done.status == 0, done.stdout
    assert (done.json()["sound"], done.json()["keys"]) == (True, True)
    told = textfile.read_text()
    assert "\nsextant_backup_verified_time_seconds 1" in told
    assert "\nsextant_backup_time_seconds 1" in told


def test_verify_names_each_damaged_file(lost: Lost, tmp_path: Path) -> None:
    old = lost.old
    hurt = Backups.__new__(Backups)
    hurt.folder, hurt.platform = tmp_path, old.platform
    shutil.copytree(old.root, hurt.root)
    shutil.copy(old.card(OPERATOR), hurt.card(OPERATOR))
    room = lost.a.room("exchange")
    assert room is not None
    flipped, gone = room.files[0], room.files[-1]
    path = stored_at(hurt.root, flipped.sha256)
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    stored_at(hurt.root, gone.sha256).unlink()
    done = hurt.verify()
    assert done.status == 4
    faults = "\n".join(done.json()["faults"])
    assert f"{flipped.path} is not what was backed up" in faults
    assert f"{gone.path} is missing" in faults


def test_blobs_that_both_backups_have_are_kept_once(lost: Lost) -> None:
    rooms = [each.room("exchange") for each in (lost.a, lost.b)]
    blobs = [{f.path for f in room.files if "blobs" in f.path} for room in rooms if room]
    assert blobs[0]
    assert blobs[0] <= blobs[1]
    stored = list((lost.backups.root / "pool").glob("*/*"))
    named = {f.sha256 for each in (lost.a, lost.b) for f in each.plain}
    assert {path.name for path in stored} == named


def test_a_sealed_room_needs_its_own_shares(lost: Lost, tmp_path: Path) -> None:
    backups = Backups.__new__(Backups)
    backups.folder, backups.platform = tmp_path, lost.backups.platform
    shutil.copytree(lost.backups.folder / "people", tmp_path / "people")
    for card in lost.backups.folder.glob("*.card.json"):
        shutil.copy(card, tmp_path)
    rooms = json.loads(backups.plan().read_text())["rooms"]
    sealed = [{**room, "sealed": room["name"] == "declarations"} for room in rooms]
    done = backups.back_up(rooms=sealed)
    assert done.status == 0, done.stdout
    told = backups.verify()
    assert told.status == 5
    assert backups.restore(tmp_path / "site").status == 3
    shutil.rmtree(tmp_path / "site")
    shares = backups.shares("ONE", "TWO", of="declarations")
    done = backups.restore(tmp_path / "site", *shares)
    assert done.status == 0, done.stdout
    assert (tmp_path / "site" / "declarations" / "declarations.sqlite3").is_file()
    replica = backups.root / "replicas" / "declarations"
    replica.mkdir(parents=True)
    told = sextant(
        "ops", "restore", backups.root, "--into", tmp_path / "2", *backups.pins(), *shares
    )
    assert f"{replica} holds a sealed room in clear: remove it" in told.stdout
    refused = backups.back_up(rooms=sealed)
    assert refused.status == 3
    assert str(replica) in refused.json()["error"]["received"]
    assert backups.back_up("--clear", rooms=sealed).status == 0
    pool = b"".join(p.read_bytes() for p in (backups.root / "pool").glob("*/*"))
    content = next(
        (lost.backups.platform.declarations_settings().data_dir / "vault").rglob("*.txt")
    )
    assert content.read_bytes() not in pool or len(content.read_bytes()) < 64


def test_the_vault_is_filled_again_from_the_exchange(lost: Lost) -> None:
    before, after = lost.vaults
    assert after == before
    assert (lost.refilled.filled, lost.refilled.lacking) == (4, [])


def test_what_is_no_receipt_is_told_and_not_believed(lost: Lost, tmp_path: Path) -> None:
    folder = tmp_path / "held" / "x"
    folder.mkdir(parents=True)
    [first, *_] = sorted(lost.early.rglob("custody.json"))
    (folder / "custody.json").write_bytes(io.BytesIO(first.read_bytes()).getvalue()[:-40])
    done = lost.backups.restore(tmp_path / "site", "--receipts", folder)
    assert done.status == 4
    assert len(done.json()["unreadable"]) == 1
