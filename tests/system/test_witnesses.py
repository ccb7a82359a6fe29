"""Witnesses end to end: real processes, the installed command, levels and what stops them."""

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack, sextant
from sextant_client import errors as exits
from tests.system.test_command import write

pytestmark = pytest.mark.processes
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TRIES = 10
BOTH = ["XAL/ed25519", "XAL/ml-dsa-44", "XBO/ed25519", "XBO/ml-dsa-44"]


@pytest.fixture
def home(stack: Stack) -> Path:
    return stack.home("NA-XAL")


@pytest.fixture
def one_witness(stack: Stack) -> Iterator[None]:
    """Stop one of two witnesses of which both are asked for."""
    stack.witnesses["witness-XBO"].stop()
    yield
    stack.start("witness-XBO")


def submitted(home: Path) -> str:
    path = EXAMPLES / "NA-XAL" / "nil-2025.json"
    done = sextant("submit", path, "--json", "--home", home, expect=(0, 1))
    (envelope,) = done.json()["envelopes"]
    return str(envelope["id"])


def level(home: Path, envelope: str) -> tuple[str, list[str]]:
    found = sextant("receipt", "verify", envelope, "--json", "--home", home).json()
    return found["level"], found["witnesses"]


@pytest.mark.usefixtures("one_witness")
def test_without_a_quorum_receipts_still_come_and_are_logged(home: Path, tmp_path: Path) -> None:
    envelope = submitted(home)
    done = sextant("receipt", "witness", envelope, "--home", home, expect=(exits.WARNINGS,))
    assert "Not witnessed yet" in done.stdout
    assert level(home, envelope) == ("logged", [])
    wanted = "level logged: states has 1 of 2; XBO has 0 of 2"
    assert until(wanted, lambda: sextant("log", "show", "--home", home).stdout)
    trust = home / "trust.json"
    bundles = (tmp_path / f"early-{number}.zip" for number in range(TRIES))

    def demanded() -> str:
        bundle = next(bundles)
        sextant("bundle", "create", envelope, "--out", bundle, "--home", home)
        assert "level logged" in sextant("bundle", "verify", bundle, "--trust", trust).stdout
        command = ("bundle", "verify", bundle, "--trust", trust, "--level", "witnessed")
        return sextant(*command, expect=(exits.BUNDLE_WITNESSES,)).stderr

    assert until("states has 1 of 2", demanded)


def until(words: str, told: Callable[[], str]) -> bool:
    """Whether it is told sooner or later: a head may be newer than its witness' cosignature."""
    return any(words in told() for _ in range(TRIES))


def test_a_quorum_witnesses_the_receipt_beside_it_and_replaces_nothing(
    home: Path, tmp_path: Path
) -> None:
    envelope = submitted(home)
    receipt = home / "sent" / envelope / "custody.json"
    before = receipt.read_bytes()
    sextant("receipt", "witness", envelope, "--wait", "60", "--home", home)
    assert receipt.read_bytes() == before
    assert json.loads(before)["level"] == "logged"
    assert level(home, envelope) == ("witnessed", BOTH)
    bundle = tmp_path / "copy.zip"
    sextant("bundle", "create", envelope, "--out", bundle, "--home", home)
    demanded = ("bundle", "verify", bundle, "--trust", home / "trust.json", "--level", "witnessed")
    assert sextant(*demanded, "--json").json()["level"] == "witnessed"
    head = home / "sent" / envelope / "witnessed.json"
    bent = json.loads(head.read_text())
    bent["path"] = [*bent["path"], "A" * 43 + "="]
    head.write_text(json.dumps(bent))
    verified = sextant("receipt", "verify", envelope, "--home", home, expect=(exits.UNTRUSTED,))
    assert verified.stderr.startswith("E_INTEGRITY")


def test_a_bundle_with_a_bent_cosignature_fails_as_the_log_s(home: Path, tmp_path: Path) -> None:
    envelope = submitted(home)
    sextant("receipt", "witness", envelope, "--wait", "60", "--home", home)
    bundle, forged = tmp_path / "copy.zip", tmp_path / "forged.zip"
    sextant("bundle", "create", envelope, "--out", bundle, "--home", home)
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    lines = members["checkpoint.txt"].decode().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if "witness.xal" in line)
    swapped = "B" if lines[at][-8] == "A" else "A"
    lines[at] = lines[at][:-8] + swapped + lines[at][-7:]
    members["checkpoint.txt"] = "".join(lines).encode()
    write(members, forged)
    trust = home / "trust.json"
    sextant("bundle", "verify", forged, "--trust", trust, expect=(exits.BUNDLE_WITNESSES,))


def test_who_pins_no_policy_is_told_so(stack: Stack, home: Path, tmp_path: Path) -> None:
    envelope = submitted(home)
    bundle, trust = tmp_path / "copy.zip", tmp_path / "trust.json"
    sextant("bundle", "create", envelope, "--out", bundle, "--home", home)
    pinned = json.loads(stack.trust_file.read_text())
    trust.write_text(json.dumps({**pinned, "policy": None}))
    checked = sextant("bundle", "verify", bundle, "--trust", trust).stdout
    assert "no witness policy is pinned" in checked


def test_a_policy_is_pinned_by_one_command_and_refused_with_its_lines(
    stack: Stack, tmp_path: Path
) -> None:
    home = stack.home("NA-XBO")
    policy = tmp_path / "policy.txt"
    policy.write_text("quorum nobody\n")
    done = sextant("log", "policy", policy, "--home", home, expect=(exits.REFUSED,))
    assert "nobody is not defined above" in done.stderr
    done = sextant("log", "policy", stack.root / "pins" / "policy.txt", "--home", home)
    assert done.stdout == "Pinned: quorum states, 4 witness key(s).\n"


def test_log_show_tells_each_witness_s_lag_by_its_own_signature(home: Path) -> None:
    submitted(home)
    found: dict[str, Any] = {}
    for _ in range(20):
        found = sextant("log", "show", "--json", "--home", home).json()
        if {w["lag"] for w in found["witnesses"]} == {0}:
            break
    assert [w["name"] for w in found["witnesses"]] == BOTH
    assert {(w["pinned"], w["lag"], w["fault"]) for w in found["witnesses"]} == {(True, 0, "")}
