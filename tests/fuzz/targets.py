"""One function for each reader of foreign bytes; anything but a `PlatformError` is a flaw.

A target that reads signed bytes comes twice: as they arrive, where a signature stops nearly
everything, and with the bytes inside validly signed or sealed again, so that what stands behind the
signature is reached as well.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sextant_shared.crypto.chunked import SALT_SIZE, BodyEncryptor
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Verifier
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.notes import format_note, parse_note, parse_vkey
from sextant_shared.merkle.tiles import parse_bundle, parse_tile_path
from sextant_shared.models.entries import format_entry, parse_entry
from sextant_shared.models.envelope import MANIFEST_TYP
from sextant_shared.models.messages import read_message
from sextant_shared.models.party import PARTY_DOCUMENT_TYP
from sextant_shared.protocol.archives import look_into
from sextant_shared.protocol.envelope import open_bytes
from sextant_shared.protocol.jws import sign_jws
from sextant_shared.protocol.levels import parse_witnessed
from sextant_shared.protocol.logproof import verify_proof
from sextant_shared.protocol.manifest import (
    Manifest,
    VerifiedManifest,
    parse_manifest,
    read_manifest,
    verify_manifest,
)
from sextant_shared.protocol.package import Item, check_package, write_package
from sextant_shared.protocol.parties import verify_party_document
from sextant_shared.protocol.policies import parse_policy
from sextant_shared.protocol.problems import error_of
from sextant_shared.protocol.receipts import parse_custody, verify_custody
from sextant_shared.protocol.refusals import verify_refusal
from sextant_shared.protocol.tokens import make_dpop_proof, read_assertion, verify_dpop_proof
from sextant_shared.protocol.witnessing import parse_add_checkpoint, parse_size
from tests.support.envelopes import XAL, make_container, payload_of, split
from tests.support.logs import MemoryLog, envelope_id, make_accepted
from tests.support.messages import MESSAGES
from tests.support.parties import opener, registrar_pairs, registrars

Target = Callable[[bytes], object]
URL, NOW = "https://exchange.example/v1/envelopes", 1_795_519_680
INNER = b"hello declarations"


def container(data: bytes) -> None:
    """A whole container, as the exchange reads it and a recipient opens it."""
    source = io.BytesIO(data)
    manifest = read_manifest(source)
    verified = verify_manifest(manifest, _pair())
    open_bytes(source.read(), verified, opener("SEC/seal"), "SEC")


def manifest_payload(data: bytes) -> None:
    """A payload that the sender signed."""
    manifest = parse_manifest(sign_jws(data, MANIFEST_TYP, XAL.sig))
    verify_manifest(manifest, _pair())


def manifest_header(data: bytes) -> None:
    """A header inside a payload that the sender signed."""
    payload = payload_of(_manifest()) | {"hdr": b64u(data)}
    parse_manifest(sign_jws(canonical_json(payload), MANIFEST_TYP, XAL.sig))


def body(data: bytes) -> None:
    """A body under the right key, of the length and digest that were signed."""
    _open(data)


def body_inside(data: bytes) -> None:
    """What the body holds: length, content and padding, sealed under the right key."""
    manifest = _manifest()
    context = b"dxe/1 body\x00" + manifest.header_hash
    encryptor = BodyEncryptor(_content_key(), context, bytes(SALT_SIZE))
    _open(encryptor.header + encryptor.update(data) + encryptor.finish())


def party_document(data: bytes) -> None:
    """A party document as it arrives."""
    verify_party_document(data, registrars(), None)


def party_payload(data: bytes) -> None:
    """A party document that the root pair and two registrars signed."""
    signers = XAL.signers(registrar_pairs()[:2])
    verify_party_document(sign_jws(data, PARTY_DOCUMENT_TYP, signers), registrars(), None)


def dpop_proof(data: bytes) -> None:
    """A proof of possession, as a header carries it."""
    text = data.decode("latin-1")
    verify_dpop_proof(text, method="POST", url=URL, now=NOW, access_token="t")


def dpop_claims(data: bytes) -> None:
    """The claims of a proof, signed by the key that it names."""
    head = make_dpop_proof("POST", URL, XAL.api, NOW).partition(".")[0]
    signing_input = f"{head}.{b64u(data)}"
    proof = f"{signing_input}.{b64u(XAL.api.sign(signing_input.encode()))}"
    verify_dpop_proof(proof, method="POST", url=URL, now=NOW)


def assertion(data: bytes) -> None:
    """A client assertion of the token endpoint."""
    read_assertion(data.decode("latin-1"))


def problem(data: bytes) -> None:
    """The body of a refusal, from a service that may be none of ours."""
    for status in (401, 500):
        told = error_of(status, data)
        assert isinstance(told, PlatformError)


def receipt(data: bytes) -> None:
    """A custody receipt."""
    parse_custody(data)
    verify_custody(data, sha256(b"manifest 1").digest(), envelope_id(1), _log().keys)


def proof(data: bytes) -> None:
    """A tlog-proof with its checkpoint."""
    verify_proof(_log().leaves[1], _text(data), _log().keys)


def note(data: bytes) -> None:
    """A signed note; what is read is written back to the same text."""
    text = _text(data)
    assert format_note(parse_note(text)) == text


def entry(data: bytes) -> None:
    """A leaf of the log; it has one encoding."""
    assert format_entry(parse_entry(data)) == data


def verifier_key(data: bytes) -> None:
    """A C2SP verifier key."""
    parse_vkey(_text(data))


def policy(data: bytes) -> None:
    """A witness policy."""
    parse_policy(data)


def add_checkpoint(data: bytes) -> None:
    """What a log asks of a witness, and the size that one answers."""
    with suppress(PlatformError):
        parse_size(data)
    parse_add_checkpoint(data)


def witnessed_head(data: bytes) -> None:
    """The second document beside a receipt."""
    parse_witnessed(data)


def tile(data: bytes) -> None:
    """A path of a tile, and a bundle of entries."""
    with suppress(PlatformError):
        parse_tile_path(_text(data))
    parse_bundle(data)


def message(data: bytes) -> None:
    """A message, read as the type that it says it is."""
    document = parse_json(data, max_bytes=1 << 20)
    read_message(str(document.get("type")), data)


def refusal(data: bytes) -> None:
    """The receipt of a refused deposit."""
    verify_refusal(data, bytes(32), envelope_id(1), _log().keys)


def strict_json(data: bytes) -> None:
    """What the strict reader takes, the library's reader takes for the same."""
    value = parse_json(data, max_bytes=1 << 20)
    assert json.loads(data) == value


