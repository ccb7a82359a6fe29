import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.encoding import b64u, b64u_decode, canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import DeclarationOpenedEntry
from sextant_shared.models.receipts import Level
from sextant_shared.protocol.logproof import HEADER
from sextant_shared.protocol.receipts import format_custody, parse_custody, verify_custody
from tests.support.logs import INSTANT, MemoryLog, envelope_id, make_accepted, random128

LOG = MemoryLog()
for _number in range(5):
    LOG.append(make_accepted(_number, reg=2))
MANIFEST = b64u_decode(make_accepted(3).man)
RECEIPT = format_custody(LOG.leaves[3], LOG.proof(3))


def changed(**members: Any) -> bytes:
    return canonical_json({**json.loads(RECEIPT), **members})


def refused(receipt: bytes, manifest: bytes = MANIFEST, number: int = 3) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        verify_custody(receipt, manifest, envelope_id(number), LOG.keys)
    return caught.value


@pytest.mark.parametrize(
    "receipt",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="no object"),
        pytest.param(changed(v=2), id="another version"),
        pytest.param(changed(kind="opened"), id="another kind"),
        pytest.param(changed(level="notarised"), id="an unknown level"),
        pytest.param(changed(level="sequenced"), id="merely sequenced"),
        pytest.param(changed(more=1), id="an unknown member"),
        pytest.param(changed(entry=7), id="an entry that is no text"),
        pytest.param(changed(entry="e30="), id="an entry with padding"),
        pytest.param(RECEIPT + b"\n", id="a newline after it"),
        pytest.param(json.dumps(json.loads(RECEIPT)).encode(), id="blanks between members"),
        pytest.param(RECEIPT.replace(b'{"entry"', b'{"v":1,"entry"'), id="a member twice"),
        pytest.param(changed(proof="c2sp.org/tlog-proof@v2\n"), id="no proof"),
    ],
)
def test_what_is_not_a_receipt_is_refused(receipt: bytes) -> None:
    assert refused(receipt).code is Code.MALFORMED


def test_an_endless_receipt_is_refused_before_it_is_read() -> None:
    assert refused(changed(proof="x" * 70_000)).code is Code.TOO_LARGE


def test_a_receipt_for_another_envelope_is_refused() -> None:
    error = refused(RECEIPT, number=4)
    assert (error.code, error.received) == (Code.INTEGRITY, envelope_id(3))
    assert "another envelope" in error.detail


def test_a_receipt_for_another_manifest_is_refused() -> None:
    error = refused(RECEIPT, manifest=bytes(32))
    assert (error.code, error.expected) == (Code.DIGEST, b64u(bytes(32)))


def test_a_receipt_of_another_log_is_refused() -> None:
    other = MemoryLog(LOG.leaves, label="impostor")
    assert refused(format_custody(other.leaves[3], other.proof(3))).code is Code.KEY


def test_a_receipt_whose_entry_was_exchanged_is_refused() -> None:
    assert refused(changed(entry=b64u(LOG.leaves[2]))).code is Code.INTEGRITY


def test_a_receipt_that_claims_witnesses_is_refused() -> None:
    assert "claims witnesses" in refused(changed(level="witnessed")).detail


def test_a_receipt_with_data_that_nothing_authenticates_is_refused() -> None:
    proof = LOG.proof(3).replace(HEADER, f"{HEADER}\nextra aGVhcnNheQ==")
    assert "nothing authenticates" in refused(changed(proof=proof)).detail


def test_an_entry_about_something_else_is_no_custody() -> None:
    log = MemoryLog([*LOG.leaves])
    opened = DeclarationOpenedEntry(
        v=1,
        type="declaration.opened",
        id=random128(9),
        t=INSTANT,
        nonce=random128(10),
        env=envelope_id(3),
        ref=3,
        commit=b64u(bytes(32)),
    )
    index = log.append(opened)
    error = refused(format_custody(log.leaves[index], log.proof(index)))
    assert (error.code, error.received) == (Code.INTEGRITY, "declaration.opened")


def test_a_logged_leaf_that_is_no_entry_is_refused() -> None:
    log = MemoryLog([*LOG.leaves])
    index = log.append(b'{"type":"envelope.accepted"}')
    assert refused(format_custody(log.leaves[index], log.proof(index))).code is Code.MALFORMED


def test_each_changed_byte_is_refused() -> None:
    start = RECEIPT.index(b'"proof"')
    for position in [*range(start + 300), *range(start + 300, len(RECEIPT), 97)]:
        tampered = bytearray(RECEIPT)
        tampered[position] ^= 0x02
        with pytest.raises(PlatformError):
            verify_custody(bytes(tampered), MANIFEST, envelope_id(3), LOG.keys)


def test_a_receipt_says_where_and_when_the_envelope_was_taken_into_custody() -> None:
    receipt = verify_custody(RECEIPT, MANIFEST, envelope_id(3), LOG.keys)
    assert (receipt.index, receipt.t, receipt.reg) == (3, INSTANT, 2)
    assert receipt.level is Level.LOGGED
    assert receipt.checkpoint.size == 5
    document = parse_custody(RECEIPT)
    assert format_custody(b64u_decode(document.entry), document.proof) == RECEIPT


@given(st.binary(max_size=400), st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_receipt_is_canonical_whatever_the_proof_holds(entry: bytes, proof: str) -> None:
    whole = {"v": 1, "kind": "custody", "level": "logged", "entry": b64u(entry), "proof": proof}
    assert format_custody(entry, proof) == canonical_json(whole)


def test_a_proof_that_is_no_text_has_no_receipt() -> None:
    with pytest.raises(PlatformError) as caught:
        format_custody(b"entry", "half of a pair: \ud800")
    assert caught.value.code is Code.MALFORMED
