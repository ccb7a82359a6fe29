"""The only ways to bytes and back: base64, canonical JSON, strict JSON.

Signed bytes that two parsers read differently are an attack, so reading refuses whatever is
ambiguous: duplicate members, floats, integers beyond 2^53, lone surrogates, base64 with spare bits.
It refuses the character NUL too, at which some programs end a text, and which servers cannot keep.
"""

import base64
import binascii
import hashlib
import json
import re
from collections import Counter
from typing import Any, NoReturn

from sextant_shared.errors import Code, PlatformError
from sextant_shared.nul import refuse_nul

MAX_SAFE_INTEGER = 2**53 - 1
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
# The last character of an incomplete group must leave its spare bits zero.
_LAST = {0: None, 2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
# Possessive, and content to end unclosed: linear even where no string ever closes.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NESTING = re.compile(rb"[\[{\]}]")
_NUL_ESCAPED = "\\u0000"  # the only way in which strict JSON can write it


def sha256(data: bytes) -> bytes:
    """Return SHA-256 of `data`."""
    return hashlib.sha256(data).digest()


def b64u(data: bytes) -> str:
    """Return base64url without padding (RFC 7515 §2)."""
    encoded = binascii.b2a_base64(data, newline=False).translate(_TO_URL_SAFE)
    return encoded.rstrip(b"=").decode("ascii")


def b64u_decode(text: str, size: int | None = None) -> bytes:
    """Return the bytes of canonical, unpadded base64url.

    Raises:
        PlatformError: `E_MALFORMED` for other characters, padding, spare bits, or another size.
    """
    try:
        raw = text.encode("ascii")
        if b"+" in raw or b"/" in raw or b"=" in raw:
            raise _malformed("not base64url", "base64url without padding", text)
        padded = raw.translate(_TO_STANDARD) + b"=" * (-len(raw) % 4)
        data = binascii.a2b_base64(padded, strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise _malformed("not base64url", "base64url without padding", text) from error
    last = _LAST[len(raw) % 4]
    if last is not None and text[-1] not in last:
        raise _malformed("base64 is not canonical", "no spare bits", text)
    if size is not None and len(data) != size:
        raise _malformed("wrong length", f"{size} bytes", f"{len(data)} bytes")
    return data


def b64(data: bytes) -> str:
    """Return base64 with padding (RFC 4648 §4), as C2SP texts use it."""
    return base64.b64encode(data).decode("ascii")


def b64_decode(text: str, size: int | None = None) -> bytes:
    """Return the bytes of canonical, padded base64.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed("not base64", "base64 with padding", text) from error
    if b64(data) != text:
        raise _malformed("base64 is not canonical", "no spare bits", text)
    if size is not None and len(data) != size:
        raise _malformed("wrong length", f"{size} bytes", f"{len(data)} bytes")
    return data


def canonical_json(value: Any) -> bytes:
    """Return the RFC 8785 encoding of strings, integers, booleans, null, lists and objects.

    Raises:
        PlatformError: `E_MALFORMED` for floats, integers beyond 2^53, lone surrogates, NUL, and
            whatever else JSON cannot hold.
    """
    _refuse_inexact(value)
    try:
        text = _ENCODER.encode(value)
        if _NUL_ESCAPED in text:
            refuse_nul(value)
        if not text.isascii():  # only there can the two orders of names differ
            text = _UNSORTED.encode(_sorted(value))
        return text.encode("utf-8")
    except (UnicodeEncodeError, TypeError, ValueError) as error:
        raise PlatformError(Code.MALFORMED, f"no canonical JSON: {error}") from error


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        # RFC 8785 §3.2.3 orders by UTF-16 code units.
        return {k: _sorted(value[k]) for k in sorted(value, key=lambda k: k.encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value


def parse_json(data: bytes, *, max_bytes: int, max_depth: int = 6) -> dict[str, Any]:
    """Return the object that `data` holds.

    Raises:
        PlatformError: `E_TOO_LARGE` beyond `max_bytes`; `E_MALFORMED` for bad UTF-8, duplicate
            members, floats, integers beyond 2^53, deeper nesting, lone surrogates, NUL (with a
            finding for each place), or another top.
    """
    if len(data) > max_bytes:
        raise PlatformError(
            Code.TOO_LARGE,
            "the JSON text is too long",
            expected=f"at most {max_bytes} bytes",
            received=f"{len(data)} bytes",
        )
    _check_depth(data, max_depth)
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        if b"\\" in data and b"\\u" in data:  # one byte is found ten times faster than two
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # finds lone surrogates
            if _NUL_ESCAPED.encode() in data:
                refuse_nul(value)
    except (UnicodeError, ValueError, RecursionError) as error:
        raise PlatformError(Code.MALFORMED, f"not strict JSON: {error}") from error
    if not isinstance(value, dict):
        raise _malformed("the JSON text is no object", "an object", type(value).__name__)
    return value


def _check_depth(data: bytes, max_depth: int) -> None:
    """Refuse deep nesting before a recursive parser sees it."""
    if data.count(b"[") + data.count(b"{") <= max_depth:
        return  # too few openings to nest deeper: the common case, and a cheap one
    depth = 0
    for match in _NESTING.finditer(_STRINGS.sub(b"", data)):
        depth += 1 if match.group() in b"[{" else -1
        if depth > max_depth:
            raise _malformed("JSON is nested too deep", f"at most {max_depth} levels", "more")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"member {twice[:40]!r} stands twice")
    return members


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is no integer; amounts are decimal strings")


def _safe_integer(text: str) -> int:
    value = int(text) if len(text) <= len(str(MAX_SAFE_INTEGER)) + 1 else MAX_SAFE_INTEGER + 1
    if abs(value) > MAX_SAFE_INTEGER:
        raise ValueError(f"integer {text[:20]} is beyond 2^53")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=_no_float,
    parse_constant=_no_float,
    parse_int=_safe_integer,
)


_UNSORTED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True
)


def _refuse_inexact(value: Any) -> None:
    if isinstance(value, str):
        return
    if isinstance(value, float):
        raise PlatformError(Code.MALFORMED, "floats have no canonical JSON here")
    if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        raise PlatformError(Code.MALFORMED, "integers beyond 2^53 have no canonical JSON here")
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise PlatformError(Code.MALFORMED, "members of canonical JSON are named by text")
            _refuse_inexact(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_inexact(item)


def _malformed(detail: str, expected: str, received: str) -> PlatformError:
    return PlatformError(Code.MALFORMED, detail, expected=expected, received=received[:40])