def package(data: bytes) -> None:
    """Several documents as the content of one envelope."""
    check_package(io.BytesIO(data))


def attached_archive(data: bytes) -> None:
    """A zip that came as an attachment: looked into, whatever it is."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.zip"
        path.write_bytes(data)
        look_into(path)


TARGETS: Mapping[str, Target] = {
    target.__name__: target
    for target in (
        container,
        manifest_payload,
        manifest_header,
        body,
        body_inside,
        party_document,
        party_payload,
        dpop_proof,
        dpop_claims,
        assertion,
        problem,
        receipt,
        proof,
        note,
        entry,
        verifier_key,
        policy,
        add_checkpoint,
        witnessed_head,
        tile,
        message,
        refusal,
        strict_json,
        package,
        attached_archive,
    )
}


def try_one(target: Target, data: bytes) -> bool:
    """Return whether the target took the bytes; a refusal with a code is an answer, too."""
    try:
        target(data)
    except PlatformError:
        return False
    return True


def seeds() -> Mapping[str, list[bytes]]:
    """Return inputs from which a fuzzer starts: what each reader takes."""
    whole = _container()
    manifest = _manifest()
    log = _log()
    document = XAL.enrolled()
    dpop = make_dpop_proof("POST", URL, XAL.api, NOW, "t")
    vkeys = "\n".join(log.keys.vkeys)
    custody = canonical_json(
        {
            "v": 1,
            "kind": "custody",
            "level": "logged",
            "entry": b64u(log.leaves[1]),
            "proof": log.proof(1),
        }
    )
    given: dict[str, list[bytes]] = {
        "container": [whole],
        "manifest_payload": [manifest.jws.payload],
        "manifest_header": [b64u_decode(payload_of(manifest)["hdr"])],
        "body": [split(whole)[1]],
        "body_inside": [len(INNER).to_bytes(8, "big") + INNER + bytes(4096 - 8 - len(INNER))],
        "party_document": [document.raw],
        "party_payload": [document.document.model_dump_json().encode()],
        "dpop_proof": [dpop.encode()],
        "dpop_claims": [b64u_decode(dpop.split(".")[1])],
        "assertion": [dpop.encode()],
        "problem": [b'{"type":"urn:dxe:error:E_RATE","title":"x","status":429,"code":"E_RATE"}'],
        "receipt": [custody],
        "proof": [log.proof(1).encode()],
        "note": [log.checkpoint().encode()],
        "entry": log.leaves[:1],
        "verifier_key": [key.encode() for key in log.keys.vkeys],
        "policy": [f"log {log.keys.vkeys[0]}\nquorum none\n".encode(), vkeys.encode()],
        "add_checkpoint": [f"old 0\n\n{log.checkpoint()}".encode()],
        "witnessed_head": [
            b'{"v":1,"kind":"witnessed","first":1,"second":2,"path":[],"checkpoint":""}'
        ],
        "message": [canonical_json(one) for one in MESSAGES.values()],
        "refusal": [custody.replace(b'"custody","level":"logged"', b'"refusal"')],
        "tile": [b"tile/0/x001/067.p/255", b"\x00\x02ab"],
        "strict_json": [canonical_json({"a": [1, {"b": "\u00e9"}], "c": None, "d": True})],
    }
    given["package"] = [_package(b"message", b"plan")]
    given["attached_archive"] = [_zip({"plan.txt": b"plan " * 40})]
    frozen = Path(__file__).resolve().parents[2] / "docs" / "integrators" / "vectors"
    given["container"] += [p.read_bytes() for p in sorted((frozen / "containers").glob("s1-*"))]
    return given


def _package(*parts: bytes) -> bytes:
    with TemporaryDirectory() as folder:
        items = [Item(Path(folder) / f"p{n}", f"p{n}", "text/plain") for n in range(len(parts))]
        for item, data in zip(items, parts, strict=True):
            item.path.write_bytes(data)
        out = io.BytesIO()
        write_package(items[0], items[1:], out)
        return out.getvalue()


def _zip(entries: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


@cache
def _pair() -> tuple[Verifier, Verifier]:
    first, second = XAL.sig
    return Verifier.from_jwk(first.jwk), Verifier.from_jwk(second.jwk)


@cache
def _container() -> bytes:
    return make_container(INNER)


@cache
def _manifest() -> Manifest:
    return read_manifest(io.BytesIO(_container()))


@cache
def _content_key() -> bytes:
    manifest = _manifest()
    key = opener("SEC/seal")
    info = b"dxe/1 slot\x00" + manifest.header_hash + b64u_decode(key.kid)
    return key.open(info, b64u_decode(manifest.slots[0].ct))


def _open(data: bytes) -> Any:
    """Open a body whose length and digest the manifest states, whatever it holds."""
    stated = replace(_manifest(), body_len=len(data), body_sha256=sha256(data).digest())
    return open_bytes(data, VerifiedManifest(stated), opener("SEC/seal", Alg.K1), "SEC")


@cache
def _log() -> MemoryLog:
    log = MemoryLog()
    for number in range(3):
        log.append(make_accepted(number))
    return log
