"""Packages: one encoding, read to the last byte, and everything else refused."""

import io
import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.package import MAX_PARTS, flaw_of
from sextant_shared.protocol.package import (
    MAGIC,
    Item,
    PackageLimits,
    check_package,
    read_package_manifest,
    read_part,
    unpack,
    write_package,
)

PARTS = {"declaration.json": b'{"v":1}', "plan.pdf": b"%PDF-", "empty.txt": b""}
GOLDEN = (
    "53585031000001aa"
    + (
        b'{"parts":[{"cty":"application/json","name":"declaration.json","role":"message",'
        b'"sha256":"r7-dDzVgsP13legcQqCnnua2_GfgZPd4Jq7mQsrSjZE","size":7},'
        b'{"cty":"application/octet-stream","name":"plan.pdf","role":"attachment",'
        b'"sha256":"OFI8CHeW5dXdHPm60fsCZ4GoON2d0s-K9YufZQKkZ3g","size":5},'
        b'{"cty":"application/octet-stream","name":"empty.txt","role":"attachment",'
        b'"sha256":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU","size":0}],"v":1}'
    ).hex()
    + (b'{"v":1}' + b"%PDF-").hex()
)


def files(folder: Path, parts: dict[str, bytes]) -> list[Item]:
    items = []
    for n, (name, data) in enumerate(parts.items()):
        path = folder / f"in-{n}"
        path.write_bytes(data)
        items.append(Item(path, name, "application/octet-stream" if n else "application/json"))
    return items


def packed(folder: Path, parts: dict[str, bytes]) -> bytes:
    message, *attachments = files(folder, parts)
    out = io.BytesIO()
    write_package(message, attachments, out)
    return out.getvalue()


def part(name: str, data: bytes, role: str = "attachment", **changes: Any) -> dict[str, Any]:
    described = {
        "name": name,
        "cty": "text/plain",
        "size": len(data),
        "sha256": b64u(sha256(data)),
        "role": role,
    }
    return {**described, **changes}


def framed(parts: list[dict[str, Any]], body: bytes, **changes: Any) -> bytes:
    raw = canonical_json({"v": 1, "parts": parts, **changes})
    return MAGIC + len(raw).to_bytes(4, "big") + raw + body


MESSAGE = part("m", b"abc", "message")
GOOD = framed([MESSAGE, part("a", b"de")], b"abcde")


def renamed(name: str) -> bytes:
    return framed([MESSAGE, part(name, b"de")], b"abcde")


BAD: dict[str, tuple[bytes, Code]] = {
    "nothing": (b"", Code.MALFORMED),
    "a zip": (b"PK\x03\x04" + bytes(40), Code.MALFORMED),
    "another version": (b"SXP2" + GOOD[4:], Code.VERSION),
    "a manifest of 4 GiB": (MAGIC + b"\xff\xff\xff\xff{}", Code.TOO_LARGE),
    "cut within the manifest": (GOOD[:40], Code.MALFORMED),
    "cut within a part": (GOOD[:-1], Code.LENGTH),
    "one byte more": (GOOD + b"\0", Code.LENGTH),
    "another message": (GOOD.replace(b"abcde", b"abXde"), Code.DIGEST),
    "another attachment": (GOOD.replace(b"abcde", b"abcdX"), Code.DIGEST),
    "no part": (framed([], b""), Code.MALFORMED),
    "no message": (framed([part("a", b"de")], b"de"), Code.MALFORMED),
    "two messages": (framed([MESSAGE, part("n", b"de", "message")], b"abcde"), Code.MALFORMED),
    "the message last": (framed([part("a", b"de"), MESSAGE], b"deabc"), Code.MALFORMED),
    "one name twice": (renamed("m"), Code.MALFORMED),
    "one name twice but for capitals": (renamed("M"), Code.MALFORMED),
    "a role of its own": (framed([part("m", b"abc", "main")], b"abc"), Code.MALFORMED),
    "a member of its own": (framed([MESSAGE], b"abc", note="x"), Code.MALFORMED),
    "a part's member of its own": (
        framed([part("m", b"abc", "message", offset=0)], b"abc"),
        Code.MALFORMED,
    ),
    "a negative size": (framed([part("m", b"abc", "message", size=-3)], b"abc"), Code.MALFORMED),
    "a size as text": (framed([part("m", b"abc", "message", size="3")], b"abc"), Code.MALFORMED),
    "a size beyond all": (
        framed([part("m", b"abc", "message", size=2**53 - 1)], b"abc"),
        Code.MALFORMED,
    ),
    "sizes beyond all together": (
        framed([MESSAGE, *(part(f"a{n}", b"", size=100 << 20) for n in range(3))], b"abc"),
        Code.TOO_LARGE,
    ),
    "a huge number": (
        GOOD[:4] + len(raw := b'{"parts":[],"v":1' + b"0" * 999 + b"}").to_bytes(4, "big") + raw,
        Code.MALFORMED,
    ),
    "more parts than are read": (
        framed([MESSAGE, *(part(f"a{n}", b"") for n in range(MAX_PARTS))], b"abc"),
        Code.MALFORMED,
    ),
    "a package inside": (
        framed([part("m", b"abc", "message", cty="application/vnd.sextant.package")], b"abc"),
        Code.MALFORMED,
    ),
    "spaces in the manifest": (
        MAGIC
        + len(raw := json.dumps({"parts": [MESSAGE], "v": 1}).encode()).to_bytes(4, "big")
        + raw
        + b"abc",
        Code.MALFORMED,
    ),
    "a member twice": (GOOD.replace(b'"v":1}', b'"v":1,"v":1}', 1), Code.MALFORMED),
}
NAMES = {
    "up": "../m",
    "root": "/etc",
    "drive": "C:x",
    "backslash": "..\\m",
    "folder": "a/b",
    "dots": "..",
    "hidden": ".profile",
    "option": "-rf",
    "empty": "",
    "blank": " ",
    "trailing dot": "a.",
    "device": "nul.txt",
    "device in capitals": "COM1",
    "nul": "a\0b",
    "line": "a\nb",
    "direction": "a\u202egpj.exe",
    "invisible": "a\u200bb",
    "decomposed": "e\u0301",
    "shell": "a;b",
    "too long": "a" * 101,
    "too many bytes": "\u4e2d" * 70,
}


