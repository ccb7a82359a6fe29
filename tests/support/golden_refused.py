"""Containers that every reader must refuse, each with its code: part of the golden vectors."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sextant_shared.crypto.chunked import SALT_SIZE, BodyEncryptor, padme
from sextant_shared.encoding import b64u, b64u_decode, canonical_json
from sextant_shared.models.envelope import MANIFEST_TYP
from sextant_shared.protocol.jws import sign_jws
from sextant_shared.protocol.manifest import read_manifest
from tests.support.envelopes import ID, XAL, join, payload_of, resign, split

Members = dict[str, Any]
BASE_CONTENT = b'{"to":"three"}'


@dataclass(frozen=True)
class Bent:
    """One container that must be refused: how it differs from the base, and with which code."""

    name: str
    code: str
    container: bytes


def bent_containers(base: bytes, cek: bytes) -> Iterator[Bent]:
    """Yield containers that differ from `base`, whose content key is `cek`, in one thing each."""
    yield from _cut_and_flipped(base)
    yield from _bad_shapes(base)
    yield from _bad_headers(base)
    yield from _bad_inside(base, cek)


def _cut_and_flipped(base: bytes) -> Iterator[Bent]:
    raw, body = split(base)
    start = 8 + len(raw)
    yield Bent("empty file", "E_MALFORMED", b"")
    yield Bent("cut inside the prefix", "E_MALFORMED", base[:7])
    yield Bent("another magic", "E_MALFORMED", b"ZIP1" + base[4:])
    yield Bent("another version of the container", "E_VERSION", b"DXE2" + base[4:])
    yield Bent("manifest longer than 65536", "E_TOO_LARGE", b"DXE1\x00\x01\x00\x01" + base[8:])
    yield Bent("cut inside the manifest", "E_MALFORMED", base[:200])
    yield Bent("cut body", "E_LENGTH", base[:-1])
    yield Bent("a byte after the body", "E_LENGTH", base + b"x")
    yield Bent("altered salt", "E_KEY_COMMITMENT", _flip(base, start))
    yield Bent("altered commitment", "E_KEY_COMMITMENT", _flip(base, start + SALT_SIZE))
    yield Bent("altered ciphertext", "E_DIGEST", _flip(base, start + 100))
    yield Bent("altered last byte", "E_DIGEST", _flip(base, len(base) - 1))
    outer = json.loads(raw)
    for position, name in enumerate(("Ed25519", "ML-DSA-65")):
        changed = json.loads(raw)
        signature = bytearray(b64u_decode(outer["signatures"][position]["signature"]))
        signature[10] ^= 1
        changed["signatures"][position]["signature"] = b64u(bytes(signature))
        yield Bent(f"{name} half altered", "E_SIGNATURE", join(canonical_json(changed), body))


def _bad_shapes(base: bytes) -> Iterator[Bent]:
    raw, body = split(base)
    outer = json.loads(raw)
    payload = b64u_decode(outer["payload"])

    def of_text(name: str, text: bytes, code: str = "E_MALFORMED") -> Bent:
        return Bent(name, code, join(text, body))

    def of_payload(name: str, text: bytes) -> Bent:
        signed = sign_jws(text, MANIFEST_TYP, XAL.sig)
        return Bent(name, "E_MALFORMED", join(signed, body))

    yield of_text("manifest is no JSON", b"{" + raw[1:-1])
    yield of_text("manifest is a list", b"[" + raw + b"]")
    yield of_text("bytes that are no UTF-8", raw[:-1] + b',"x":"\xff"}')
    yield of_text("a further member beside payload", raw[:-1] + b',"x":1}')
    yield of_text("payload stands twice", raw[:-1] + b',"payload":"e30"}')
    yield of_text("base64 with padding", raw.replace(b'"payload":"', b'"payload":"e30=', 1))
    yield of_text("base64 with spare bits", raw.replace(b'"payload":"', b'"payload":"e31', 1))
    for count in (1, 3):
        signatures = (outer["signatures"] * 2)[:count]
        yield of_text(f"{count} signatures", canonical_json({**outer, "signatures": signatures}))
    yield of_text("algorithm none", _protected(outer, alg="none"), "E_KEY")
    yield of_text("another typ", _protected(outer, typ="dxe-party+json"))
    yield of_text("a further protected member", _protected(outer, crit="x"))
    yield of_payload("a further member in the payload", payload[:-1] + b',"x":1}')
    yield of_payload("a member of the payload twice", payload[:-1] + b',"len":72}')
    yield of_payload("a length with a fraction", _replaced(payload, b'"len":', b'"len":0.5,"l":'))
    yield of_payload("a length beyond 2^53", _bent_length(payload, 2**53))
    yield of_payload("a length below 72", _bent_length(payload, 71))
    yield of_payload("nested seven deep", payload[:-1] + b',"x":[[[[[[[]]]]]]]}')
    yield of_payload("a lone surrogate", payload[:-1] + b',"x":"\\ud800"}')


def _bad_headers(base: bytes) -> Iterator[Bent]:
    def bend(name: str, code: str, change: Callable[[Members], object]) -> Bent:
        return Bent(name, code, resign(base, lambda _payload, header: change(header)))

    yield bend("header version 2", "E_VERSION", lambda h: h.update(v=2))
    yield bend("body format C2", "E_VERSION", lambda h: h.update(enc="C2"))
    yield bend("version as text", "E_MALFORMED", lambda h: h.update(v="1"))
    yield bend("version as truth", "E_MALFORMED", lambda h: h.update(v=True))
    yield bend("a further member", "E_MALFORMED", lambda h: h.update(title="x"))
    yield bend("no class", "E_MALFORMED", lambda h: h.pop("class"))
    yield bend("class C9", "E_MALFORMED", lambda h: h.update({"class": "C9"}))
    yield bend(
        "an id that is no UUIDv7", "E_MALFORMED", lambda h: h.update(id=ID[:14] + "4" + ID[15:])
    )
    yield bend("an id in upper case", "E_MALFORMED", lambda h: h.update(id=ID.upper()))
    yield bend("a type in upper case", "E_MALFORMED", lambda h: h.update(type="Declaration"))
    yield bend(
        "a time with fractions", "E_MALFORMED", lambda h: h.update(created="2026-11-24T12:00:00.5Z")
    )
    yield bend("a party in lower case", "E_MALFORMED", lambda h: h.update({"from": "na-xal"}))
    yield bend("a recipient twice", "E_MALFORMED", lambda h: h["to"].__setitem__(1, h["to"][0]))
    yield bend("no recipient", "E_MALFORMED", lambda h: h.update(to=[]))
    yield bend("keys other than the signatures'", "E_MALFORMED", lambda h: h["skid"].reverse())
    yield bend("slots in another order", "E_MALFORMED", lambda h: h["to"].reverse())
    yield bend(
        "a header that the slots were not sealed for",
        "E_DECRYPT",
        lambda h: h.update(period="2025"),
    )
    yield bend(
        "not for this recipient", "E_NOT_RECIPIENT", lambda h: h["to"][0].update(party="NA-XEE")
    )


def _bad_inside(base: bytes, cek: bytes) -> Iterator[Bent]:
    def bend(name: str, code: str, change: Callable[[Members], object]) -> Bent:
        return Bent(name, code, resign(base, lambda payload, _header: change(payload)))

    other = b64u(bytes(32))
    yield bend("another digest of the body", "E_DIGEST", lambda p: p.update(sha256=other))
    yield bend("another commitment", "E_PLAINTEXT_COMMITMENT", lambda p: p.update(pc=other))
    yield bend("a shorter length than the body", "E_LENGTH", lambda p: p.update(len=p["len"] - 1))
    yield bend("an altered slot", "E_DECRYPT", lambda p: p["slots"][0].update(ct=_flipped(p, 0)))
    yield bend(
        "the slot of another", "E_DECRYPT", lambda p: p["slots"][0].update(ct=p["slots"][1]["ct"])
    )
    yield _with_inner(base, cek, "padding that is not zero", lambda inner: inner[:-1] + b"\x01")
    yield _with_inner(base, cek, "too little padding", lambda inner: inner[:-1])
    yield _with_inner(base, cek, "too much padding", lambda inner: inner + bytes(1))
    yield _with_inner(
        base, cek, "a length beyond what is there", lambda i: (10**6).to_bytes(8, "big") + i[8:]
    )


def _with_inner(base: bytes, cek: bytes, name: str, change: Callable[[bytes], bytes]) -> Bent:
    """Return the base with other bytes inside, sealed under its own content key and signed."""
    manifest = read_manifest(io.BytesIO(base))
    inner = len(BASE_CONTENT).to_bytes(8, "big") + BASE_CONTENT
    inner += bytes(padme(len(inner)) - len(inner))
    body = split(base)[1]
    encryptor = BodyEncryptor(cek, b"dxe/1 body\x00" + manifest.header_hash, body[:SALT_SIZE])
    sealed = encryptor.update(change(inner)) + encryptor.finish()
    sealed = encryptor.header + sealed
    payload = payload_of(manifest) | {"len": len(sealed), "sha256": b64u(sha256(sealed).digest())}
    raw = sign_jws(canonical_json(payload), MANIFEST_TYP, XAL.sig)
    return Bent(name, "E_PADDING", join(raw, sealed))


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _flipped(payload: Members, slot: int) -> str:
    return b64u(_flip(b64u_decode(payload["slots"][slot]["ct"]), 5))


def _protected(outer: Members, **changes: str) -> bytes:
    first, second = outer["signatures"]
    header = json.loads(b64u_decode(first["protected"])) | changes
    bent = {**first, "protected": b64u(canonical_json(header))}
    return canonical_json({**outer, "signatures": [bent, second]})


def _replaced(text: bytes, old: bytes, new: bytes) -> bytes:
    return text.replace(old, new, 1)


def _bent_length(payload: bytes, length: int) -> bytes:
    members = json.loads(payload)
    return _replaced(payload, f'"len":{members["len"]}'.encode(), f'"len":{length}'.encode())
