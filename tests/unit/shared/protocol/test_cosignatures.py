from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.crypto.keys import Alg
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import (
    CheckpointBody,
    NoteSignature,
    VerifierKey,
    format_signatures,
    format_vkey,
    parse_note,
    parse_signatures,
    with_signatures,
)
from sextant_shared.protocol.checkpoints import verify_checkpoint
from sextant_shared.protocol.cosignatures import (
    Cosigner,
    cosign,
    cosigner_key,
    find_cosignatures,
    verify_cosignature,
)
from tests.support.logs import NOW, ORIGIN, MemoryLog, log_keys, make_accepted
from tests.support.witnesses import (
    cosignature,
    cosigned,
    cosigner,
    witness_key,
    witness_signer,
    witness_vkey,
)

BOTH = (Alg.ED25519, Alg.ML_DSA_44)
BODY = CheckpointBody(ORIGIN, 7, bytes(range(32)))
LOG = MemoryLog([])
for _number in range(3):
    LOG.append(make_accepted(_number))
CHECKPOINT = LOG.checkpoint()


def made(alg: Alg, body: CheckpointBody = BODY, t: float = NOW) -> bytes:
    return cosign(witness_key("xal", alg), witness_signer("xal", alg), body, t).signature


@pytest.mark.parametrize("alg", BOTH)
def test_a_cosignature_of_another_head_is_refused(alg: Alg) -> None:
    for other in (
        CheckpointBody(ORIGIN, 8, BODY.root),
        CheckpointBody("log.example/other", 7, BODY.root),
        CheckpointBody(ORIGIN, 7, bytes(32)),
    ):
        with pytest.raises(PlatformError, match="E_SIGNATURE"):
            verify_cosignature(cosigner("xal", alg), other, made(alg))


@pytest.mark.parametrize("alg", BOTH)
def test_each_changed_byte_of_a_cosignature_is_refused(alg: Alg) -> None:
    timed = made(alg)
    for position in range(0, len(timed), 1 if alg is Alg.ED25519 else 29):
        changed = bytearray(timed)
        changed[position] ^= 0x01
        with pytest.raises(PlatformError):
            verify_cosignature(cosigner("xal", alg), BODY, bytes(changed))


@pytest.mark.parametrize("alg", BOTH)
def test_a_cosignature_cut_short_is_refused(alg: Alg) -> None:
    timed = made(alg)
    for length in (0, 7, 8, len(timed) - 1):
        with pytest.raises(PlatformError):
            verify_cosignature(cosigner("xal", alg), BODY, timed[:length])


def told(work: Callable[[], object]) -> tuple[str, str, str, str]:
    with pytest.raises(PlatformError) as caught:
        work()
    error = caught.value
    return str(error.code), error.detail, error.expected, error.received


@pytest.mark.parametrize("alg", BOTH)
def test_a_time_of_zero_or_beyond_the_specification_is_refused(alg: Alg) -> None:
    for stamp in (bytes(8), b"\x80" + bytes(7), b"\xff" * 8):
        timed = stamp + made(alg)[8:]
        assert told(partial(verify_cosignature, cosigner("xal", alg), BODY, timed)) == (
            "E_MALFORMED",
            "the time of a cosignature by xal.example/w is out of range",
            "POSIX seconds from 1 to 2^63 - 1",
            str(int.from_bytes(stamp, "big")),
        )
    latest = (2**63 - 1).to_bytes(8, "big") + made(alg)[8:]
    assert told(lambda: verify_cosignature(cosigner("xal", alg), BODY, latest))[0] == "E_SIGNATURE"


def test_a_key_that_makes_no_cosignatures_is_refused() -> None:
    for kind in (0x01, 0x02, 0x05, 0xFF):
        key = VerifierKey("w.example", kind, bytes(32))
        assert told(partial(Cosigner.from_key, key)) == (
            "E_KEY",
            "the key of w.example makes no cosignatures",
            "type 0x04 (Ed25519) or 0x06 (ML-DSA-44)",
            f"type 0x{kind:02x}",
        )
    assert told(lambda: cosigner_key("w.example", witness_signer("xal", Alg.ML_DSA_65))) == (
        "E_KEY",
        "ML-DSA-65 makes no cosignatures",
        "Ed25519 or ML-DSA-44",
        "ML-DSA-65",
    )


def test_a_name_or_origin_that_no_signature_can_state_is_refused() -> None:
    key, signer = witness_key("xal", Alg.ML_DSA_44), witness_signer("xal", Alg.ML_DSA_44)
    about = CheckpointBody("o" * 256, BODY.size, BODY.root)
    for named, body, size in [
        (cosigner_key("", signer), BODY, 0),
        (cosigner_key("n" * 256, signer), BODY, 256),
        (key, about, 256),
    ]:
        assert told(partial(cosign, named, signer, body, NOW)) == (
            "E_MALFORMED",
            "a name or origin in a cosignature has 1 to 255 bytes",
            "",
            f"{size} bytes",
        )
    longest = cosigner_key("n" * 255, signer)
    line = cosign(longest, signer, BODY, NOW)
    assert verify_cosignature(Cosigner.from_key(longest), BODY, line.signature) == int(NOW)


