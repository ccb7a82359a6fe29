"""What the fuzz targets read: keys, a container, a log, made once; and the seeds."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sextant_client.enrolment import make_trust, registrars_of
from sextant_client.trust import Trust
from sextant_shared.cbor import decode_cbor
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64u, b64u_decode, canonical_json
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of, root_of
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.party import PARTY_DOCUMENT_TYP
from sextant_shared.models.statements import Says, Statement
from sextant_shared.protocol.acts import act_receipt, commitment, format_act
from sextant_shared.protocol.cose_receipts import format_consistency, sign_root
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
from tests.support.logs import (
    ORIGIN,
    MemoryLog,
    envelope_id,
    log_keys,
    make_accepted,
    receipt_key,
    receipt_signer,
)
from tests.support.messages import MESSAGES
from tests.support.parties import opener, registrar_pairs

FROZEN = Path(__file__).resolve().parents[1] / "frozen"
FROZEN_SEEDS = {"recall.json", "checkpoint.txt", "entry.tlog-proof", "entry.cose"}
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
    proof = log.proof(1)
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
        "timestamp_reply": [the_stamp()[0]],
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
        "proof": [proof.encode()],
        "proof_form": [proof.encode(), proof.replace("\n", "\nextra AAAA\n", 1).encode()],
        "tile_path": [b"0/x001/067.p/255", b"entries/000", b"1/000"],
        "checkpoint_body": [log.checkpoint().partition("\n\n")[0].encode() + b"\n"],
        "cbor": [log.cose(1), the_receipt_parts()[0], bytes.fromhex("83f4f5f6")],
        "cose_receipt": [log.cose(1)],
        "cose_consistency": [the_consistency()],
        "cose_header": [the_receipt_parts()[0]],
        "cose_proof": [the_receipt_parts()[1][396][-1][0]],
        "evidence": [log.cose(1), log.proof(1).encode(), log.checkpoint().encode(), custody],
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
    kept = sorted(path for path in FROZEN.glob("*/*") if path.name in FROZEN_SEEDS)
    given["evidence"] += [path.read_bytes() for path in kept]
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
def the_receipt_parts() -> list[Any]:
    """Return the four parts of a COSE receipt."""
    parts: list[Any] = decode_cbor(the_log().cose(1)).value
    return parts


@cache
def the_older_root() -> bytes:
    return root_of(leaf_hash(leaf) for leaf in the_log().leaves[:2])


@cache
def the_consistency() -> bytes:
    hashes = [leaf_hash(leaf) for leaf in the_log().leaves]
    signed = sign_root(ORIGIN, root_of(hashes), receipt_signer(), NOW)
    return format_consistency(signed, 2, len(hashes), consistency_path_of(hashes, 2))


@cache
def the_trust() -> Trust:
    """Return a trust file that pins the log."""
    log = LogDiscovery(
        origin=ORIGIN, vkeys=list(log_keys().vkeys), receipt_key=receipt_key().verifier.jwk
    )
    pairs: dict[str, Sequence[Signer]] = {
        f"REG-{n}": pair for n, pair in enumerate(registrar_pairs(), start=1)
    }
    return Trust(make_trust(registrars_of(pairs, threshold=2), log))


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


@cache
def the_stamp() -> tuple[bytes, bytes, bytes]:
    """Return a reply over some bytes and its root: made once, by keys that were thrown away."""
    folder = Path(__file__).parent / "stamp"
    reply, data, root = (folder / name for name in ("reply.tsr", "data.txt", "root.pem"))
    return reply.read_bytes(), data.read_bytes(), root.read_bytes()
