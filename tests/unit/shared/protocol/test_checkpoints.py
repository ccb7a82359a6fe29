from collections.abc import Callable
from functools import cache

import pytest

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.encoding import b64, b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import Note, NoteSignature, format_note, parse_note
from sextant_shared.protocol.checkpoints import LogKeys, sign_checkpoint, verify_checkpoint
from tests.support.logs import NOW, ORIGIN, log_keys, log_signers

ROOT = bytes(range(32))


@cache
def signed(label: str = "log", origin: str = ORIGIN, size: int = 7) -> str:
    return sign_checkpoint(origin, size, ROOT, log_signers(label), NOW)


def refused(text: str, *codes: Code, keys: LogKeys | None = None) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        verify_checkpoint(text, keys or log_keys())
    assert caught.value.code in codes
    return caught.value


def with_lines(change: Callable[[tuple[NoteSignature, ...]], tuple[NoteSignature, ...]]) -> str:
    note = parse_note(signed())
    return format_note(Note(note.text, change(note.signatures)))


def test_one_signature_of_the_log_is_not_enough() -> None:
    for position in (0, 1):
        note = parse_note(signed())
        text = format_note(Note(note.text, (note.signatures[position],)))
        assert "needs one signature by each key" in refused(text, Code.KEY).detail


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = refused(signed(origin="log.example/other"), Code.KEY)
    assert (other.expected, other.received) == (ORIGIN, "log.example/other")


def test_a_checkpoint_by_other_keys_of_the_same_name_is_refused() -> None:
    refused(signed(label="impostor"), Code.KEY)


def test_a_known_key_with_a_wrong_signature_sinks_the_note() -> None:
    good, other = parse_note(signed()), parse_note(signed(size=8))
    for position in (0, 1):
        lines = list(good.signatures)
        lines[position] = other.signatures[position]
        refused(format_note(Note(good.text, tuple(lines))), Code.SIGNATURE)


def test_a_key_that_signs_twice_is_refused() -> None:
    for position in (0, 1):
        note = parse_note(signed())
        twice = Note(note.text, (*note.signatures, note.signatures[position]))
        text = format_note(twice)
        assert refused(text, Code.KEY).received == "2 such signatures"


def test_a_known_signature_under_an_unknown_id_does_not_count() -> None:
    def renamed(lines: tuple[NoteSignature, ...]) -> tuple[NoteSignature, ...]:
        return NoteSignature(lines[0].name, b"\x00" * 4, lines[0].signature), lines[1]

    refused(with_lines(renamed), Code.KEY)


def test_lines_of_unknown_keys_are_ignored() -> None:
    stranger = NoteSignature("witness.example/w1", b"\x01\x02\x03\x04", b"\x00" * 72)
    same_id = NoteSignature("witness.example/w2", log_keys().ed25519_vkey.key_id, b"\x00" * 64)
    text = with_lines(lambda lines: (stranger, lines[1], same_id, lines[0]))
    assert verify_checkpoint(text, log_keys()).size == 7


def test_extension_lines_are_refused() -> None:
    note = parse_note(signed())
    text = f"{note.text}extension\n"
    lines = NoteSignature(ORIGIN, note.signatures[0].key_id, log_signers()[0].sign(text.encode()))
    changed = format_note(Note(text, (lines, note.signatures[1])))
    assert "extension lines" in refused(changed, Code.MALFORMED).detail


def test_each_changed_byte_is_refused() -> None:
    keys, text = log_keys(), signed().encode()
    step = 7  # the ML-DSA line alone is 3.3 kB; every byte of the head, every seventh after it
    head = text.index(b"\n\n") + 120
    for position in [*range(head), *range(head, len(text), step)]:
        changed = bytearray(text)
        changed[position] ^= 0x01
        try:
            candidate = changed.decode()
        except UnicodeDecodeError:
            continue  # never becomes text, so never reaches the verifier
        with pytest.raises(PlatformError):
            verify_checkpoint(candidate, keys)


def test_each_shortened_checkpoint_is_refused() -> None:
    text = signed()
    for length in range(0, len(text), 31):
        with pytest.raises(PlatformError):
            verify_checkpoint(text[:length], log_keys())


def test_a_time_beyond_the_specification_is_refused() -> None:
    def late(lines: tuple[NoteSignature, ...]) -> tuple[NoteSignature, ...]:
        timed = b"\xff" * 8 + lines[1].signature[8:]
        return lines[0], NoteSignature(lines[1].name, lines[1].key_id, timed)

    refused(with_lines(late), Code.MALFORMED)


def test_a_signed_checkpoint_verifies_and_carries_its_time() -> None:
    checkpoint = verify_checkpoint(signed(), log_keys())
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (ORIGIN, 7, ROOT)
    assert checkpoint.time == int(NOW)
    assert checkpoint.text == signed()


def test_the_signed_bytes_are_those_of_the_specification() -> None:
    note = parse_note(signed())
    keys = log_keys()
    assert note.text == f"{ORIGIN}\n7\n{b64(ROOT)}\n"
    keys.ed25519.verify(note.text.encode(), note.signatures[0].signature)
    timed = note.signatures[1].signature
    assert len(timed) == 8 + 2420
    length = bytes([len(ORIGIN)])
    message = (
        b"subtree/v1\n\x00"
        + length
        + ORIGIN.encode()
        + int(NOW).to_bytes(8, "big")
        + length
        + ORIGIN.encode()
        + bytes(8)
        + (7).to_bytes(8, "big")
        + ROOT
    )
    assert timed[:8] == int(NOW).to_bytes(8, "big")
    keys.ml_dsa.verify(message, timed[8:])


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "ä" * 128])
def test_an_origin_that_cannot_name_a_key_is_refused(origin: str) -> None:
    with pytest.raises(PlatformError, match="E_KEY"):
        LogKeys.of_signers(origin, log_signers())


def test_keys_of_other_algorithms_are_refused() -> None:
    ed25519, ml_dsa = log_signers()
    wrong = SoftwareSigner.from_seed(Alg.ML_DSA_65, bytes(32))
    for pair in ((ml_dsa, ed25519), (ed25519, wrong), (ed25519, ed25519)):
        with pytest.raises(PlatformError, match="E_KEY"):
            LogKeys.of_signers(ORIGIN, pair)


def test_verifier_keys_name_one_log_with_both_keys() -> None:
    first, second = log_keys().vkeys
    assert first.startswith(f"{ORIGIN}+")
    assert b64_decode(first.split("+", 2)[2])[0] == 0x01
    assert b64_decode(second.split("+", 2)[2])[0] == 0x06
    assert LogKeys.from_vkeys([second, first]) == log_keys()
    other = log_keys("log.example/other").vkeys[1]
    for vkeys in ([first], [first, first], [first, second, second], [first, other], []):
        with pytest.raises(PlatformError, match="E_KEY"):
            LogKeys.from_vkeys(vkeys)
    with pytest.raises(PlatformError, match="one Ed25519 key") as caught:
        LogKeys.from_vkeys([first, first])
    told = (caught.value.expected, caught.value.received)
    assert told == ("both, named by the origin", "type 0x01, type 0x01")


def test_a_head_that_no_checkpoint_can_state_is_not_signed() -> None:
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        sign_checkpoint(ORIGIN, -1, ROOT, log_signers(), NOW)
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        sign_checkpoint(ORIGIN, 1, ROOT[:-1], log_signers(), NOW)