def test_a_line_of_a_known_key_that_fails_sinks_the_note() -> None:
    bad = NoteSignature("xal.example/w", witness_key("xal").key_id, bytes(7) + b"\x01" + bytes(64))
    note = parse_note(with_signatures(CHECKPOINT, [bad]))
    with pytest.raises(PlatformError, match="E_SIGNATURE"):
        find_cosignatures([cosigner("xal")], BODY, note.signatures)


def test_lines_of_unknown_keys_are_ignored() -> None:
    note = parse_note(cosigned(CHECKPOINT, "xbo", "xch"))
    body = CheckpointBody(ORIGIN, 3, verify_checkpoint(CHECKPOINT, log_keys()).root)
    assert find_cosignatures([cosigner("xal")], body, note.signatures) == []
    (found,) = find_cosignatures([cosigner("xal"), cosigner("xch")], body, note.signatures)
    assert (found.key.name, found.time) == ("xch.example/w", int(NOW))


def test_of_two_cosignatures_by_one_key_the_newer_counts() -> None:
    lines = [cosignature(CHECKPOINT, "xal", t=t) for t in (NOW + 9, NOW, NOW + 3)]
    body = CheckpointBody(ORIGIN, 3, verify_checkpoint(CHECKPOINT, log_keys()).root)
    (found,) = find_cosignatures([cosigner("xal")], body, lines)
    assert found.time == int(NOW) + 9


def test_cosignatures_do_not_disturb_the_log_s_own_signatures() -> None:
    checkpoint = verify_checkpoint(cosigned(CHECKPOINT, "xal", "xbo"), log_keys())
    assert checkpoint.size == 3


def test_the_signed_bytes_are_those_of_the_specification() -> None:
    timed = made(Alg.ED25519)
    text = f"cosignature/v1\ntime {int(NOW)}\n{ORIGIN}\n7\n{b64(BODY.root)}\n"
    cosigner("xal").verifier.verify(text.encode(), timed[8:])
    timed = made(Alg.ML_DSA_44)
    name = b"xal.example/w"
    message = (
        b"subtree/v1\n\x00"
        + bytes([len(name)])
        + name
        + int(NOW).to_bytes(8, "big")
        + bytes([len(ORIGIN)])
        + ORIGIN.encode()
        + bytes(8)
        + (7).to_bytes(8, "big")
        + BODY.root
    )
    assert len(timed) == 8 + 2420
    cosigner("xal", Alg.ML_DSA_44).verifier.verify(message, timed[8:])


def test_extension_lines_are_signed_by_ed25519_alone() -> None:
    extended = CheckpointBody(ORIGIN, 7, BODY.root, ("more",))
    with pytest.raises(PlatformError, match="E_SIGNATURE"):
        verify_cosignature(cosigner("xal"), BODY, made(Alg.ED25519, extended))
    verify_cosignature(cosigner("xal", Alg.ML_DSA_44), BODY, made(Alg.ML_DSA_44, extended))


def test_a_published_verifier_key_of_another_witness_is_read() -> None:
    """A key of a public witness, as the tests of transparency-dev/formats quote it."""
    text = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    assert format_vkey(Cosigner.from_vkey(text).key) == text


def test_the_example_line_of_the_specification_is_read() -> None:
    """The cosignature in the example of C2SP tlog-cosignature, made at 1679315147."""
    text = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl"
        "rDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    (line,) = parse_signatures(text)
    assert line.name == "witness.example.com/w1"
    assert int.from_bytes(line.signature[:8], "big") == 1679315147
    assert len(line.signature) == 8 + 64
    assert format_signatures([line]) == text


def test_a_verifier_key_says_its_type() -> None:
    for alg, kind in ((Alg.ED25519, 0x04), (Alg.ML_DSA_44, 0x06)):
        assert Cosigner.from_vkey(witness_vkey("xal", alg)).key.type == kind


@given(st.integers(1, 2**63 - 1), st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_whatever_is_cosigned_verifies_and_reads_back(t: int, size: int, root: bytes) -> None:
    body = CheckpointBody(ORIGIN, size, root)
    line = cosign(witness_key("xal"), witness_signer("xal"), body, t)
    assert parse_signatures(format_signatures([line])) == (line,)
    assert verify_cosignature(cosigner("xal"), body, line.signature) == t


@given(st.text(max_size=80))
def test_what_is_no_signature_line_is_refused(text: str) -> None:
    with pytest.raises(PlatformError):
        parse_signatures(text)


def test_signature_lines_end_in_a_newline_and_hold_nothing_else() -> None:
    line = format_signatures([cosignature(CHECKPOINT, "xal")])
    for text in ("", line[:-1], f"\n{line}", f"{line}\n", line.replace("\n", "\r\n"), f"x{line}"):
        with pytest.raises(PlatformError) as caught:
            parse_signatures(text)
        assert caught.value.code is Code.MALFORMED
