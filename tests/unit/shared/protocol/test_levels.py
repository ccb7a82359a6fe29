import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of
from sextant_shared.models.log import WitnessedHead
from sextant_shared.models.receipts import Level
from sextant_shared.protocol.checkpoints import verify_checkpoint
from sextant_shared.protocol.levels import parse_witnessed, standing_of, verify_witnessed
from sextant_shared.protocol.policies import parse_policy
from tests.support.logs import MemoryLog, log_keys, make_accepted
from tests.support.witnesses import cosigned, policy

LOG = MemoryLog([])
for _number in range(9):
    LOG.append(make_accepted(_number))
OTHER = MemoryLog([*LOG.leaves[:4]])
for _number in range(40, 45):
    OTHER.append(make_accepted(_number))
TWO_OF_THREE = policy("xal", "xbo", "xch", threshold="2")


def head(first: int, second: int, *names: str, log: MemoryLog = LOG) -> WitnessedHead:
    leaves = [leaf_hash(leaf) for leaf in log.leaves[:second]]
    path = [b64(node) for node in consistency_path_of(leaves, first)]
    text = cosigned(log.checkpoint(second), *names) if names else log.checkpoint(second)
    return WitnessedHead(
        v=1, kind="witnessed", first=first, second=second, path=path, checkpoint=text
    )


def refused(found: WitnessedHead, size: int = 5) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        verify_witnessed(
            found, verify_checkpoint(LOG.checkpoint(size), log_keys()), log_keys(), TWO_OF_THREE
        )
    return caught.value


def test_a_head_of_another_history_witnesses_nothing() -> None:
    assert refused(head(5, 9, "xal", "xbo", log=OTHER)).code is Code.INTEGRITY


def test_a_head_for_another_receipt_is_refused() -> None:
    for found in (head(4, 9, "xal", "xbo"), head(6, 9, "xal", "xbo")):
        assert "another receipt" in refused(found).detail


def test_a_changed_path_is_refused() -> None:
    good = head(5, 9, "xal", "xbo")
    for path in (good.path[:-1], [*good.path, b64(bytes(32))], good.path[::-1], ["AAAA"]):
        assert refused(good.model_copy(update={"path": path})).code in {
            Code.INTEGRITY,
            Code.MALFORMED,
        }
    endless = good.model_copy(update={"path": [b64(bytes(32))] * 64})
    assert "too long" in refused(endless).detail


def test_a_size_that_the_checkpoint_does_not_say_is_refused() -> None:
    assert refused(head(5, 9, "xal").model_copy(update={"second": 8})).code is Code.INTEGRITY


def test_what_is_no_witnessed_head_is_refused() -> None:
    good = head(5, 9).model_dump_json()
    for text in ("", "[]", good.replace("witnessed", "sworn", 1), good.replace('"v":1', '"v":2')):
        with pytest.raises(PlatformError, match="E_MALFORMED"):
            parse_witnessed(text.encode())
    assert parse_witnessed(good.encode()) == head(5, 9).model_copy(
        update={"checkpoint": parse_witnessed(good.encode()).checkpoint}
    )


def test_without_a_policy_nothing_is_witnessed() -> None:
    found = standing_of(cosigned(LOG.checkpoint(), "xal", "xbo", "xch"), log_keys(), None)
    assert found.level is Level.LOGGED
    assert "no witness policy is pinned" in found.words


def test_a_policy_that_asks_for_nobody_makes_nothing_witnessed() -> None:
    nobody = parse_policy(b"quorum none\n")
    found = standing_of(LOG.checkpoint(), log_keys(), nobody)
    assert (found.level, found.words) == (
        Level.LOGGED,
        "level logged: the policy asks for no witness",
    )


def test_too_few_witnesses_leave_a_head_logged_and_say_what_lacks() -> None:
    found = standing_of(cosigned(LOG.checkpoint(), "xal"), log_keys(), TWO_OF_THREE)
    assert (found.level, found.words) == (Level.LOGGED, "level logged: states has 1 of 2")


def test_a_quorum_makes_a_head_witnessed_and_names_who_saw_it() -> None:
    found = standing_of(cosigned(LOG.checkpoint(), "xal", "xch"), log_keys(), TWO_OF_THREE)
    assert found.level is Level.WITNESSED
    assert found.words.startswith("level witnessed: ")
    assert "xal" in found.words
    assert "xch" in found.words
    assert "xbo" not in found.words


@given(st.integers(1, 9), st.integers(1, 9), st.sets(st.sampled_from(["xal", "xbo", "xch"])))
def test_the_level_is_that_of_the_policy(first: int, second: int, names: set[str]) -> None:
    if first > second:
        return
    receipt = verify_checkpoint(LOG.checkpoint(first), log_keys())
    found = verify_witnessed(head(first, second, *sorted(names)), receipt, log_keys(), TWO_OF_THREE)
    assert (found.level is Level.WITNESSED) == (len(names) >= 2)
    assert found.checkpoint.size == second
    assert all(name in found.words for name in names) or found.level is Level.LOGGED
