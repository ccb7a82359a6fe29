import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.logproof import HEADER, format_proof, parse_proof, verify_proof
from tests.support.logs import MemoryLog, make_accepted

HASH = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def make_log(size: int = 6) -> MemoryLog:
    log = MemoryLog()
    for number in range(size):
        log.append(make_accepted(number))
    return log


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(f"{HEADER}\nindex 0\n", id="no checkpoint"),
        pytest.param("c2sp.org/tlog-proof@v2\nindex 0\n\nx", id="another version"),
        pytest.param(f" {HEADER}\nindex 0\n\nx", id="a blank before the header"),
        pytest.param(f"{HEADER}\n\nx", id="no index"),
        pytest.param(f"{HEADER}\nindex 00\n\nx", id="a leading zero"),
        pytest.param(f"{HEADER}\nindex -1\n\nx", id="a sign"),
        pytest.param(f"{HEADER}\nindex \u0660\n\nx", id="digits of another script"),
        pytest.param(f"{HEADER}\nindex 0 \n\nx", id="a blank after the index"),
        pytest.param(f"{HEADER}\n{HASH}\nindex 0\n\nx", id="a hash before the index"),
        pytest.param(f"{HEADER}\nindex 0\nextra AAAA\n\nx", id="extra after the index"),
        pytest.param(f"{HEADER}\nextra A\nindex 0\n\nx", id="extra that is no base64"),
        pytest.param(f"{HEADER}\nindex 0\n{HASH[:-1]}\n\nx", id="a hash without padding"),
        pytest.param(f"{HEADER}\nindex 0\n{HASH} \n\nx", id="a blank after a hash"),
        pytest.param(f"{HEADER}\nindex 0\n" + f"{HASH}\n" * 64 + "\nx", id="an endless path"),
    ],
)
def test_a_proof_that_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_proof(text)
    assert caught.value.code is Code.MALFORMED


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\n\nx", ("the proof does not begin with its header", HEADER, "")),
        (f"{HEADER}\nindex -1\n\nx", ("the proof names no index", "index <decimal>", "index -1")),
        (
            f"{HEADER}\nindex 0\n" + f"{HASH}\n" * 64 + "\nx",
            ("the path is too long", "at most 63 hashes", "64"),
        ),
    ],
)
def test_a_refusal_says_what_was_expected_and_met(text: str, told: tuple[str, str, str]) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_proof(text)
    assert (caught.value.detail, caught.value.expected, caught.value.received) == told


def test_a_proof_without_end_is_refused_before_it_is_read() -> None:
    with pytest.raises(PlatformError, match="E_TOO_LARGE"):
        parse_proof(HEADER + "\n" * 600_000)


@given(st.text(alphabet="c2sp.org/tlog-proof@v1index extra 0=A\n", max_size=80))
def test_any_text_is_a_proof_or_a_refusal(text: str) -> None:
    for candidate in (text, f"{HEADER}\n{text}", f"{HEADER}\nindex 0\n{text}"):
        try:
            proof = parse_proof(candidate)
        except PlatformError:
            continue
        if proof.extra is None:
            assert format_proof(proof.index, proof.path, proof.checkpoint) == candidate


def test_each_changed_byte_is_refused() -> None:
    log = make_log()
    leaf, proof = log.leaves[4], log.proof(4)
    head = proof.index("\n\n") + 2  # the checkpoint after it has its own test
    for position in range(head):
        for mask in (0x01, 0x20):
            changed = bytearray(proof.encode())
            changed[position] ^= mask
            with pytest.raises(PlatformError):
                verify_proof(leaf, changed.decode(), log.keys)


def test_a_proof_for_other_bytes_is_refused() -> None:
    log = make_log()
    with pytest.raises(PlatformError) as caught:
        verify_proof(log.leaves[3], log.proof(4), log.keys)
    assert caught.value.code is Code.INTEGRITY


def test_a_proof_under_another_head_is_refused() -> None:
    log, longer = make_log(6), make_log(7)
    head = log.proof(4).split("\n\n", 1)[0]
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        verify_proof(log.leaves[4], f"{head}\n\n{longer.checkpoint()}", log.keys)


def test_a_proof_of_another_log_is_refused() -> None:
    log = make_log()
    other = MemoryLog(log.leaves, label="impostor")
    with pytest.raises(PlatformError, match="E_KEY"):
        verify_proof(log.leaves[4], other.proof(4), log.keys)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_each_entry_of_a_log_has_a_proof(size: int) -> None:
    log = make_log(size)
    for index, leaf in enumerate(log.leaves):
        logged = verify_proof(leaf, log.proof(index), log.keys)
        assert (logged.index, logged.leaf, logged.checkpoint.size) == (index, leaf, size)


def test_extra_data_is_read_and_never_handed_on() -> None:
    log = make_log()
    text = log.proof(2).replace(f"{HEADER}\n", f"{HEADER}\nextra aGVhcnNheQ==\n")
    assert parse_proof(text).extra == b"hearsay"
    assert not hasattr(verify_proof(log.leaves[2], text, log.keys), "extra")
