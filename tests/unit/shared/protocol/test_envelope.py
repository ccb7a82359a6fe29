"""Sealing and opening: what is altered, cut, extended or meant for others does not open."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_shared.crypto.chunked import padme, sealed_size
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import S2
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.envelope import open_to_path, seal_bytes, verify_content
from sextant_shared.protocol.manifest import parse_prefix, read_manifest, verify_manifest
from tests.support.envelopes import (
    XAL,
    join,
    make_container,
    make_request,
    open_container,
    pair_of,
    resign,
    split,
)
from tests.support.parties import PartyKeys, opener

CONTENT = b"hello declarations" * 20
CONTAINER = make_container(CONTENT)
RAW, BODY = split(CONTAINER)


def code_of(container: bytes, **options: Any) -> Code:
    with pytest.raises(PlatformError) as caught:
        open_container(container, **options)
    return caught.value.code


@pytest.mark.parametrize(
    ("container", "code"),
    [
        (b"", Code.MALFORMED),
        (CONTAINER[:7], Code.MALFORMED),
        (b"ZIP1" + CONTAINER[4:], Code.MALFORMED),
        (b"DXE2" + CONTAINER[4:], Code.VERSION),
        (CONTAINER[:200], Code.MALFORMED),
        (b"DXE1" + b"\xff\xff\xff\xff", Code.TOO_LARGE),
        (CONTAINER[:-1], Code.LENGTH),
        (CONTAINER + b"x", Code.LENGTH),
        (join(RAW, BODY[:-1] + bytes([BODY[-1] ^ 1])), Code.BODY),
        (join(RAW, bytes(24) + BODY[24:]), Code.KEY_COMMITMENT),
        (join(RAW, BODY[:24] + bytes(32) + BODY[56:]), Code.KEY_COMMITMENT),
    ],
    ids=[
        "empty",
        "cut prefix",
        "another magic",
        "another version",
        "cut manifest",
        "endless manifest",
        "cut body",
        "extended body",
        "altered body",
        "altered salt",
        "altered commitment",
    ],
)
def test_a_damaged_container_does_not_open(container: bytes, code: Code) -> None:
    # A digest mismatch is found at the end of the stream, a chunk's tag at the chunk.
    assert code_of(container) in {code, Code.DIGEST}


def test_another_recipient_cannot_open() -> None:
    assert code_of(CONTAINER, seal_label="NA-XBO/seal") is Code.NOT_RECIPIENT


def test_signatures_of_another_party_do_not_verify() -> None:
    assert code_of(CONTAINER, sender=PartyKeys("NA-XBO")) is Code.KEY


def test_a_slot_does_not_open_under_another_header() -> None:
    """Signature replacement: strip, change the header, sign again as the sender's own."""

    def other_type(_payload: dict[str, Any], header: dict[str, Any]) -> None:
        header["type"] = "transfer.notice"

    assert code_of(resign(CONTAINER, other_type)) is Code.DECRYPT


def test_content_swapped_under_the_same_commitment_is_found() -> None:
    other = make_container(b"other content")

    def swap(payload: dict[str, Any], _header: dict[str, Any]) -> None:
        payload["pc"] = b64u(bytes(32))

    assert code_of(resign(CONTAINER, swap)) is Code.PLAINTEXT_COMMITMENT
    assert code_of(join(RAW, split(other)[1])) in {Code.KEY_COMMITMENT, Code.LENGTH}


def test_all_profiles_round_trip() -> None:
    for profile in (XAL.profile, S2):
        for kem in (Alg.K1, Alg.K2):
            sender = PartyKeys("NA-XAL", profile, kem)
            key = SealingKey.from_jwk(opener("SEC/seal", kem).jwk)
            container = make_container(CONTENT, sender=sender, recipients=[("SEC", key)])
            assert open_container(container, sender=sender) == CONTENT


def test_three_recipients_open_the_same_body() -> None:
    labels = ("SEC", "NA-XBO", "NA-XCA")
    keys = [(p, SealingKey.from_jwk(opener(f"{p}/seal").jwk)) for p in labels]
    container = make_container(CONTENT, recipients=keys)
    source = io.BytesIO(container)
    manifest = read_manifest(source)
    assert len(manifest.slots) == 3
    assert open_container(container) == CONTENT


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([0, 1, 4087, 4088, 4089, 16375, 16376, 16377, 16384, 32768, 65536, 70000]))
def test_sizes_around_boundaries_round_trip(size: int) -> None:
    content = bytes(i % 251 for i in range(size))
    assert open_container(make_container(content)) == content


@settings(max_examples=120, deadline=None)
@given(st.integers(0, len(CONTAINER) - 1), st.integers(1, 255))
def test_any_single_byte_change_never_opens(position: int, flip: int) -> None:
    altered = bytearray(CONTAINER)
    altered[position] ^= flip
    with pytest.raises(PlatformError):
        open_container(bytes(altered))


