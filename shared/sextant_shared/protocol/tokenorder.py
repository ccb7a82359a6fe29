"""Puts the certificates inside a time-stamp reply into the order of DER.

Authorities built on OpenSSL send their certificates signer first, as CMS allows; the strict parser
takes a SET in no order but that of its bytes. Nobody signs the order, so it may be changed: what
the signer signed is not touched. Responsible for nothing else; what cannot be walked is returned
as it is, for the parser to refuse.

    TimeStampResp = SEQUENCE { status, ContentInfo SEQUENCE { type, [0] SignedData } }
    SignedData    = SEQUENCE { version, digests, content, [0] certificates, … }
"""

_SEQUENCE, _CONTEXT_0 = 0x30, 0xA0
_LONG_FORM, _LENGTH_BITS = 0x80, 0x7F
Span = tuple[int, int, int]
"""Of an element: where it begins, where its content begins, where it ends."""


def in_der_order(reply: bytes) -> bytes:
    """Return the reply with its certificates sorted."""
    try:
        _, content, end = _certificates(reply)
        found = [reply[start:stop] for start, _, stop in _children(reply, content, end)]
    except (IndexError, ValueError):
        return reply
    return reply[:content] + b"".join(sorted(found)) + reply[end:]


def token_of(reply: bytes) -> bytes:
    """Return the token within a reply that was read before, byte for byte as it was sent."""
    start, _, end = _token(reply)
    return reply[start:end]


def _certificates(reply: bytes) -> Span:
    _, content, end = _token(reply)
    _, content, end = _nth(reply, content, end, 1, _CONTEXT_0)
    _, content, end = _nth(reply, content, end, 0, _SEQUENCE)
    return _nth(reply, content, end, 3, _CONTEXT_0)


def _token(reply: bytes) -> Span:
    _, content, end = _nth(reply, 0, len(reply), 0, _SEQUENCE)
    return _nth(reply, content, end, 1, _SEQUENCE)


def _nth(data: bytes, start: int, end: int, which: int, tag: int) -> Span:
    span = _children(data, start, end)[which]
    if data[span[0]] != tag:
        raise ValueError("another element stands there")
    return span


def _children(data: bytes, start: int, end: int) -> list[Span]:
    """Return the elements between two places, which they fill exactly."""
    found: list[Span] = []
    while start < end:
        found.append(_element(data, start))
        start = found[-1][2]
    if start != end:
        raise ValueError("an element does not end with what holds it")
    return found


def _element(data: bytes, start: int) -> Span:
    length, content = data[start + 1], start + 2
    if length & _LONG_FORM:
        octets = length & _LENGTH_BITS
        length = int.from_bytes(data[content : content + octets], "big")
        content += octets
    if content + length > len(data):
        raise ValueError("an element ends beyond the bytes")
    return start, content, content + length
