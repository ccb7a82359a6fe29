"""What the fuzz targets read: keys, a container, a log, made once; and the seeds."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Verifier
from sextant_shared.encoding import b64u, b64u_decode, canonical_json
from sextant_shared.models.party import PARTY_DOCUMENT_TYP
from sextant_shared.models.statements import Says, Statement
from sextant_shared.protocol.acts import act_receipt, commitment, format_act
from sextant_shared.protocol.envelope import open_bytes
from sextant_shared.protocol.jws import parse_jws
from sextant_shared.protocol.manifest import (
    Manifest,
    VerifiedManifest,
    read_manifest,
)
from sextant_shared.protocol.package import Item, write_package
from sextant_shared.protocol.statements import sign_statement
from sextant_shared.protocol.tokens import make_dpop_proof
from tests.support.envelopes import XAL, make_container, payload_of, split
from tests.support.histories import Life
from tests.support.logs import MemoryLog, envelope_id, make_accepted
from tests.support.messages import MESSAGES
from tests.support.parties import opener

URL, NOW = "https://exchange.example/v1/envelopes", 1_795_519_680
INNER = b"hello declarations"


def seeds() -> Mapping[str, list[bytes]]:
    """Return inputs from which a fuzzer starts: what each reader takes."""
    whole = the_container()
    manifest = the_manifest()
    log = the_log()
    document = XAL.enrolled()
    dpop = make_dpop_proof("POST", URL, XAL.api, NOW, "t")
    vkeys = "\n".join(log.keys.vkeys)
    said = Statement(
        v=1,
        party="NA-XAL",
        t="2026-11-24T11:28:00Z",
        env=envelope_id(1),
        man=b64u(bytes(32)),
        says=Says.AFFIRMED,
        reason="",
    )
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
        "recovery_payload": [parse_jws(the_recovery(), PARTY_DOCUMENT_TYP, 1 << 20).payload],
        "party_history": [the_life().history().model_dump_json().encode()],
        "statement": [sign_statement(said, XAL.sig)],
        "statement_payload": [said.model_dump_json().encode()],
        "dpop_proof": [dpop.encode()],
        "dpop_claims": [b64u_decode(dpop.split(".")[1])],
        "assertion": [dpop.encode()],
        "problem": [b'{"type":"urn:dxe:error:E_RATE","title":"x","status":429,"code":"E_RATE"}'],
        "receipt": [custody],
        "recall_payload": [
            canonical_json(
                {
                    "v": 1,
                    "env": envelope_id(1),
                    "man": b64u(bytes(32)),
                    "reason": "the wrong year",
                    "created": "2026-11-24T11:28:00Z",
                }
            )
        ],
        "act": [the_act()],
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


@cache
def the_pair() -> tuple[Verifier, Verifier]:
    first, second = XAL.sig
    return Verifier.from_jwk(first.jwk), Verifier.from_jwk(second.jwk)


@cache
def the_container() -> bytes:
    return make_container(INNER)


@cache
def the_manifest() -> Manifest:
    return read_manifest(io.BytesIO(the_container()))


@cache
def the_content_key() -> bytes:
    manifest = the_manifest()
    key = opener("SEC/seal")
    info = b"dxe/1 slot\x00" + manifest.header_hash + b64u_decode(key.kid)
    return key.open(info, b64u_decode(manifest.slots[0].ct))


def opened(data: bytes) -> Any:
    """Open a body whose length and digest the manifest states, whatever it holds."""
    stated = replace(the_manifest(), body_len=len(data), body_sha256=sha256(data).digest())
    return open_bytes(data, VerifiedManifest(stated), opener("SEC/seal", Alg.K1), "SEC")


@cache
def the_acts() -> MemoryLog:
    log = the_log()
    kept = make_accepted(9).model_dump() | {"type": "envelope.erased", "env": envelope_id(1)}
    commit = {"ref": 0, "commit": b64u(commitment(bytes(32), b"{}"))}
    members = {name: kept[name] for name in ("v", "type", "id", "t", "nonce", "env")}
    acts = MemoryLog(list(log.leaves))
    acts.append(canonical_json(members | commit))
    return acts


def the_act() -> bytes:
    log = the_acts()
    return format_act(act_receipt(log.leaves[-1], log.proof(3), (b"{}", bytes(32))))


@cache
def the_life() -> Life:
    return Life()


@cache
def the_recovery() -> bytes:
    return the_life().recovery()


@cache
def the_log() -> MemoryLog:
    log = MemoryLog()
    for number in range(3):
        log.append(make_accepted(number))
    return log
