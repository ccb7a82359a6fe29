"""What a person reads when a receipt or a container is refused: the exact words and the way out."""

import io
import json
from collections.abc import Callable

import pytest

from sextant_shared.encoding import b64u
from sextant_shared.errors import PlatformError
from sextant_shared.models.entries import DeclarationOpenedEntry
from sextant_shared.protocol.logproof import HEADER, MAX_PROOF_CHARS, parse_proof
from sextant_shared.protocol.manifest import read_manifest
from sextant_shared.protocol.receipts import format_custody, verify_custody
from tests.support.envelopes import make_container
from tests.support.logs import INSTANT, MemoryLog, envelope_id, make_accepted, random128


def told(work: Callable[[], object]) -> tuple[str, str, str, str, str]:
    with pytest.raises(PlatformError) as caught:
        work()
    error = caught.value
    return (str(error.code), error.detail, error.expected, error.received, error.fix)


def receipt(change: Callable[[str], str]) -> Callable[[], object]:
    log = MemoryLog()
    for number in range(2):
        log.append(make_accepted(number))
    text = change(format_custody(log.leaves[1], log.proof(1)).decode())
    return lambda: verify_custody(text.encode(), bytes(32), envelope_id(1), log.keys)


def test_another_spelling_of_a_receipt() -> None:
    assert told(receipt(lambda text: text + " ")) == (
        "E_MALFORMED",
        "the receipt is not in its canonical encoding",
        "RFC 8785 JSON, as the exchange handed it out",
        "",
        "Keep the receipt byte for byte; fetch it again from the exchange.",
    )


def test_a_receipt_that_claims_witnesses() -> None:
    assert told(receipt(lambda text: text.replace('"logged"', '"witnessed"'))) == (
        "E_MALFORMED",
        "the receipt claims witnesses, and no witness policy is pinned to check them",
        "logged",
        "witnessed",
        "Verify the receipt of level logged.",
    )


def test_a_proof_with_data_that_nothing_authenticates() -> None:
    def add(text: str) -> str:
        document = json.loads(text)
        document["proof"] = document["proof"].replace("\nindex", "\nextra AAAA\nindex", 1)
        return json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False)

    assert told(receipt(add)) == (
        "E_MALFORMED",
        "the proof in the receipt carries data that nothing authenticates",
        "",
        "",
        "",
    )


def test_a_container_that_ends_inside_its_manifest() -> None:
    container = make_container()
    size = int.from_bytes(container[4:8], "big")
    assert told(lambda: read_manifest(io.BytesIO(container[:100]))) == (
        "E_MALFORMED",
        "the container ends inside its manifest",
        f"{size} bytes",
        "92 bytes",
        "",
    )


def test_a_receipt_for_another_manifest() -> None:
    held = b64u(bytes(32))
    assert told(receipt(lambda text: text)) == (
        "E_DIGEST",
        "the receipt is for another manifest",
        held,
        make_accepted(1).man,
        "Compare the stored manifest with the one that was deposited.",
    )


def test_a_receipt_whose_entry_accepts_nothing() -> None:
    log = MemoryLog()
    entry = DeclarationOpenedEntry(
        v=1,
        type="declaration.opened",
        id=random128(7),
        t=INSTANT,
        nonce=random128(8),
        env=envelope_id(1),
        ref=0,
        commit=b64u(bytes(32)),
    )
    log.append(entry)
    data = format_custody(log.leaves[0], log.proof(0))
    assert told(lambda: verify_custody(data, bytes(32), envelope_id(1), log.keys)) == (
        "E_INTEGRITY",
        "the entry in the receipt is not about an accepted envelope",
        "envelope.accepted",
        "declaration.opened",
        "",
    )


def test_a_proof_without_end() -> None:
    assert told(lambda: parse_proof(HEADER + "\n" * 600_000)) == (
        "E_TOO_LARGE",
        f"a proof is longer than {MAX_PROOF_CHARS} characters",
        "",
        "",
        "",
    )
