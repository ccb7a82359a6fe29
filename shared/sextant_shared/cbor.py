"""Deterministic CBOR (RFC 8949 §4.2.1), as much of it as COSE needs: one encoding for each value.

Responsible for writing that encoding and for refusing every other one. Not responsible for what the
values mean (`sextant_shared.protocol.cose_receipts`).

Taken: integers of 64 bits, byte and text strings, arrays, maps, tag 18, false, true, null. Refused:
lengths and integers that are longer than they need be, indefinite lengths, keys out of order or
twice, floats, other tags and simple values, more depth or bytes than allowed, bytes at the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sextant_shared.errors import Code, PlatformError

MAX_CBOR_BYTES = 1 << 16
MAX_CBOR_DEPTH = 8
TAG_SIGN1 = 18  # COSE_Sign1, RFC 9052 §4.2
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLE_VALUES: dict[int, bool | None] = {20: False, 21: True, 22: None}
_NAMED: dict[bool | None, bytes] = {False: b"\xf4", True: b"\xf5", None: b"\xf6"}
_INLINE = 24  # arguments below it stand in the first byte; 24 to 27 say how many bytes follow
_LONGEST = 27
_LIMIT = 1 << 64


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value under a tag."""

    tag: int
    value: Any


def encode_cbor(value: Any) -> bytes:
    """Return the one encoding of a value.

    Raises:
        PlatformError: `E_MALFORMED` for a value that this subset cannot state.
    """
    if value is None or isinstance(value, bool):
        return _NAMED[value]
    if isinstance(value, int):
        return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
    if isinstance(value, bytes):
        return _head(_BYTES, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return _head(_TEXT, len(text)) + text
    return _encode_holder(value)


def decode_cbor(data: bytes, *, max_bytes: int = MAX_CBOR_BYTES) -> Any:
    """Return the value of an encoding that is the only one of its value.

    Raises:
        PlatformError: `E_TOO_LARGE`; `E_MALFORMED` with the place of the byte at fault.
    """
    if len(data) > max_bytes:
        raise PlatformError(Code.TOO_LARGE, f"more than {max_bytes} bytes of CBOR")
    reader = _Reader(data)
    value = reader.value(MAX_CBOR_DEPTH)
    if reader.at != len(data):
        raise _malformed(f"bytes follow the value, from byte {reader.at} on")
    return value


class _Reader:
    """Reads one value after another; `at` is the place of the next byte."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def value(self, depth: int) -> Any:
        start = self.at
        if depth == 0:
            raise _malformed(f"values lie deeper than {MAX_CBOR_DEPTH} levels at byte {start}")
        major, argument = self._head()
        if major == _UNSIGNED:
            return argument
        if major == _NEGATIVE:
            return -1 - argument
        if major == _BYTES:
            return self._take(argument)
        if major == _TEXT:
            return self._text(argument)
        return self._holder(major, argument, start, depth - 1)

    def _holder(self, major: int, argument: int, start: int, depth: int) -> Any:
        """Return a value that holds others, or one of the three that have a name."""
        if major == _ARRAY:
            self._must_hold(argument, start)
            return [self.value(depth) for _ in range(argument)]
        if major == _MAP:
            self._must_hold(2 * argument, start)
            return self._map(argument, depth)
        if major == _TAG and argument == TAG_SIGN1:
            return Tagged(argument, self.value(depth))
        if major == _SIMPLE and argument in _SIMPLE_VALUES and self.at == start + 1:
            return _SIMPLE_VALUES[argument]
        raise _malformed(f"a tag, float or simple value that no receipt holds, byte {start}")

    def _head(self) -> tuple[int, int]:
        start = self.at
        first = self._take(1)[0]
        major, short = first >> 5, first & 0x1F
        if short < _INLINE:
            return major, short
        if short > _LONGEST:
            raise _malformed(f"an indefinite length or reserved value at byte {start}")
        width = 1 << (short - _INLINE)
        argument = int.from_bytes(self._take(width), "big")
        shortest = _INLINE if width == 1 else 1 << (4 * width)
        if argument < shortest and major != _SIMPLE:
            raise _malformed(f"an integer or length is longer than it need be at byte {start}")
        return major, argument

    def _text(self, size: int) -> str:
        start = self.at
        try:
            return self._take(size).decode()
        except UnicodeDecodeError as error:
            raise _malformed(f"the text at byte {start} is not UTF-8") from error

    def _map(self, count: int, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        before = b""
        for _ in range(count):
            start = self.at
            key = self.value(depth)
            if isinstance(key, bool) or not isinstance(key, int | str):
                raise _malformed(f"the key of a map is no integer or text at byte {start}")
            encoded = self._data[start : self.at]
            if encoded <= before:
                raise _malformed(f"the keys of a map are not in order, each once, at byte {start}")
            before = encoded
            found[key] = self.value(depth)
        return found

    def _must_hold(self, items: int, start: int) -> None:
        """Refuse a count that the bytes left cannot hold, before anything is made for it."""
        if items > len(self._data) - self.at:
            raise _malformed(f"the array or map at byte {start} is longer than its bytes")

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self.at:
            raise _malformed(f"the bytes end before the value that begins at byte {self.at}")
        taken = self._data[self.at : self.at + size]
        self.at += size
        return taken


def _encode_holder(value: Any) -> bytes:
    """Return the encoding of a value that holds others."""
    if isinstance(value, Tagged):
        return _head(_TAG, value.tag) + encode_cbor(value.value)
    if isinstance(value, Mapping):
        pairs = sorted((encode_cbor(key), encode_cbor(item)) for key, item in value.items())
        return _head(_MAP, len(pairs)) + b"".join(key + item for key, item in pairs)
    if isinstance(value, Sequence):
        return _head(_ARRAY, len(value)) + b"".join(encode_cbor(item) for item in value)
    raise _malformed(f"{type(value).__name__} has no place in this subset of CBOR")


def _head(major: int, argument: int) -> bytes:
    if argument >= _LIMIT:
        raise _malformed("an integer needs more than 64 bits")
    if argument < _INLINE:
        return bytes([major << 5 | argument])
    width = next(width for width in (1, 2, 4, 8) if argument < 1 << (8 * width))
    return bytes([major << 5 | _INLINE + width.bit_length() - 1]) + argument.to_bytes(width, "big")


def _malformed(detail: str) -> PlatformError:
    return PlatformError(
        Code.MALFORMED,
        f"not deterministic CBOR: {detail}",
        expected="RFC 8949 §4.2.1, definite and shortest",
        fix="Keep the bytes as they were handed out.",
    )