@given(st.integers(0, 1 << 28))
def test_padding_is_monotone_and_small(length: int) -> None:
    assert length <= padme(length) <= padme(length + 1)
    assert padme(length) <= max(4096, length * 1.12)
    assert sealed_size(padme(length)) > length


@pytest.mark.parametrize(
    "change",
    [
        {"classification": "C4"},
        {"id": "not-a-uuid"},
        {"type": "Declaration"},
        {"created": "2026-11-24 12:00:00"},
        {"period": "2026-Q5"},
        {"recipients": []},
    ],
)
def test_a_request_that_makes_no_valid_header_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(PlatformError) as caught:
        seal_bytes(b"x", make_request(**change))
    assert caught.value.code is Code.MALFORMED
    assert caught.value.findings


def test_nothing_is_left_behind_when_opening_fails(tmp_path: Path) -> None:
    source = io.BytesIO(CONTAINER[:-1])
    verified = verify_manifest(read_manifest(source), pair_of(XAL.sig))
    with pytest.raises(PlatformError):
        open_to_path(source, verified, opener("SEC/seal"), "SEC", tmp_path / "content")
    assert list(tmp_path.iterdir()) == []


def test_content_is_proved_without_giving_up_a_key() -> None:
    container, sealed = seal_bytes(CONTENT, make_request())
    assert open_container(container) == CONTENT
    verify_content(io.BytesIO(CONTENT), sealed.kpc, sealed.manifest)
    with pytest.raises(PlatformError) as caught:
        verify_content(io.BytesIO(CONTENT + b"!"), sealed.kpc, sealed.manifest)
    assert caught.value.code is Code.PLAINTEXT_COMMITMENT


JUNK: list[object] = [
    None,
    True,
    0,
    -1,
    2**53 - 1,
    "",
    "x",
    "A" * 5000,
    [],
    {},
    [[]],
    {"a": 1},
    "é",
    " ",
    "\u0000",
]


def places(members: dict[str, Any] | list[Any], at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in nested JSON."""
    items: list[tuple[Any, Any]] = (
        list(members.items()) if isinstance(members, dict) else list(enumerate(members))
    )
    found: list[tuple[Any, ...]] = []
    for key, value in items:
        found.append((*at, key))
        if isinstance(value, dict | list):
            found += places(value, (*at, key))
    return found


def replacing(where: str, path: tuple[Any, ...], junk: object) -> Callable[..., None]:
    def change(payload: dict[str, Any], header: dict[str, Any]) -> None:
        target: Any = payload if where == "payload" else header
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = junk

    return change


def test_every_value_replaced_by_junk_and_signed_again_is_refused_in_words() -> None:
    """Structural fuzz: never an unhandled error, never an acceptance of a changed meaning."""
    seen: dict[str, list[tuple[Any, ...]]] = {}

    def collect(payload: dict[str, Any], header: dict[str, Any]) -> None:
        seen["payload"], seen["header"] = places(payload), places(header)

    resign(CONTAINER, collect)
    tried = 0
    for where, paths in seen.items():
        for path in paths:
            for junk in JUNK:
                with pytest.raises(PlatformError):
                    open_container(resign(CONTAINER, replacing(where, path, junk)))
                tried += 1
    assert tried > 300


@pytest.mark.parametrize("prefix", [b"DXE1\x00\x01\x00\x01", b"DXE1"])
def test_a_manifest_beyond_its_bound_is_refused_before_it_is_read(prefix: bytes) -> None:
    with pytest.raises(PlatformError):
        parse_prefix(prefix)


STREAMING = """
import re, tempfile
from sextant_shared.protocol.envelope import seal, open_envelope
from sextant_shared.protocol.manifest import read_manifest, verify_manifest
from tests.support.envelopes import XAL, make_request, pair_of
from tests.support.parties import opener
SIZE = 100 << 20
class Zeros:
    left = SIZE
    def read(self, n):
        n = min(n, self.left); self.left -= n
        return bytes(n)
class Sink:
    total = 0
    def write(self, data):
        self.total += len(data); return len(data)
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
before = peak()
with tempfile.TemporaryFile() as file:
    seal(Zeros(), SIZE, make_request(), file)
    file.seek(0)
    verified = verify_manifest(read_manifest(file), pair_of(XAL.sig))
    sink = Sink()
    open_envelope(file, verified, opener("SEC/seal"), "SEC", sink)
assert sink.total == SIZE
print(peak(), peak() - before)
"""


def test_100_mib_stream_in_less_than_64_mib_of_memory() -> None:
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", STREAMING], cwd=root, capture_output=True, text=True, check=True
    )
    total_kib, grown_kib = map(int, done.stdout.split())
    assert total_kib < 64 * 1024, f"{total_kib} KiB in all, {grown_kib} KiB of them for the work"
