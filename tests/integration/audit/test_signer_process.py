"""The log with a signer behind a socket: it reads no folder of keys, and waits for who is away."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from sextant_audit.settings import AuditSettings
from sextant_audit.signer.__main__ import main
from sextant_audit.signer.folder import create_signer
from sextant_shared.clock import system_clock
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from tests.integration.audit.logs import AuditLog
from tests.integration.audit.test_appending import append, prove
from tests.integration.audit.test_history import refuses_to_open
from tests.support.logs import ORIGIN
from tests.support.postgresql import embedded
from tests.support.signers import SignerThread, served

pytestmark = pytest.mark.anyio
CLIENT_UID, CLIENT_GID = 64_211, 64_210
# What an audit service of another user would do: look over the socket, and into the folder.
LOOK = """
import os, sys
from pathlib import Path
from sextant_audit.signer.remote import look
from sextant_shared.errors import PlatformError
os.setgroups([])
os.setgid(int(sys.argv[5]))
os.setuid(int(sys.argv[4]))  # only now: what is imported may lie in root's own folder
try:
    print(look(Path(sys.argv[1]), sys.argv[2], 5.0)[1])
except PlatformError as error:
    print(error.code)
try:
    print(list(Path(sys.argv[3]).iterdir()))
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def signer(tmp_path: Path) -> Iterator[SignerThread]:
    """Return a signer whose folder the audit service has no path to."""
    guard = create_signer(tmp_path / "apart", ORIGIN, system_clock)
    with served(SignerThread(guard, tmp_path / "s", frozenset({os.geteuid()}))) as thread:
        yield thread


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that other users may pass through, as they may not pytest's own."""
    with tempfile.TemporaryDirectory(prefix="sextant-signer-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def log_at(folder: Path, signer: SignerThread) -> AuditLog:
    folder.mkdir()
    return AuditLog(folder, signer_socket=signer.path)


async def test_a_log_runs_without_any_folder_of_keys(tmp_path: Path, signer: SignerThread) -> None:
    log = log_at(tmp_path / "log", signer)
    keys = await log.begin()
    async with log.serve() as running:
        assert prove(await append(running, *range(1, 200)), keys, *range(1, 200))
        assert (await running.get("/readyz")).json()["checks"]["signer"] == "ok"
        assert (await log.check()).size == 200  # it may look while the service holds the signer
    assert not log.settings.signer_folder.exists()
    async with log.serve() as running:
        assert prove(await append(running, 200), keys, 200) == [200]


async def test_a_dead_signer_is_503_and_nothing_is_lost(
    tmp_path: Path, signer: SignerThread
) -> None:
    log = log_at(tmp_path / "log", signer)
    keys = await log.begin()
    async with log.serve() as running:
        await append(running, 1)
        signer.stop()
        for numbers in ((2, 3), (4,)):
            with pytest.raises(PlatformError) as caught:
                await append(running, *numbers)
            assert (caught.value.code, caught.value.retry_after_s) == (Code.UNAVAILABLE, 1)
        assert (await running.get("/checkpoint")).status_code == 200
        ready = await running.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["signer"]) == (503, "E_UNAVAILABLE")
        signer.start()
        assert (await running.get("/readyz")).status_code == 200
        assert prove(await append(running, 5, 4, 3, 2), keys, 5, 4, 3, 2) == [5, 4, 3, 2]
    assert (await log.check()).size == 6


@embedded
async def test_a_restored_ledger_meets_a_signer_that_remembers(
    tmp_path: Path, signer: SignerThread
) -> None:
    log = log_at(tmp_path / "log", signer)
    await log.begin()
    async with log.serve() as running:
        await append(running, *range(1, 5))
    shutil.copy(log.settings.database, tmp_path / "backup")
    async with log.serve() as running:
        await append(running, *range(5, 9))
    signed = signer.guard.size, signer.guard.root
    shutil.copy(tmp_path / "backup", log.settings.database)
    error = await refuses_to_open(log)
    assert (error.code, "second history" in error.detail) == (Code.INTEGRITY, True)
    assert error.evidence["signed"] == f"9\n{b64(signed[1])}"
    missing = "entries 5 to 8, and every receipt under a head of size 6 to 9"
    assert error.evidence["missing"] == missing
    assert (signer.guard.size, signer.guard.root) == signed


