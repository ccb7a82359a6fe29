"""The published golden vectors: frozen bytes that every reader must treat alike.

`words.json` beside this holds what a person reads when ours refuses one: code, detail, expected,
received, fix. Changing a sentence means changing it there too.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import RegistrarsFile
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.envelope import verify_content
from sextant_shared.protocol.manifest import read_manifest
from sextant_shared.protocol.parties import RegistrarSet, verify_party_document
from sextant_shared.protocol.receipts import verify_custody
from tests.support.golden import apply, open_as

FOLDER = Path(__file__).resolve().parents[4] / "docs" / "integrators" / "vectors"


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


WORDS = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
KEYS, RECEIPTS, PARTIES = load("keys"), load("receipts"), load("parties")


def told(error: PlatformError) -> list[str]:
    detail = error.detail
    if detail.startswith("not strict JSON: "):
        detail = "not strict JSON"  # the rest are the words of the interpreter's own parser
    return [error.code, detail, error.expected, error.received, error.fix]


def named(items: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(item, id=item.get("name") or item["file"]) for item in items]


@pytest.mark.parametrize("case", named(load("refused")))
def test_what_must_be_refused_is_refused_with_its_code(case: dict[str, Any]) -> None:
    base = (FOLDER / "containers" / case["base"]).read_bytes()
    key = KEYS["seal"]["SEC/K1"]
    with pytest.raises(PlatformError) as caught:
        open_as(
            apply(base, case["patch"]), "S1", "SEC", (Alg(key["alg"]), bytes.fromhex(key["seed"]))
        )
    assert caught.value.code == Code(case["code"])
    assert told(caught.value) == WORDS["containers"][case["name"]]


@pytest.mark.parametrize("case", named(load("containers")))
def test_each_container_opens_for_each_recipient(case: dict[str, Any]) -> None:
    container = (FOLDER / "containers" / case["file"]).read_bytes()
    content = b""
    for recipient in case["recipients"]:
        key, party = KEYS["seal"][recipient], recipient.partition("/")[0]
        seal = Alg(key["alg"]), bytes.fromhex(key["seed"])
        content = open_as(container, case["sender"], party, seal)
        assert len(content) == case["content_size"]
        assert hashlib.sha256(content).hexdigest() == case["content_sha256"]
    manifest = read_manifest(io.BytesIO(container))
    assert manifest.header_hash.hex() == case["hh"]
    assert manifest.digest.hex() == case["manifest_sha256"]
    verify_content(io.BytesIO(content), bytes.fromhex(case["kpc"]), manifest)


def receipt(text: str) -> int:
    digest = bytes.fromhex(RECEIPTS["manifest_sha256"])
    keys = LogKeys.from_vkeys(RECEIPTS["vkeys"])
    return verify_custody(text.encode(), digest, RECEIPTS["envelope"], keys).index


@pytest.mark.parametrize("case", named(RECEIPTS["refused"]))
def test_receipts_that_prove_nothing_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(PlatformError) as caught:
        receipt(case["receipt"])
    assert caught.value.code == Code(case["code"])
    assert told(caught.value) == WORDS["receipts"][case["name"]]


def test_the_receipt_proves_its_place() -> None:
    assert receipt(RECEIPTS["good"]["receipt"]) == RECEIPTS["good"]["index"]


@pytest.mark.parametrize("case", named(PARTIES["refused"]))
def test_party_documents_without_both_sides_are_refused(case: dict[str, Any]) -> None:
    registrars = RegistrarSet.from_file(RegistrarsFile.model_validate(PARTIES["registrars"]))
    with pytest.raises(PlatformError) as caught:
        verify_party_document(case["document"].encode(), registrars, None)
    assert told(caught.value) == WORDS["parties"][case["name"]]
    good = verify_party_document(PARTIES["good"].encode(), registrars, None)
    assert good.document.party == PARTIES["party"]
