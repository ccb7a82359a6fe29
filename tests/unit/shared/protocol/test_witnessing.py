from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT, leaf_hash
from sextant_shared.merkle.notes import (
    Note,
    NoteSignature,
    format_note,
    parse_note,
    parse_vkey,
)
from sextant_shared.merkle.tree import consistency_path_of, root_of
from sextant_shared.protocol.checkpoints import sign_checkpoint
from sextant_shared.protocol.witnessing import (
    Accepted,
    AddCheckpoint,
    Held,
    Refused,
    format_add_checkpoint,
    format_size,
    judge_request,
    known_logs,
    origin_of,
    parse_add_checkpoint,
    parse_size,
)
from tests.support.logs import NOW, ORIGIN, MemoryLog, log_keys, log_signers, make_accepted

LOG = MemoryLog([])
for _number in range(9):
    LOG.append(make_accepted(_number))
OTHER = MemoryLog([*LOG.leaves[:5]])
for _number in range(20, 24):
    OTHER.append(make_accepted(_number))
LEAVES = [leaf_hash(leaf) for leaf in LOG.leaves]
LOGS = known_logs(parse_vkey(vkey) for vkey in log_keys().vkeys)


def held(size: int) -> Held:
    return Held(size, root_of(LEAVES[:size]))


def request(old: int, size: int, checkpoint: str | None = None) -> AddCheckpoint:
    proof = consistency_path_of(LEAVES[:size], old) if 0 < old <= size else []
    return AddCheckpoint(old, tuple(proof), checkpoint or LOG.checkpoint(size))


def judged(asked: AddCheckpoint, kept: Held) -> Refused:
    verdict = judge_request(asked, LOGS, kept)
    assert isinstance(verdict, Refused)
    return verdict


def heads() -> dict[str, tuple[AddCheckpoint, Held, Refused]]:
    """Return what is refused: the request, what is held, and the whole answer."""
    note = parse_note(LOG.checkpoint())
    extended = format_note(Note(f"{note.text}more\n", note.signatures))
    stranger = MemoryLog(LOG.leaves, origin="log.example/other")
    halves = [format_note(Note(note.text, (line,))) for line in note.signatures]
    empty = sign_checkpoint(ORIGIN, 0, bytes(32), log_signers(), NOW)
    lacks = "the checkpoint lacks a signature of the log by a key of type 0x0"
    node = (bytes(32),)
    return {
        "of another log": (
            request(0, 9, stranger.checkpoint()),
            Held(),
            Refused(404, "this witness does not follow a log of that origin"),
        ),
        "with extensions": (
            request(0, 9, extended),
            Held(),
            Refused(400, "extension lines are not cosigned"),
        ),
        "without ML-DSA-44": (request(0, 9, halves[0]), Held(), Refused(403, f"{lacks}6")),
        "without Ed25519": (request(0, 9, halves[1]), Held(), Refused(403, f"{lacks}1")),
        "smaller than the old size": (
            request(9, 5),
            held(9),
            Refused(400, "the old size exceeds the size of the checkpoint"),
        ),
        "from another size": (request(4, 9), held(5), Refused(409, "another size is held", 5)),
        "of another empty tree": (
            AddCheckpoint(0, (), empty),
            Held(),
            Refused(422, "the root is not that of the empty tree", is_evidence=True),
        ),
        "of one size and another root": (
            AddCheckpoint(9, (), OTHER.checkpoint()),
            held(9),
            Refused(
                409, "a head of this size and another root was cosigned before", is_evidence=True
            ),
        ),
        "of one entry and another root": (
            AddCheckpoint(1, (), MemoryLog([b"other"]).checkpoint()),
            held(1),
            Refused(
                409, "a head of this size and another root was cosigned before", is_evidence=True
            ),
        ),
        "with a proof from nothing": (
            AddCheckpoint(0, node, LOG.checkpoint()),
            Held(),
            Refused(422, "a first head needs no proof"),
        ),
        "that does not continue": (
            AddCheckpoint(3, request(3, 9).proof, OTHER.checkpoint()),
            held(3),
            Refused(
                422, "the tree of size 9 does not continue the tree of size 3", is_evidence=True
            ),
        ),
    }


HEADS = heads()


@pytest.mark.parametrize("case", HEADS)
def test_a_head_that_is_not_cosigned_is_told_why_and_whether_it_is_evidence(case: str) -> None:
    asked, kept, expected = HEADS[case]
    assert judged(asked, kept) == expected


def told(work: Callable[[], object]) -> tuple[str, str, str]:
    with pytest.raises(PlatformError) as caught:
        work()
    return str(caught.value.code), caught.value.detail, caught.value.expected


