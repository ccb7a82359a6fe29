import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError, Severity
from sextant_shared.merkle.notes import NoteSignature, with_signatures
from sextant_shared.protocol.policies import MAX_POLICY_BYTES, parse_policy
from tests.support.logs import NOW, MemoryLog, log_keys, make_accepted
from tests.support.witnesses import (
    cosignature,
    cosigned,
    policy,
    policy_text,
    witness_key,
    witness_vkey,
)
from tests.unit.shared.protocol.words import load_words

LOG = MemoryLog([])
LOG.append(make_accepted(1))
HEAD = LOG.checkpoint()
A, B, C = (witness_vkey(name) for name in ("a", "b", "c"))
LOG_KEY, LOG_COSIGNER = log_keys().vkeys
WORDS = load_words("policies")
DEFINED = f"witness a {A}\nwitness b {B}\n"


def refused(text: str) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        parse_policy(text.encode("utf-8", "surrogateescape"))
    return caught.value


FAULTS = {
    "nothing": "",
    "no newline at the end": "quorum none",
    "two quorums": "quorum none\nquorum none\n",
    "a quorum that is not defined": "quorum a\n",
    "a quorum before its witness": f"quorum a\nwitness a {A}\n",
    "an empty quorum": "quorum\n",
    "a kind in capitals": "Quorum none\n",
    "a carriage return": "quorum none\r\n",
    "words after the quorum": "quorum none # but why\n",
    "words after a witness": f"witness a {A} https://a b\nquorum none\n",
    "a witness called none": f"witness none {A}\nquorum none\n",
    "two witnesses of one name": f"{DEFINED}witness a {C}\nquorum none\n",
    "two witnesses of one key": f"{DEFINED}witness c {A}\nquorum none\n",
    "a key of a log for a witness": f"witness a {LOG_KEY}\nquorum none\n",
    "a key that is cut": f"witness a {A[:-4]}\nquorum none\n",
    "a key of a witness for a log": f"log {A}\nquorum none\n",
    "two logs of one key": f"log {LOG_KEY}\nlog {LOG_KEY}\nquorum none\n",
    "a log as its witness": f"log {LOG_COSIGNER}\nwitness l {LOG_COSIGNER}\nquorum l\n",
    "a witness as its log": f"witness l {LOG_COSIGNER}\nlog {LOG_COSIGNER}\nquorum l\n",
    "a log without a key": "log\nquorum none\n",
    "a group without members": f"{DEFINED}group g all\nquorum none\n",
    "a group of none": f"{DEFINED}group g 0 a\nquorum none\n",
    "a group of more than all": f"{DEFINED}group g 3 a b\nquorum none\n",
    "a number with a zero": f"{DEFINED}group g 01 a b\nquorum none\n",
    "a number in words": f"{DEFINED}group g some a b\nquorum none\n",
    "a member that is not defined": f"{DEFINED}group g any a c\nquorum none\n",
    "none as a member": f"{DEFINED}group g any none\nquorum none\n",
    "a group in itself": f"{DEFINED}group g any g\nquorum none\n",
    "a member twice": f"{DEFINED}group g any a a\nquorum none\n",
    "a member of two groups": f"{DEFINED}group g any a\ngroup h any a\nquorum none\n",
    "a group with the name of a witness": f"{DEFINED}group a any b\nquorum none\n",
    "a log with three words": f"log {LOG_KEY} https://a b\nquorum none\n",
    "a witness without a key": "witness a\nquorum none\n",
    "a quorum of two": f"{DEFINED}quorum a b\n",
    "a group without a name": "group\nquorum none\n",
    "a long word that is unknown": "x" * 100 + "\nquorum none\n",
    "bytes that are no text": "\udce9\nquorum none\n",
    "two faults": "nonsense\nquorum a\n",
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_policy_at_fault_names_each_line_what_is_wrong_and_what_would_be_right(case: str) -> None:
    error = refused(FAULTS[case])
    assert error.code is Code.MALFORMED
    first = error.findings[0]
    at_fault = f"the policy has {len(error.findings)} line(s) at fault"
    assert error.detail == f"{at_fault}: {first.source}: {first.message}"
    assert error.fix == "Correct every line that the findings name."
    found = [[f.source, f.message, f.expected, f.received] for f in error.findings]
    assert found == WORDS[case]
    assert {(f.rule, f.severity) for f in error.findings} == {("POLICY", Severity.MUST_FIX)}
    assert [f"line{f.pointer.replace('/', ' ')}" for f in error.findings] == [w[0] for w in found]


def test_all_faults_of_a_policy_are_named_at_once() -> None:
    error = refused(f"witness a {A} x y\nnonsense\nquorum a\n")
    assert [finding.source for finding in error.findings] == [
        "line 1",
        "line 2",
        "line 3",
        "line 3",
    ]


def test_an_endless_policy_is_refused_before_it_is_read() -> None:
    error = refused("#" * (MAX_POLICY_BYTES + 1))
    assert (error.code, error.detail) == (
        Code.TOO_LARGE,
        "a policy is longer than 262144 bytes",
    )
    assert parse_policy(b"quorum none\n".rjust(MAX_POLICY_BYTES)).quorum == "none"


@pytest.mark.parametrize("kind", ["witness", "log", "group"])
def test_more_lines_of_a_kind_than_may_be_are_refused(kind: str) -> None:
    most = {"witness": 60, "log": 64, "group": 64}[kind]
    signers = [witness_vkey(f"w{i}", Alg.ML_DSA_44) for i in range(most + 1)]
    lines = {
        "witness": [f"witness w{i} {vkey}\n" for i, vkey in enumerate(signers)],
        "log": [f"log {vkey}\n" for vkey in signers],
        "group": [f"group g{i} any {f'g{i - 1}' if i else 'a'}\n" for i in range(most + 1)],
    }[kind]
    head = f"witness a {A}\n" if kind == "group" else ""
    assert parse_policy((head + "".join(lines[:-1]) + "quorum none\n").encode()).quorum == "none"
    [finding] = refused(head + "".join(lines) + "quorum none\n").findings
    assert (finding.message, finding.expected, finding.received) == (
        "too many lines of this kind",
        f"at most {most}",
        str(most + 1),
    )


def test_blanks_tabs_comments_and_bytes_of_any_script_are_read() -> None:
    text = (
        f" \t# Свидетели\n\n\twitness \t\xe9tat {A}  https://\xe9tat.example \n quorum\t\xe9tat\n"
    )
    for data in (text.encode(), text.encode("utf-8").replace(b"\xc3\xa9", b"\xe9")):
        read = parse_policy(data)
        assert read.quorum == read.witnesses[0].name
        assert (read.witnesses[0].url or "").startswith("https://")


def test_no_quorum_is_met_by_nobody() -> None:
    verdict = policy("a", "b").judge(HEAD)
    assert not verdict.is_met
    assert verdict.missing == ("a", "b")
    assert verdict.lacks == "states has 0 of 2"
    alone = parse_policy(f"witness a {A}\nquorum a\n".encode()).judge(HEAD)
    assert (alone.is_met, alone.lacks) == (False, "a has not cosigned")
    assert verdict.first_time is None


def test_the_quorum_none_is_met_by_nobody() -> None:
    assert parse_policy(b"quorum none\n").judge(HEAD).is_met


def test_a_verdict_says_who_cosigned_when_and_who_did_not() -> None:
    note = with_signatures(cosigned(HEAD, "a", t=NOW + 5), [cosignature(HEAD, "c", t=NOW + 2)])
    verdict = policy("a", "b", "c", threshold="2").judge(note)
    assert verdict.is_met
    assert sorted(verdict.seen) == ["a", "c"]
    assert verdict.missing == ("b",)
    assert verdict.lacks == ""
    assert verdict.first_time == int(NOW) + 2


def test_a_cosignature_that_does_not_hold_counts_for_no_policy() -> None:
    good = cosignature(HEAD, "a")
    bad = NoteSignature(good.name, good.key_id, good.signature[:-1] + b"\x00")
    with pytest.raises(PlatformError, match="E_SIGNATURE"):
        policy("a", "b", threshold="any").judge(with_signatures(cosigned(HEAD, "b"), [bad]))


def test_one_key_under_two_names_counts_for_neither_more() -> None:
    """A name outside the policy is not the witness, whoever holds the key."""
    line = cosignature(HEAD, "a")
    renamed = NoteSignature("other.example/w", line.key_id, line.signature)
    assert not policy("a").judge(with_signatures(HEAD, [renamed])).is_met


def test_groups_of_groups_ask_for_one_of_each_bloc() -> None:
    names = ("x1", "x2", "x3", "y1", "y2")
    text = "".join(f"witness {name} {witness_vkey(name)}\n" for name in names)
    text += "group x 2 x1 x2 x3\ngroup y any y1 y2\ngroup both all x y\nquorum both\n"
    both = parse_policy(text.encode())
    assert not both.judge(cosigned(HEAD, "x1", "x2", "x3")).is_met
    assert both.judge(cosigned(HEAD, "x1", "x2", "x3")).lacks == "both has 1 of 2; y has 0 of 1"
    assert not both.judge(cosigned(HEAD, "x1", "y1", "y2")).is_met
    assert both.judge(cosigned(HEAD, "x1", "x3", "y2")).is_met


def test_both_keys_of_a_witness_can_be_asked_for() -> None:
    keys = [(alg, witness_vkey("a", alg)) for alg in (Alg.ED25519, Alg.ML_DSA_44)]
    text = "".join(f"witness a-{alg} {vkey}\n" for alg, vkey in keys)
    hybrid = parse_policy(f"{text}group a all a-Ed25519 a-ML-DSA-44\nquorum a\n".encode())
    one = cosigned(HEAD, "a")
    assert not hybrid.judge(one).is_met
    assert hybrid.judge(with_signatures(one, [cosignature(HEAD, "a", Alg.ML_DSA_44)])).is_met


@given(
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=5, unique=True),
    st.sets(st.sampled_from("abcde")),
    st.data(),
)
def test_a_threshold_is_a_count_of_members(
    members: list[str], signed: set[str], data: st.DataObject
) -> None:
    threshold = data.draw(st.integers(1, len(members)))
    verdict = policy(*members, threshold=str(threshold)).judge(cosigned(HEAD, *sorted(signed)))
    assert verdict.is_met == (len(signed & set(members)) >= threshold)
    assert set(verdict.seen) == signed & set(members)
    assert set(verdict.missing) == set(members) - signed


@given(st.binary(max_size=200))
def test_any_bytes_are_a_policy_or_refused_with_a_place(data: bytes) -> None:
    try:
        parse_policy(data)
    except PlatformError as error:
        assert error.findings  # noqa: PT017 -- either outcome is right, this one must say where


def test_a_policy_has_every_order_of_its_witnesses() -> None:
    lines = policy_text("a", "b", "c").splitlines()
    for order in itertools.permutations(lines[:5]):
        assert len(parse_policy("\n".join([*order, *lines[5:], ""]).encode()).witnesses) == 3
    assert witness_key("a").name == "a.example/w"
