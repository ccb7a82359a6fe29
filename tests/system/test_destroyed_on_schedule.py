"""The timer's command, as its unit has it, on a State's home: nobody types a passphrase."""

import json
import re
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from sextant_client.cli import upkeep
from sextant_shared.clock import system_clock
from tests.support.command import Done, sextant
from tests.support.vectors import ROOT

pytestmark = pytest.mark.processes
UNIT = (ROOT / "deploy" / "systemd" / "sextant-destroy.service").read_text()
PARTY = "NA-XDU"
DAY_S = 86_400.0
UNTRUSTED = 4  # a key that does not open


class Machine:
    """A State's machine: what systemd makes of the unit's names, and a clock that can be moved."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "sextant-party"
        self.credential = folder / "credentials" / "passphrase"
        self.credential.parent.mkdir()
        self.credential.write_text("of this machine\n")
        self.first = ""  # id of the sealing key that was replaced
        self._names = {"%S": str(folder), "%d": str(self.credential.parent)}

    def run(self, monkeypatch: pytest.MonkeyPatch, days: float) -> Done:
        """Run the unit's command with its variables alone, so many days from now."""
        monkeypatch.setattr(upkeep, "system_clock", lambda: system_clock() + days * DAY_S)
        (line,) = re.findall(r"^Environment=(.*)$", UNIT, re.MULTILINE)
        (command,) = re.findall(r"^ExecStart=/opt/sextant/bin/sextant (.*)$", UNIT, re.MULTILINE)
        for variable in line.split():
            name, _, value = variable.partition("=")
            monkeypatch.setenv(name, self._names[value[:2]] + value[2:])
        return sextant(*command.split())

    def sealing(self) -> set[str]:
        """Return the ids of the sealing keys whose private halves are here."""
        files = (self.home / "keys").glob("seal-*.json")
        return {str(json.loads(path.read_text())["kid"]) for path in files}


@pytest.fixture(scope="module")
def machine(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Return a State that has replaced and retired its first sealing key."""
    made = Machine(tmp_path_factory.mktemp("state"))
    registrar, request = stack.home("REG-1"), made.home.parent / "request.json"
    at, home = ("--home", registrar), ("--home", made.home)
    services = [f"--{name}={service.url}" for name, service in stack.services.items()]
    with_passphrase = ("--passphrase-file", made.credential)

    def enrol() -> None:
        stack.call("keys", "countersign", request, *at)
        exchange = ("--exchange", stack.services["exchange"].url, "--client-id", "REG-1")
        stack.call("keys", "enrol", request, *exchange, *at)

    named = ("--party", PARTY, "--client-id", f"{PARTY}/submit-1", "--trust", stack.trust_file)
    stack.call("init", *home, *named, *services)
    stack.call(*with_passphrase, "keys", "generate", *home)
    made_request = ("keys", "request", *home, "--party", PARTY, "--name", "Xanadu-Delta")
    stack.call(*with_passphrase, *made_request, "--out", request)
    enrol()
    (made.first,) = made.sealing()
    stack.call(*with_passphrase, "keys", "rotate", "seal", "--out", request, *home)
    enrol()
    stack.call(*with_passphrase, "keys", "watch", *home)
    revoke = ("keys", "revoke", made.first[:8], "--reason", "replaced", "--out", request, *home)
    stack.call(*with_passphrase, *revoke)
    enrol()
    return made


def test_a_wrong_passphrase_destroys_nothing_and_the_unit_fails(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = machine.sealing()
    right = machine.credential.read_text()
    machine.credential.write_text("of another machine\n")
    done = machine.run(monkeypatch, days=91)
    machine.credential.write_text(right)
    assert (done.status, "E_KEY" in done.stderr) == (UNTRUSTED, True)
    assert machine.sealing() == before


def test_before_its_day_a_key_stays(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = machine.sealing()
    done = machine.run(monkeypatch, days=89)
    assert (done.status, done.stdout) == (0, "Nothing is due to be destroyed.\n")
    assert machine.sealing() == before


def test_a_key_whose_day_has_come_is_destroyed_with_a_signed_record(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = machine.run(monkeypatch, days=91)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Destroyed {machine.first}; record: ")
    assert machine.first not in machine.sealing()
    (record,) = (machine.home / "destroyed").iterdir()
    assert b'"signatures"' in record.read_bytes()
