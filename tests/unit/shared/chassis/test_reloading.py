"""Files that are read again: what loads is in force, what does not changes nothing and is told."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sextant_shared.chassis.identity import StaticDirectory
from sextant_shared.chassis.reloading import Reloading
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from tests.support.parties import signer

KEYS = {name: signer(f"reloading/{name}", Alg.ED25519) for name in ("auditor", "officer")}


def write(path: Path, *names: str) -> None:
    lines = [{"client_id": n, "role": n, "party": None, "jwk": KEYS[n].jwk} for n in names]
    path.write_text(json.dumps(lines))


def test_a_file_that_loads_is_in_force_and_one_that_does_not_changes_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "clients.json"
    write(path, "auditor")
    directory, reloading = StaticDirectory.from_file(path), Reloading()
    reloading.add("clients_file", lambda: directory.renew(path))
    write(path, "officer")
    reloading.reload()
    assert directory.find("officer", KEYS["officer"].kid).subject.client_id == "officer"
    assert not directory.knows("auditor")
    path.write_text('[{"client_id": "secret')
    with capture_logs() as logs:
        reloading.reload()
    assert directory.knows("officer")
    assert reloading.notes()["clients_file"].startswith("E_MALFORMED")
    assert [line["event"] for line in logs] == ["not reloaded"]
    assert "secret" not in str(logs)
    write(path, "auditor", "officer")
    reloading.reload()
    assert (directory.knows("auditor"), reloading.notes()) == (True, {})


def test_one_file_that_does_not_load_keeps_no_other_from_being_read() -> None:
    def fail() -> None:
        raise PlatformError(Code.KEY, "no key")

    read: list[str] = []
    reloading = Reloading()
    reloading.add("key_file", fail)
    reloading.add("clients_file", lambda: read.append("clients"))
    with capture_logs():
        reloading.reload()
    assert read == ["clients"]
    assert list(reloading.notes()) == ["key_file"]


def test_a_directory_with_a_client_twice_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "clients.json"
    write(path, "auditor")
    directory = StaticDirectory.from_file(path)
    lines = json.loads(path.read_text())
    path.write_text(json.dumps([*lines, {**lines[0], "role": "officer"}]))
    with pytest.raises(PlatformError):
        directory.renew(path)
    assert directory.find("auditor", KEYS["auditor"].kid).subject.role == "auditor"