def test_the_same_documents_give_the_same_bytes(tmp_path: Path) -> None:
    assert packed(tmp_path, PARTS).hex() == GOLDEN
    assert packed(tmp_path, PARTS) == packed(tmp_path, PARTS)


def test_a_package_gives_back_its_parts(tmp_path: Path) -> None:
    data = packed(tmp_path, PARTS)
    found = unpack(io.BytesIO(data), tmp_path / "parts")
    assert {path.name: path.read_bytes() for path in found} == PARTS
    places = check_package(io.BytesIO(data))
    assert [data[p.offset : p.offset + p.part.size] for p in places] == list(PARTS.values())


def test_one_part_is_read_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "package"
    path.write_bytes(packed(tmp_path, PARTS))
    assert [read_part(path, n) for n in range(3)] == list(PARTS.values())
    with pytest.raises(PlatformError, match="no part 3"):
        read_part(path, 3)


@pytest.mark.parametrize("what", BAD)
def test_a_bad_package_is_refused_and_leaves_nothing(what: str, tmp_path: Path) -> None:
    data, code = BAD[what]
    for read in (check_package, lambda source: unpack(source, tmp_path / "parts")):
        with pytest.raises(PlatformError) as raised:
            read(io.BytesIO(data))
        assert raised.value.code is code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", NAMES)
def test_a_name_that_could_hide_something_is_refused(what: str, tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="parts/1/name"):
        unpack(io.BytesIO(renamed(NAMES[what])), tmp_path / "parts")
    with pytest.raises(PlatformError, match="cannot be attached") as raised:
        packed(tmp_path, {"m": b"abc", NAMES[what]: b"de"})
    assert raised.value.fix == "Rename the file."


@pytest.mark.parametrize(
    "name", ["план.pdf", "خطة 2026.pdf", "平面图.pdf", "Plan (2), neu.pdf", "a-", "über_5+6"]
)
def test_names_are_of_any_writing(name: str) -> None:
    assert flaw_of(name) is None


def test_a_reader_may_take_less_than_the_format_allows() -> None:
    for limits in (PackageLimits(parts=1), PackageLimits(bytes_=len(GOOD) - 1)):
        with pytest.raises(PlatformError) as raised:
            check_package(io.BytesIO(GOOD), limits)
        assert raised.value.code is Code.TOO_LARGE
        assert raised.value.fix.startswith("Send some of the attachments")


def test_too_many_attachments_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    out = io.BytesIO()
    message, other = files(tmp_path, {"m": b"", "a": b""})
    with pytest.raises(PlatformError, match="no more attachments"):
        write_package(message, [other] * MAX_PARTS, out)
    assert out.getvalue() == b""


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    message, _ = files(tmp_path, {"m": b"", "a": b""})
    with pytest.raises(PlatformError, match=r"cannot read .*nowhere"):
        write_package(message, [Item(tmp_path / "nowhere", "a", "text/plain")], io.BytesIO())


@given(
    st.dictionaries(
        st.text(string.ascii_lowercase + string.digits, min_size=4, max_size=12),
        st.binary(max_size=200),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_packed_comes_out(tmp_path: Path, parts: dict[str, bytes]) -> None:
    data = packed(tmp_path, parts)
    places = check_package(io.BytesIO(data))
    assert {p.part.name: data[p.offset : p.offset + p.part.size] for p in places} == parts
    assert places[-1].offset + places[-1].part.size == len(data)


@given(st.data())
@settings(max_examples=150)
def test_no_change_of_a_byte_goes_unnoticed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    flip = data.draw(st.integers(1, 255))
    bent = GOOD[:at] + bytes([GOOD[at] ^ flip]) + GOOD[at + 1 :]
    try:
        places = check_package(io.BytesIO(bent))
    except PlatformError:
        return
    # The manifest is covered by the envelope; by itself, only what names a part may differ.
    assert [p.part.sha256 for p in places] == [b64u(sha256(b"abc")), b64u(sha256(b"de"))]


@given(st.binary(max_size=120))
def test_no_bytes_make_the_reader_fail_in_another_way(data: bytes) -> None:
    reads: list[Callable[[bytes], object]] = [
        lambda d: check_package(io.BytesIO(d)),
        lambda d: read_package_manifest(io.BytesIO(MAGIC + len(d).to_bytes(4, "big") + d)),
    ]
    for read in reads:
        with pytest.raises(PlatformError):
            read(data)
