"""Receipts of acts: what they prove, and everything that they do not."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sextant_shared.encoding import b64u, canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import MAX_RECALL_BYTES, RECALL_TYP, RecallStatement
from sextant_shared.models.entries import Entry, EnvelopeErasedEntry, format_entry
from sextant_shared.protocol.acts import act_receipt, commitment, format_act, verify_act
from sextant_shared.protocol.jws import sign_jws
from sextant_shared.protocol.parties import Registry
from sextant_shared.protocol.recalls import read_recall, sign_recall, verify_recall
from tests.support.logs import INSTANT, MemoryLog, envelope_id, log_keys, make_accepted, random128
from tests.support.parties import PartyKeys, registrars

SALT, DETAIL = bytes(range(32)), canonical_json({"rule": "* *"})
KEYS = PartyKeys("NA-XAL")
PAIR = Registry({"NA-XAL": KEYS.enrolled(registrars())}).signing_pair(
    "NA-XAL", [signer.kid for signer in KEYS.sig]
)
STATEMENT = RecallStatement(
    v=1,
    env=envelope_id(1),
    man=b64u(bytes(32)),
    reason="the wrong year",
    created="2026-11-24T11:28:00Z",
)


def erased(**changes: Any) -> EnvelopeErasedEntry:
    members: dict[str, Any] = {
        "v": 1,
        "type": "envelope.erased",
        "id": random128(1),
        "t": INSTANT,
        "nonce": random128(2),
        "env": envelope_id(1),
        "ref": 4,
        "commit": b64u(commitment(SALT, DETAIL)),
    }
    return EnvelopeErasedEntry(**members | changes)


def receipt(entry: Entry, /, **changes: Any) -> bytes:
    """Return the receipt of an entry that stands in a log, with what a test bends in it."""
    log = MemoryLog()
    log.append(make_accepted(1))
    proof = log.proof(log.append(entry))
    whole = json.loads(format_act(act_receipt(format_entry(entry), proof, (DETAIL, SALT))))
    return canonical_json({**whole, **changes})


GOOD_RECEIPT, GOOD_RECALL = receipt(erased()), sign_recall(STATEMENT, KEYS.sig)


def refusal(data: bytes) -> Code:
    with pytest.raises(PlatformError) as caught:
        verify_act(data, envelope_id(1), log_keys())
    return caught.value.code


def test_a_receipt_proves_the_entry_and_opens_its_commitment() -> None:
    act = verify_act(receipt(erased()), envelope_id(1), log_keys())
    assert (act.index, act.entry, act.detail) == (1, erased(), {"rule": "* *"})


def test_a_receipt_without_the_detail_proves_the_entry_alone() -> None:
    act = verify_act(receipt(erased(), detail=None, salt=None), envelope_id(1), log_keys())
    assert (act.entry, act.detail) == (erased(), None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(receipt(erased(), salt=None), Code.MALFORMED, id="no salt"),
        pytest.param(receipt(erased(), level="witnessed"), Code.MALFORMED, id="witnesses claimed"),
        pytest.param(receipt(erased(), salt=b64u(bytes(32))), Code.DIGEST, id="another salt"),
        pytest.param(receipt(erased(), detail=b64u(b"{}")), Code.DIGEST, id="another detail"),
        pytest.param(receipt(erased(), salt=b64u(SALT[1:])), Code.MALFORMED, id="a short salt"),
        pytest.param(receipt(erased(env=envelope_id(2))), Code.INTEGRITY, id="another envelope"),
        pytest.param(receipt(make_accepted(1)), Code.INTEGRITY, id="a custody entry"),
        pytest.param(
            receipt(erased(), entry=b64u(format_entry(erased(ref=5)))),
            Code.INTEGRITY,
            id="an entry that is not in the log",
        ),
        pytest.param(receipt(erased(), more=1), Code.MALFORMED, id="a member too many"),
    ],
)
def test_what_a_receipt_does_not_prove_is_refused(data: bytes, code: Code) -> None:
    assert refusal(data) is code


@given(cut=st.integers(0, 3000), noise=st.binary(min_size=1, max_size=8))
def test_any_other_bytes_are_refused(cut: int, noise: bytes) -> None:
    bent = GOOD_RECEIPT[:cut] + noise + GOOD_RECEIPT[cut + len(noise) :]
    if bent != GOOD_RECEIPT:
        with pytest.raises(PlatformError):
            verify_act(bent, envelope_id(1), log_keys())


# --- recall statements ----------------------------------------------------------------------------


def test_a_statement_reads_back_and_verifies_under_its_pair() -> None:
    recall = read_recall(sign_recall(STATEMENT, KEYS.sig))
    assert recall.kids == [signer.kid for signer in KEYS.sig]
    assert verify_recall(recall, PAIR) == STATEMENT


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param({"reason": ""}, Code.MALFORMED, id="no reason"),
        pytest.param({"reason": "x" * 501}, Code.MALFORMED, id="a long reason"),
        pytest.param({"v": 2}, Code.MALFORMED, id="another version"),
        pytest.param({"to": "SEC"}, Code.MALFORMED, id="a member too many"),
        pytest.param({"created": "2026-11-24"}, Code.MALFORMED, id="a day for an instant"),
    ],
)
def test_a_statement_that_does_not_fit_is_refused(payload: dict[str, Any], code: Code) -> None:
    members = {**STATEMENT.model_dump(mode="json"), **payload}
    raw = sign_jws(canonical_json(members), RECALL_TYP, KEYS.sig)
    with pytest.raises(PlatformError) as caught:
        read_recall(raw)
    assert caught.value.code is code


def test_a_statement_beyond_the_limit_is_refused() -> None:
    with pytest.raises(PlatformError, match="E_TOO_LARGE"):
        read_recall(b"[" * (MAX_RECALL_BYTES + 1))


@given(st.binary(max_size=100), st.integers(0, 5000))
@example("\u0080".encode(), 12)  # a letter beyond ASCII inside the payload
def test_an_altered_statement_never_verifies(noise: bytes, cut: int) -> None:
    bent = GOOD_RECALL[:cut] + noise + GOOD_RECALL[cut + len(noise) :]
    if bent != GOOD_RECALL:
        with pytest.raises(PlatformError):
            verify_recall(read_recall(bent), PAIR)
