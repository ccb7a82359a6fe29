"""Readers and writers in other languages, written from the integrators' page alone."""

import json
from pathlib import Path

import pytest

from deploy.local.stack import Stack, sextant
from sextant_client.trust import Trust
from sextant_shared.crypto.keys import Alg
from sextant_shared.encoding import sha256
from sextant_shared.protocol.manifest import read_manifest
from sextant_shared.protocol.receipts import verify_custody
from tests.support.golden import open_as
from tests.support.strangers import network_options
from tests.support.toolchains import BUILDERS, INTEGRATORS, Readers, run

pytestmark = pytest.mark.processes
VECTORS = INTEGRATORS / "vectors"
KEYS = json.loads((VECTORS / "keys.json").read_text(encoding="utf-8"))
CONTENT = b"from one language to another" * 2000


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Readers:
    """Return how to call the reader of a language."""
    return Readers(tmp_path_factory.mktemp("readers"))


@pytest.mark.parametrize("language", BUILDERS)
def test_every_vector_holds(language: str, commands: Readers) -> None:
    done = run(*commands(language), "vectors", VECTORS)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith(" vectors, 0 failed\n")


@pytest.mark.parametrize("language", BUILDERS)
def test_a_bent_vector_is_told(language: str, commands: Readers, tmp_path: Path) -> None:
    for path in VECTORS.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "containers").symlink_to(VECTORS / "containers")
    refused = json.loads((VECTORS / "refused.json").read_text(encoding="utf-8"))
    refused[0]["code"] = "E_OTHER"
    (tmp_path / "refused.json").write_text(json.dumps(refused), encoding="utf-8")
    done = run(*commands(language), "vectors", tmp_path)
    assert (done.returncode, done.stdout.count("FAILED")) == (1, 1)


@pytest.mark.parametrize("sender", ["S1", "S2"])
@pytest.mark.parametrize("kem", ["K1", "K2"])
@pytest.mark.parametrize("writer", BUILDERS)
def test_what_one_seals_all_others_open(
    writer: str, kem: str, sender: str, commands: Readers, tmp_path: Path
) -> None:
    content, sealed = tmp_path / "content", tmp_path / "sealed.dxe"
    content.write_bytes(CONTENT)
    keys = ("--keys", VECTORS / "keys.json", "--sender", sender)
    to = f"SEC/{kem},NA-XCE/{kem}"
    party = {"S1": "NA-XAL", "S2": "NA-XBO"}[sender]
    done = run(
        *commands(writer), "seal", *keys, "--from", party, "--to", to, "--out", sealed, content
    )
    assert (done.returncode, done.stderr) == (0, "")
    key = KEYS["seal"][f"NA-XCE/{kem}"]
    seal = Alg(key["alg"]), bytes.fromhex(key["seed"])
    assert open_as(sealed.read_bytes(), sender, "NA-XCE", seal) == CONTENT
    for reader in BUILDERS:
        opened = tmp_path / reader
        done = run(*commands(reader), "open", *keys, "--as", f"SEC/{kem}", "--out", opened, sealed)
        assert (done.returncode, done.stderr) == (0, "")
        assert opened.read_bytes() == CONTENT


def test_a_stranger_s_program_deposits_and_verifies_its_receipt(
    stack: Stack, commands: Readers, tmp_path: Path
) -> None:
    home = stack.home("NA-XAL")
    (tmp_path / "content").write_bytes(b"Good day from another program.")
    given = network_options(stack, "NA-XAL", tmp_path)
    done = run(*commands("node"), "send", *given, "--out", tmp_path, tmp_path / "content")
    assert (done.returncode, done.stderr) == (0, "")
    with (tmp_path / "sent.dxe").open("rb") as file:
        manifest = read_manifest(file)
    receipt = (tmp_path / "receipt.json").read_bytes()
    trust = Trust.load(home / "trust.json")
    proved = verify_custody(receipt, manifest.digest, manifest.header.id, trust.log_keys)
    assert f"log index {proved.index} of" in done.stdout
    assert sha256(manifest.raw) == manifest.digest
    status = sextant("status", manifest.header.id, "--json", "--home", home).json()
    assert status["state"] == "accepted"
    lines = tmp_path / "vkeys.json"
    lines.write_text(json.dumps(list(trust.log_keys.vkeys)), encoding="utf-8")
    checked = run(
        *commands("go"),
        *("receipt", "--container", tmp_path / "sent.dxe", "--vkeys", lines),
        tmp_path / "receipt.json",
    )
    assert (checked.returncode, json.loads(checked.stdout)["index"]) == (0, proved.index)
