"""The trust file: what in it is refused, in which words; its head only moves forward."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sextant_client.trust import Trust, TrustFile, parse_policy_for, policy_text
from sextant_shared.encoding import b64, b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of
from sextant_shared.models.envelope import Beacon
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from tests.support.logs import ORIGIN, MemoryLog, log_keys, make_accepted, receipt_key
from tests.support.parties import registrar_pairs
from tests.support.witnesses import policy_text as witnesses
from tests.unit.client.verifier.bundles import told


def grown(*numbers: int) -> MemoryLog:
    log = MemoryLog([])
    for number in numbers:
        log.append(make_accepted(number))
    return log


LOG, FORK = grown(1, 2, 3, 4, 5), grown(1, 2, 9, 10, 11)
OTHER = log_keys("other.example/log", "other")


def members(**log: Any) -> dict[str, Any]:
    keys = [dict(half.jwk) for half in registrar_pairs(1)[0]]
    return {
        "v": 1,
        "registrars": {"threshold": 1, "registrars": [{"name": "REG-1", "keys": keys}]},
        "log": {"origin": ORIGIN, "vkeys": list(LOG.keys.vkeys), **log},
        "checkpoint": None,
    }


def trusting(**changes: Any) -> Trust:
    log = {name: changes.pop(name) for name in ("origin", "vkeys", "receipt_key") & changes.keys()}
    return Trust(TrustFile.model_validate({**members(**log), **changes}))


def head(size: int, log: MemoryLog = LOG) -> Checkpoint:
    return verify_checkpoint(log.checkpoint(size), log.keys)


def path_in(log: MemoryLog) -> Callable[[int, int], list[bytes]]:
    leaves = [leaf_hash(leaf) for leaf in log.leaves]
    return lambda first, second: consistency_path_of(leaves[:second], first)


def refused(work: Callable[[], object]) -> list[object]:
    with pytest.raises(PlatformError) as caught:
        work()
    return told(caught.value)[1:]


def test_a_trust_file_that_is_missing_or_none_says_where_to_get_one(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    assert refused(lambda: Trust.load(path)) == [
        "E_STATE",
        f"no trust file at {path}",
        "",
        "",
        "Get trust.json from your registrar, then: sextant init --trust FILE.",
    ]
    path.write_text("[]")
    assert refused(lambda: Trust.load(path)) == [
        "E_MALFORMED",
        f"the trust file {path} cannot be used: the JSON text is no object",
        "an object",
        "list",
        "Get trust.json from your registrar again.",
    ]
    path.write_text(json.dumps(members()).ljust(1 << 20))
    assert Trust.load(path).path == path
    path.write_text(json.dumps(members()).ljust((1 << 20) + 1))
    assert refused(lambda: Trust.load(path))[0] == "E_TOO_LARGE"


def test_keys_of_another_log_than_the_pinned_one_are_refused() -> None:
    assert refused(lambda: trusting(origin="other").log_keys) == [
        "E_POLICY",
        "the log keys are of another origin than pinned",
        "",
        "",
        "",
    ]
    assert trusting().log_keys.vkeys == LOG.keys.vkeys


def test_a_key_of_receipts_is_of_the_pinned_log_where_one_is_pinned() -> None:
    assert trusting().receipt_key is None
    assert trusting(receipt_key=dict(receipt_key().verifier.jwk)).receipt_key == receipt_key()


def test_a_policy_for_other_logs_alone_is_refused() -> None:
    assert refused(lambda: parse_policy_for(witnesses("a").encode(), OTHER)) == [
        "E_POLICY",
        "the witness policy is for other logs than the pinned one",
        OTHER.vkeys[0],
        log_keys().vkeys[0][:120],
        "",
    ]
    ml_dsa_first = "\n".join([f"log {LOG.keys.vkeys[1]}", "quorum none", ""]).encode()
    assert refused(lambda: parse_policy_for(ml_dsa_first, OTHER))[3] == LOG.keys.vkeys[1][:120]
    assert len(parse_policy_for(ml_dsa_first, LOG.keys).logs) == 1
    assert parse_policy_for(b"quorum none\n", OTHER).logs == ()
    others = trusting(policy=f"log {OTHER.vkeys[0]}\nquorum none\n")
    assert refused(lambda: others.policy)[0] == "E_POLICY"
    pinned = trusting(policy=witnesses("a")).policy
    assert pinned is not None
    assert [witness.name for witness in pinned.witnesses] == ["a"]
    assert trusting().policy is None


def test_a_policy_is_pinned_as_it_is_written_and_in_utf_8() -> None:
    assert policy_text(b"# \xc3\xa9\nquorum none\n", LOG.keys) == "# é\nquorum none\n"
    assert refused(lambda: policy_text(b"# \xe9\nquorum none\n", LOG.keys)) == [
        "E_MALFORMED",
        "the policy is not UTF-8",
        "",
        "",
        "Write its names in UTF-8.",
    ]
    assert refused(lambda: policy_text(b"quorum\n", LOG.keys))[0] == "E_MALFORMED"
    assert refused(lambda: policy_text(witnesses("a").encode(), OTHER))[0] == "E_POLICY"


def test_the_newest_head_goes_into_signed_headers() -> None:
    assert trusting().beacon() is None
    assert trusting(checkpoint=LOG.checkpoint(3)).beacon() == Beacon(
        size=3, root=b64u(head(3).root)
    )


def test_a_head_of_the_same_history_moves_the_trust_forward_and_never_back() -> None:
    trust = trusting()
    moved = [trust.accept(head(size), path_in(LOG)) for size in (3, 5, 5, 4)]
    assert moved == [True, True, False, False]
    newest = trust.checkpoint()
    assert newest is not None
    assert newest.size == 5


@pytest.mark.parametrize(("known", "seen"), [(3, 5), (5, 3), (4, 4)])
def test_a_head_of_another_history_is_told_with_both(known: int, seen: int) -> None:
    before = LOG.checkpoint(known)
    trust, forked = trusting(checkpoint=before), head(seen, FORK)
    newer = FORK if seen > known else LOG
    with pytest.raises(PlatformError) as caught:
        trust.accept(forked, path_in(newer))
    error = caught.value
    assert (error.code, error.expected, error.received, error.fix) == (
        Code.INTEGRITY,
        f"one history with size {known}",
        f"size {seen} of another history",
        "Keep the evidence file and show it to the other parties and the auditors.",
    )
    assert error.detail.startswith("the log contradicts itself: ")
    path = [] if known == seen else path_in(newer)(min(known, seen), max(known, seen))
    assert (error.evidence["known"], error.evidence["seen"]) == (before, forked.text)
    assert error.evidence["path"].split() == [b64(node) for node in path]
    assert trust.file.checkpoint == before


def test_a_log_that_gives_no_proof_is_no_contradiction() -> None:
    def silent(_first: int, _second: int) -> list[bytes]:
        raise PlatformError(Code.UNAVAILABLE, "away")

    assert refused(lambda: trusting(checkpoint=LOG.checkpoint(3)).accept(head(5), silent)) == [
        "E_UNAVAILABLE",
        "away",
        "",
        "",
        "",
    ]
