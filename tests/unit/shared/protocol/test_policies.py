import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import NoteSignature, with_signatures
from sextant_shared.protocol.policies import MAX_POLICY_BYTES, MAX_WITNESSES, parse_policy
from tests.support.logs import NOW, MemoryLog, log_keys, make_accepted
from tests.support.witnesses import (
    cosignature,
    cosigned,
    policy,
    policy_text,
    witness_key,
    witness_vkey,
)

LOG = MemoryLog([])
LOG.append(make_accepted(1))
HEAD = LOG.checkpoint()
A, B, C = (witness_vkey(name) for name in ("a", "b", "c"))
LOG_KEY, LOG_COSIGNER = log_keys().vkeys
DEFINED = f"witness a {A}\nwitness b {B}\n"


def refused(text: str) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        parse_policy(text.encode("utf-8", "surrogateescape"))
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "no line says what the quorum is"),
        ("quorum none", 1, "does not end in a newline"),
        ("quorum none\nquorum none\n", 2, "defined already"),
        ("quorum a\n", 1, "a is not defined above"),
        (f"quorum a\nwitness a {A}\n", 1, "not defined above"),
        ("quorum\n", 1, "one name"),
        ("Quorum none\n", 1, "no such kind of line"),
        ("quorum none\r\n", 1, "control character"),
        ("quorum none # but why\n", 1, "one name"),
        (f"witness a {A} https://a b\nquorum none\n", 1, "a name and a key"),
        (f"witness none {A}\nquorum none\n", 1, "in use"),
        (f"{DEFINED}witness a {C}\nquorum none\n", 3, "in use"),
        (f"{DEFINED}witness c {A}\nquorum none\n", 3, "this key is defined already"),
        (f"witness a {LOG_KEY}\nquorum none\n", 1, "makes no cosignatures"),
        (f"witness a {A[:-4]}\nquorum none\n", 1, ""),
        (f"log {A}\nquorum none\n", 1, "not one a log signs with"),
        (f"log {LOG_KEY}\nlog {LOG_KEY}\nquorum none\n", 2, "this key is defined already"),
        (f"log {LOG_COSIGNER}\nwitness l {LOG_COSIGNER}\nquorum l\n", 2, "no witness of itself"),
        (f"witness l {LOG_COSIGNER}\nlog {LOG_COSIGNER}\nquorum l\n", 2, "no witness of itself"),
        ("log\nquorum none\n", 1, "a verifier key"),
        (f"{DEFINED}group g all\nquorum none\n", 3, "a name, a threshold and members"),
        (f"{DEFINED}group g 0 a\nquorum none\n", 3, "out of range"),
        (f"{DEFINED}group g 3 a b\nquorum none\n", 3, "out of range"),
        (f"{DEFINED}group g 01 a b\nquorum none\n", 3, "out of range"),
        (f"{DEFINED}group g some a b\nquorum none\n", 3, "out of range"),
        (f"{DEFINED}group g any a c\nquorum none\n", 3, "c is not defined above"),
        (f"{DEFINED}group g any none\nquorum none\n", 3, "none is not defined above"),
        (f"{DEFINED}group g any g\nquorum none\n", 3, "g is not defined above"),
        (f"{DEFINED}group g any a a\nquorum none\n", 3, "a member once only"),
        (f"{DEFINED}group g any a\ngroup h any a\nquorum none\n", 4, "a member once only"),
        (f"{DEFINED}group a any b\nquorum none\n", 3, "in use"),
    ],
)
def test_a_policy_at_fault_names_the_line(text: str, line: int, message: str) -> None:
    error = refused(text)
    assert error.code is Code.MALFORMED
    assert [f for f in error.findings if f.source == f"line {line}" and message in f.message], (
        error.findings
    )


def test_all_faults_of_a_policy_are_named_at_once() -> None:
    error = refused(f"witness a {A} x y\nnonsense\nquorum a\n")
    assert [finding.source for finding in error.findings] == [
        "line 1",
        "line 2",
        "line 3",
        "line 3",
    ]


def test_an_endless_policy_is_refused_before_it_is_read() -> None:
    assert refused("#" * (MAX_POLICY_BYTES + 1)).code is Code.TOO_LARGE


def test_more_witnesses_than_a_note_has_lines_are_refused() -> None:
    lines = [f"witness w{i} {witness_vkey(f'w{i}')}\n" for i in range(MAX_WITNESSES + 1)]
    assert parse_policy(("".join(lines[:-1]) + "quorum none\n").encode()).quorum == "none"
    assert "too many lines" in refused("".join(lines) + "quorum none\n").findings[0].message


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
