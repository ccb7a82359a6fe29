"""Bodies in chunks: another key, order, end or beginning does not open."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.crypto.chunked import (
    CHUNK_SIZE,
    HEADER_SIZE,
    SEALED_CHUNK_SIZE,
    BodyDecryptor,
    BodyEncryptor,
    padme,
    sealed_size,
)
from sextant_shared.errors import Code, PlatformError

CEK = bytes(range(32))
SALT = bytes(range(24))
CONTENT = bytes(range(256)) * (2 * CHUNK_SIZE // 256) + b"the end"


def encrypt(content: bytes, *cuts: int) -> bytes:
    """Encrypt `content`, handed over in pieces that end at `cuts`."""
    encryptor = BodyEncryptor(CEK, b"context", SALT)
    edges = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = (content[start:end] for start, end in pairwise(edges))
    sealed = b"".join(encryptor.update(piece) for piece in pieces)
    return encryptor.header + sealed + encryptor.finish()


def decrypt(body: bytes, cek: bytes = CEK, context: bytes = b"context", step: int = 1000) -> bytes:
    decryptor = BodyDecryptor(cek, context)
    pieces = (body[start : start + step] for start in range(0, len(body), step))
    opened = b"".join(chunk for piece in pieces for chunk in decryptor.update(piece))
    return opened + decryptor.finish()


BODY = encrypt(CONTENT)
HEAD, CHUNKS = BODY[:HEADER_SIZE], BODY[HEADER_SIZE:]
FIRST, SECOND, LAST = (
    CHUNKS[:SEALED_CHUNK_SIZE],
    CHUNKS[SEALED_CHUNK_SIZE : 2 * SEALED_CHUNK_SIZE],
    CHUNKS[2 * SEALED_CHUNK_SIZE :],
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HEAD[:-1],
        HEAD,
        HEAD + LAST[:15],
        HEAD + FIRST,
        HEAD + FIRST + SECOND,
        HEAD + FIRST + SECOND + LAST[:-1],
        HEAD + SECOND + FIRST + LAST,
        HEAD + FIRST + LAST,
        HEAD + FIRST + FIRST + LAST,
        HEAD + LAST,
        BODY + b"\x00",
        BODY + LAST,
        HEAD + FIRST + SECOND + LAST[:-1] + bytes([LAST[-1] ^ 1]),
    ],
    ids=[
        "nothing",
        "half a header",
        "a header alone",
        "less than a tag",
        "the first chunk alone",
        "no last chunk",
        "a last chunk cut",
        "chunks swapped",
        "a chunk left out",
        "a chunk twice",
        "the last chunk alone",
        "a byte more",
        "a chunk more",
        "a tag altered",
    ],
)
def test_a_body_that_is_not_whole_does_not_open(body: bytes) -> None:
    with pytest.raises(PlatformError) as caught:
        decrypt(body)
    assert caught.value.code is Code.BODY


@pytest.mark.parametrize(
    ("body", "cek", "context"),
    [
        (BODY, bytes(32), b"context"),
        (BODY, CEK, b"another"),
        (bytes(24) + BODY[24:], CEK, b"context"),
        (BODY[:24] + bytes(32) + BODY[56:], CEK, b"context"),
    ],
    ids=["another key", "another context", "another salt", "another commitment"],
)
def test_a_body_opens_under_one_key_in_one_context_only(
    body: bytes, cek: bytes, context: bytes
) -> None:
    with pytest.raises(PlatformError) as caught:
        decrypt(body, cek, context)
    assert caught.value.code is Code.KEY_COMMITMENT


@pytest.mark.parametrize(("cek", "salt"), [(bytes(31), SALT), (CEK, bytes(23))])
def test_keys_and_salts_of_another_length_are_refused(cek: bytes, salt: bytes) -> None:
    with pytest.raises(PlatformError) as caught:
        BodyEncryptor(cek, b"context", salt)
    assert caught.value.code is Code.KEY


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 2 * CHUNK_SIZE])
def test_sizes_around_a_chunk_round_trip(size: int) -> None:
    body = encrypt(CONTENT[:size])
    assert len(body) == sealed_size(size)
    assert decrypt(body) == CONTENT[:size]


@given(st.lists(st.integers(0, len(CONTENT)), max_size=4), st.integers(1, 3 * CHUNK_SIZE))
def test_bytes_do_not_depend_on_how_they_arrive(cuts: list[int], step: int) -> None:
    assert encrypt(CONTENT, *cuts) == BODY
    assert decrypt(BODY, step=max(step, 50)) == CONTENT


@given(st.integers(4096, 1 << 40))
def test_padding_above_four_kibibytes_stays_below_six_percent(length: int) -> None:
    assert length <= padme(length) < length * 1.0625
    assert padme(padme(length)) == padme(length)