BODIES: dict[str, tuple[bytes, tuple[str, str, str]]] = {
    "no UTF-8": (b"\xff", ("E_MALFORMED", "the request is not UTF-8", "text")),
    "no old size": (
        b"new 3\n\nx",
        (
            "E_MALFORMED",
            "the request has no old size",
            "old <decimal>, proof, blank line, note",
        ),
    ),
    "64 hashes": (
        b"old 3\n" + f"{b64(bytes(32))}\n".encode() * 64 + b"\nx",
        ("E_MALFORMED", "the proof is too long", "at most 63 hashes"),
    ),
    "65,537 bytes": (
        b"x" * 65_537,
        ("E_TOO_LARGE", "a request has at most 65536 bytes", ""),
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_request_in_another_form_is_told_what_it_lacks(case: str) -> None:
    data, expected = BODIES[case]
    assert told(lambda: parse_add_checkpoint(data)) == expected


def test_a_request_of_the_greatest_length_is_read() -> None:
    head, proof = LOG.checkpoint(), f"{b64(bytes(32))}\n".encode() * 63
    largest = b"old 9223372036854775807\n" + proof + b"\n" + head.encode()
    found = parse_add_checkpoint(largest)
    assert (found.old, found.proof, found.checkpoint) == (2**63 - 1, (bytes(32),) * 63, head)
    assert told(lambda: parse_add_checkpoint(b"x" * 65_536))[0] == "E_MALFORMED"


def test_what_could_not_be_read_back_is_not_written() -> None:
    def written(old: int) -> bytes:
        return format_add_checkpoint(AddCheckpoint(old, (), LOG.checkpoint()))

    assert told(lambda: written(-1))[1] == "the request has no old size"
    assert told(lambda: parse_size(b"x\n")) == (
        "E_MALFORMED",
        "a conflict does not say which size is held",
        "a decimal and a newline",
    )
    assert parse_size(b"9223372036854775807\n") == 2**63 - 1
    assert told(lambda: parse_size(b"9223372036854775808\n"))[0] == "E_MALFORMED"


def test_an_unknown_origin_is_404() -> None:
    stranger = MemoryLog(LOG.leaves, origin="log.example/other")
    assert judged(request(0, 9, stranger.checkpoint()), Held()).status == 404


def test_a_head_without_the_log_s_signature_is_403() -> None:
    impostor = MemoryLog(LOG.leaves, label="impostor")
    assert judged(request(0, 9, impostor.checkpoint()), Held()).status == 403


def test_a_signature_of_the_log_that_does_not_hold_is_403() -> None:
    note, other = parse_note(LOG.checkpoint()), parse_note(LOG.checkpoint(8))
    for position in (0, 1):
        lines = list(note.signatures)
        lines[position] = other.signatures[position]
        assert (
            judged(request(0, 9, format_note(Note(note.text, tuple(lines)))), Held()).status == 403
        )


def test_one_of_two_trusted_algorithms_is_not_enough() -> None:
    note = parse_note(LOG.checkpoint())
    for position in (0, 1):
        half = format_note(Note(note.text, (note.signatures[position],)))
        verdict = judged(request(0, 9, half), Held())
        assert (verdict.status, "lacks a signature" in verdict.detail) == (403, True)


def test_a_log_with_one_trusted_key_signs_with_that_key() -> None:
    ed25519 = known_logs([log_keys().ed25519_vkey])
    note = parse_note(LOG.checkpoint())
    half = format_note(Note(note.text, note.signatures[:1]))
    assert isinstance(judge_request(request(0, 9, half), ed25519, Held()), Accepted)


def test_extension_lines_are_400() -> None:
    note = parse_note(LOG.checkpoint())
    extended = format_note(Note(f"{note.text}more\n", note.signatures))
    assert judged(request(0, 9, extended), Held()).status == 400


def test_an_old_size_beyond_the_head_is_400_before_it_is_409() -> None:
    assert judged(request(9, 5), held(9)).status == 400
    assert judged(request(9, 5), held(3)).status == 400


@pytest.mark.parametrize(("old", "kept"), [(0, 3), (3, 0), (4, 5), (5, 4), (8, 9)])
def test_another_old_size_than_the_one_held_is_409_with_that_size(old: int, kept: int) -> None:
    verdict = judged(request(old, 9), held(kept))
    assert (verdict.status, verdict.held, verdict.is_evidence) == (409, kept, False)


def test_the_same_size_with_another_root_is_409_without_a_size_and_evidence() -> None:
    asked = AddCheckpoint(9, (), OTHER.checkpoint())
    verdict = judged(asked, held(9))
    assert (verdict.status, verdict.held, verdict.is_evidence) == (409, None, True)


def test_a_proof_that_does_not_hold_is_422() -> None:
    good = request(3, 9)
    bad = [
        AddCheckpoint(3, (), good.checkpoint),
        AddCheckpoint(3, good.proof[:-1], good.checkpoint),
        AddCheckpoint(3, (*good.proof, bytes(32)), good.checkpoint),
        AddCheckpoint(3, tuple(reversed(good.proof)), good.checkpoint),
        AddCheckpoint(3, good.proof, OTHER.checkpoint()),
    ]
    assert {judged(asked, held(3)).status for asked in bad} == {422}


def test_a_proof_from_nothing_is_422() -> None:
    asked = AddCheckpoint(0, (bytes(32),), LOG.checkpoint())
    assert judged(asked, Held()).status == 422


def test_a_proof_between_a_head_and_itself_is_422() -> None:
    assert judged(AddCheckpoint(9, (bytes(32),), LOG.checkpoint()), held(9)).status == 422


def test_an_empty_tree_with_another_root_is_422() -> None:
    empty = sign_checkpoint(ORIGIN, 0, bytes(32), log_signers(), NOW)
    assert judged(AddCheckpoint(0, (), empty), Held()).status == 422
    whole = sign_checkpoint(ORIGIN, 0, EMPTY_ROOT, log_signers(), NOW)
    assert isinstance(judge_request(AddCheckpoint(0, (), whole), LOGS, Held()), Accepted)


@given(st.integers(0, 9), st.integers(1, 9))
def test_every_continuation_is_accepted_and_nothing_smaller(old: int, size: int) -> None:
    asked = request(old, size)
    verdict = judge_request(asked, LOGS, held(old) if old else Held())
    if old <= size:
        assert isinstance(verdict, Accepted)
        assert verdict.body.size == size
        assert len(verdict.lines) == 2
    else:
        assert isinstance(verdict, Refused)


def test_what_is_accepted_carries_the_log_s_own_lines_alone() -> None:
    note = parse_note(LOG.checkpoint())
    stranger = NoteSignature("w.example", b"\x00" * 4, b"\x00" * 72)
    crowded = format_note(Note(note.text, (stranger, *note.signatures)))
    verdict = judge_request(request(0, 9, crowded), LOGS, Held())
    assert isinstance(verdict, Accepted)
    assert verdict.lines == note.signatures


GOOD = format_add_checkpoint(request(3, 9))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(GOOD[1:], id="first byte missing"),
        pytest.param(GOOD[:-1], id="last newline missing"),
        pytest.param(GOOD.replace(b"old 3", b"old 03"), id="leading zero"),
        pytest.param(GOOD.replace(b"old 3", b"old -3"), id="negative"),
        pytest.param(GOOD.replace(b"old 3", b"old  3"), id="two blanks"),
        pytest.param(GOOD.replace(b"old 3", b"old 9223372036854775808"), id="beyond 2^63 - 1"),
        pytest.param(GOOD.replace(b"old 3", "old \uff13".encode()), id="digit of another script"),
        pytest.param(GOOD.replace(b"\n", b"\r\n"), id="carriage returns"),
        pytest.param(GOOD.replace(b"old 3\n", b"old 3\nAAAA\n"), id="short hash"),
        pytest.param(GOOD.replace(b"\n\n", b"\n", 1), id="no blank line"),
        pytest.param(b"\xff" + GOOD, id="no UTF-8"),
        pytest.param(b"old 0\n\n\n\n\n", id="no checkpoint"),
    ],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_add_checkpoint(data)
    assert caught.value.code is Code.MALFORMED


def test_sixty_three_hashes_are_the_most() -> None:
    line = f"{b64(bytes(32))}\n".encode()
    body = b"\n" + LOG.checkpoint().encode()
    assert len(parse_add_checkpoint(b"old 3\n" + 63 * line + body).proof) == 63
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        parse_add_checkpoint(b"old 3\n" + 64 * line + body)
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        format_add_checkpoint(AddCheckpoint(3, (bytes(32),) * 64, LOG.checkpoint()))


def test_an_endless_request_is_refused_before_it_is_read() -> None:
    with pytest.raises(PlatformError, match="E_TOO_LARGE"):
        parse_add_checkpoint(b"o" * 70_000)


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_a_request_reads_back_to_the_same_bytes(old: int, proof: list[bytes]) -> None:
    asked = AddCheckpoint(old, tuple(proof), LOG.checkpoint())
    data = format_add_checkpoint(asked)
    assert parse_add_checkpoint(data) == asked
    assert origin_of(asked) == ORIGIN


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_without_another_error(data: bytes) -> None:
    with pytest.raises(PlatformError):
        parse_add_checkpoint(data)


@given(st.integers(0, 2**63 - 1))
def test_a_size_answer_reads_back(size: int) -> None:
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    "data", [b"", b"3", b"03\n", b"3\n\n", b"-1\n", b"3\r\n", b"9" * 30 + b"\n"]
)
def test_what_is_no_size_answer_is_refused(data: bytes) -> None:
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        parse_size(data)