@embedded
async def test_a_second_log_on_the_same_signer_is_refused(
    tmp_path: Path, signer: SignerThread
) -> None:
    log = log_at(tmp_path / "log", signer)
    await log.begin()
    async with log.serve():
        shutil.copytree(log.folder, tmp_path / "twin")
        twin = AuditLog(tmp_path / "twin", signer_socket=signer.path)
        error = await refuses_to_open(twin)
        assert (error.code, "another process" in error.detail) == (Code.STATE, True)
    async with twin.serve() as running:
        await append(running, 1)
    assert (await refuses_to_open(log)).code is Code.INTEGRITY


@embedded
async def test_a_log_begins_once_and_never_beside_its_signer(
    tmp_path: Path, signer: SignerThread
) -> None:
    log = log_at(tmp_path / "log", signer)
    assert "init" in (await refuses_to_open(log)).fix
    await log.begin()
    with pytest.raises(PlatformError, match=r"E_STATE.*begun already"):
        await log.begin()
    log.settings.database.unlink()
    error = await refuses_to_open(log)
    assert (error.code, error.received) == (Code.INTEGRITY, "a signer that remembers a log")
    signer.stop()
    assert (await refuses_to_open(log)).code is Code.UNAVAILABLE
    signer.start()


def test_a_folder_that_would_be_ignored_is_refused(tmp_path: Path) -> None:
    for extra in ("signer_dir", "signer_passphrase_file"):
        members = {
            "data_dir": tmp_path,
            "port": 1,
            "base_url": "http://audit.example",
            "origin": ORIGIN,
            "signer_socket": tmp_path / "s",
            extra: tmp_path / "secret",
        }
        with pytest.raises(ValidationError, match="SEXTANT_SIGNER_DIR"):
            AuditSettings.model_validate(members)


def test_the_signers_commands_make_keys_once_and_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def setting(name: str, value: object) -> None:
        monkeypatch.setenv(f"SEXTANT_SIGNER_{name}", str(value))

    monkeypatch.setattr("sextant_audit.signer.__main__.setup_logs", lambda _name: None)
    assert main(["init"]) == 1
    assert "SEXTANT_SIGNER_ORIGIN" in capsys.readouterr().err
    setting("ORIGIN", ORIGIN)
    setting("DIR", tmp_path / "signer")
    setting("SOCKET", tmp_path / "s")
    assert main([]) == 2
    assert main(["serve"]) == 1  # no keys yet, and none are made on the way
    assert not (tmp_path / "signer").exists()
    assert main(["init"]) == 0
    made = capsys.readouterr().out.splitlines()
    assert [vkey.split("+")[0] for vkey in made] == [ORIGIN, ORIGIN]
    assert main(["init"]) == 0  # nothing was signed yet: the same keys
    assert capsys.readouterr().out.splitlines() == made
    assert main(["init", "--once"]) == 0
    assert capsys.readouterr().out.splitlines() == made
    assert main(["check-config"]) == 0
    setting("SOCKET_GROUP", "no-such-group")
    assert main(["serve"]) == 1
    assert "no such group" in capsys.readouterr().err
    setting("ENVIRONMENT", "production")
    setting("CRASH_AT", "signer.after_remember")
    assert main(["check-config"]) == 1
    assert "never for production" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start processes of other users")
@pytest.mark.parametrize(("uid", "said"), [(CLIENT_UID, "1"), (CLIENT_UID + 1, "E_FORBIDDEN")])
def test_another_user_is_served_if_it_is_named_and_reads_no_key(
    open_folder: Path, uid: int, said: str
) -> None:
    keys = open_folder / "keys"
    guard = create_signer(keys, ORIGIN, system_clock)
    guard.sign(1, bytes(32), [])
    allowed = frozenset({CLIENT_UID})
    with served(SignerThread(guard, open_folder / "s", allowed, group=CLIENT_GID)):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                LOOK,
                open_folder / "s",
                ORIGIN,
                keys,
                str(uid),
                str(CLIENT_GID),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.stdout.split() == [said, "PermissionError"], done.stderr
