"""COSE receipts on the log's page: held by the third key alone, and never said to be more."""

import json
from typing import Any

import pytest

from sextant_shared.errors import PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of, root_of
from sextant_shared.protocol.cose_receipts import (
    format_consistency,
    sign_root,
    verify_inclusion_receipt,
)
from tests.support.logs import (
    NOW,
    ORIGIN,
    MemoryLog,
    log_keys,
    make_accepted,
    receipt_key,
    receipt_signer,
)
from tests.unit.audit.page.verifier import failed, receipt_case, run_cases, states

SIZE, INDEX = 21, 5


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    made = MemoryLog()
    for number in range(SIZE):
        made.append(make_accepted(number))
    return made


def keys(label: str = "log", **changes: Any) -> str:
    members = {"origin": ORIGIN, "vkeys": list(log_keys().vkeys)}
    return json.dumps({**members, "receipt_key": dict(receipt_signer(label).jwk), **changes})


def cose_case(log: MemoryLog, data: bytes, trust: str, **changes: Any) -> dict[str, Any]:
    return receipt_case(data, trust, **{"entry": log.leaves[INDEX].decode(), **changes})


def test_what_is_no_receipt_of_this_entry_log_or_key_is_refused(
    tmp_path: Any, log: MemoryLog
) -> None:
    good = log.cose(INDEX)
    other = MemoryLog(log.leaves, origin="other.example/log")
    hashes = [leaf_hash(leaf) for leaf in log.leaves]
    newest = sign_root(ORIGIN, root_of(hashes), receipt_signer(), NOW)
    consistency = format_consistency(newest, 7, SIZE, consistency_path_of(hashes, 7))
    curve = {**receipt_signer().jwk, "crv": "P-256"}
    cases = [
        (cose_case(log, good, keys(), entry=log.leaves[6].decode()), {"es384": "E_SIGNATURE"}),
        (cose_case(log, good, keys("another")), {"keys": "E_KEY"}),
        (cose_case(log, other.cose(INDEX), keys()), {"keys": "E_KEY"}),
        (cose_case(log, consistency, keys()), {"form": "E_MALFORMED"}),
        (cose_case(log, good + b"\x00", keys()), {"form": "E_MALFORMED"}),
        (cose_case(log, good[:-1], keys()), {"form": "E_MALFORMED"}),
        (cose_case(log, b"\xd2" + bytes(9000), keys()), {"form": "E_TOO_LARGE"}),
    ]
    found = run_cases(tmp_path, *(case for case, _ in cases))
    assert [failed(result) for result in found] == [why for _, why in cases]
    assert {result["verdict"] for result in found} == {"refused"}
    [wrong_key] = run_cases(tmp_path, cose_case(log, good, keys(receipt_key=curve)))
    assert wrong_key["refused"]["code"] == "E_KEY"


def test_without_the_key_or_the_entry_nothing_is_decided(tmp_path: Any, log: MemoryLog) -> None:
    good = log.cose(INDEX)
    without_key, bare, unpinned = run_cases(
        tmp_path,
        cose_case(log, good, keys(receipt_key=None)),
        cose_case(log, good, keys(), entry=""),
        receipt_case(good, None, entry=log.leaves[INDEX].decode()),
    )
    assert [one["verdict"] for one in (without_key, bare, unpinned)] == ["open"] * 3
    assert states(without_key)["keys"] == states(unpinned)["keys"] == "unchecked"
    assert states(bare)["path"] == "unchecked"


def test_a_receipt_of_every_entry_holds_and_says_that_it_is_less(
    tmp_path: Any, log: MemoryLog
) -> None:
    cases = [
        receipt_case(log.cose(index), keys(), entry=log.leaves[index].decode())
        for index in range(SIZE)
    ]
    results = run_cases(tmp_path, *cases)
    assert {result["verdict"] for result in results} == {"holds"}
    assert f"at index {INDEX} an entry of type envelope.accepted" in results[INDEX]["headline"]
    assert states(results[0])["claims"] == "noted"


def test_no_changed_byte_passes_here_that_the_offline_verifier_refuses(
    tmp_path: Any, log: MemoryLog
) -> None:
    good, leaf = log.cose(INDEX), leaf_hash(log.leaves[INDEX])
    bent = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
    results = run_cases(tmp_path, *(cose_case(log, data, keys()) for data in bent))
    for at, (data, result) in enumerate(zip(bent, results, strict=True)):
        try:
            verify_inclusion_receipt(leaf, data, receipt_key())
        except PlatformError:
            assert result["verdict"] == "refused", at
        else:  # another size of the same height: the signature does not cover it
            assert result["verdict"] == "holds", at
