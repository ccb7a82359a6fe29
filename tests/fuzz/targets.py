"""One function for each reader of foreign bytes; anything but a `PlatformError` is a flaw.

A target that reads signed bytes comes twice: as they arrive, where a signature stops nearly
everything, and with the bytes inside validly signed or sealed again, so that what stands behind the
signature is reached as well.
"""

import io
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from sextant_client.verifier.files import About, verify_file
from sextant_shared.cbor import Tagged, decode_cbor, encode_cbor
from sextant_shared.clock import parse_timestamp
from sextant_shared.crypto.chunked import SALT_SIZE, BodyEncryptor
from sextant_shared.encoding import b64, b64u, canonical_json, parse_json
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.notes import (
    format_checkpoint_body,
    format_note,
    parse_checkpoint_body,
    parse_note,
    parse_vkey,
)
from sextant_shared.merkle.tiles import parse_bundle, parse_tile_path
from sextant_shared.models.acts import RECALL_TYP
from sextant_shared.models.entries import format_entry, parse_entry
from sextant_shared.models.envelope import MANIFEST_TYP
from sextant_shared.models.messages import read_message
from sextant_shared.models.party import PARTY_DOCUMENT_TYP, PartyHistory
from sextant_shared.models.statements import STATEMENT_TYP
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.acts import verify_act
from sextant_shared.protocol.archives import look_into
from sextant_shared.protocol.cose_receipts import (
    parse_receipt,
    verify_consistency_receipt,
    verify_inclusion_receipt,
)
from sextant_shared.protocol.envelope import open_bytes
from sextant_shared.protocol.jws import sign_jws
from sextant_shared.protocol.keyhistory import verify_history
from sextant_shared.protocol.levels import parse_witnessed
from sextant_shared.protocol.logproof import format_proof, parse_proof, verify_proof
from sextant_shared.protocol.manifest import (
    parse_manifest,
    read_manifest,
    verify_manifest,
)
from sextant_shared.protocol.package import check_package
from sextant_shared.protocol.parties import Registry, verify_party_document
from sextant_shared.protocol.policies import parse_policy
from sextant_shared.protocol.problems import error_of
from sextant_shared.protocol.recalls import read_recall, verify_recall
from sextant_shared.protocol.receipts import parse_custody, verify_custody
from sextant_shared.protocol.recovery import verify_recovery
from sextant_shared.protocol.refusals import verify_refusal
from sextant_shared.protocol.statements import read_statement
from sextant_shared.protocol.timestamps import read_roots, verify_timestamp
from sextant_shared.protocol.tokens import make_dpop_proof, read_assertion, verify_dpop_proof
from sextant_shared.protocol.witnessing import parse_add_checkpoint, parse_size
from tests.fuzz import made
from tests.fuzz.made import NOW, URL
from tests.support.envelopes import XAL, payload_of
from tests.support.logs import envelope_id, receipt_key
from tests.support.parties import opener, pair, registrar_pairs, registrars

Target = Callable[[bytes], object]


def container(data: bytes) -> None:
    """A whole container, as the exchange reads it and a recipient opens it."""
    source = io.BytesIO(data)
    manifest = read_manifest(source)
    verified = verify_manifest(manifest, made.the_pair())
    open_bytes(source.read(), verified, opener("SEC/seal"), "SEC")


def manifest_payload(data: bytes) -> None:
    """A payload that the sender signed."""
    manifest = parse_manifest(sign_jws(data, MANIFEST_TYP, XAL.sig))
    verify_manifest(manifest, made.the_pair())


def manifest_header(data: bytes) -> None:
    """A header inside a payload that the sender signed."""
    payload = payload_of(made.the_manifest()) | {"hdr": b64u(data)}
    parse_manifest(sign_jws(canonical_json(payload), MANIFEST_TYP, XAL.sig))


def body(data: bytes) -> None:
    """A body under the right key, of the length and digest that were signed."""
    made.opened(data)


def body_inside(data: bytes) -> None:
    """What the body holds: length, content and padding, sealed under the right key."""
    manifest = made.the_manifest()
    context = b"dxe/1 body\x00" + manifest.header_hash
    encryptor = BodyEncryptor(made.the_content_key(), context, bytes(SALT_SIZE))
    made.opened(encryptor.header + encryptor.update(data) + encryptor.finish())


def party_document(data: bytes) -> None:
    """A party document as it arrives."""
    verify_party_document(data, registrars(), None)


def party_payload(data: bytes) -> None:
    """A party document that the root pair and two registrars signed."""
    signers = XAL.signers(registrar_pairs()[:2])
    verify_party_document(sign_jws(data, PARTY_DOCUMENT_TYP, signers), registrars(), None)


def recovery_payload(data: bytes) -> None:
    """A document without the old root, which a new pair and all registrars signed."""
    signers = [*pair("new root"), *(half for both in registrar_pairs() for half in both)]
    raw = sign_jws(data, PARTY_DOCUMENT_TYP, signers)
    verify_recovery(raw, registrars(), made.the_life().document)


def party_history(data: bytes) -> None:
    """The versions of a party's document with their places in the log, as a service hands out."""
    found = read_model(PartyHistory, parse_json(data, max_bytes=1 << 22))
    verify_history(found, "NA-XAL", registrars(), made.the_life().log.keys)


def statement(data: bytes) -> None:
    """A sender's word on its envelope, as it arrives."""
    read_statement(data, Registry({"NA-XAL": made.the_life().document}))


def statement_payload(data: bytes) -> None:
    """A sender's word that its pair signed."""
    statement(sign_jws(data, STATEMENT_TYP, XAL.sig))


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
    verify_custody(data, sha256(b"manifest 1").digest(), envelope_id(1), made.the_log().keys)


def recall_payload(data: bytes) -> None:
    """A recall that the sender signed."""
    recall = read_recall(sign_jws(data, RECALL_TYP, XAL.sig))
    parse_timestamp(verify_recall(recall, made.the_pair()).created)


def act(data: bytes) -> None:
    """A receipt of an act."""
    verify_act(data, envelope_id(1), made.the_acts().keys)


def proof(data: bytes) -> None:
    """A tlog-proof with its checkpoint."""
    verify_proof(made.the_log().leaves[1], _text(data), made.the_log().keys)


def proof_form(data: bytes) -> None:
    """A tlog-proof in form alone; what is read is written back to the same text."""
    parsed = parse_proof(_text(data))
    extra = f"extra {b64(parsed.extra)}\n" if parsed.extra is not None else ""
    written = format_proof(parsed.index, parsed.path, parsed.checkpoint)
    assert written.replace("\n", f"\n{extra}", 1) == _text(data)


def tile_path(data: bytes) -> None:
    """A path of a tile; each tile has one."""
    assert parse_tile_path(_text(data)).path == _text(data)


def checkpoint_body(data: bytes) -> None:
    """The text of a checkpoint; it has one form."""
    assert format_checkpoint_body(parse_checkpoint_body(_text(data))) == _text(data)


def cbor(data: bytes) -> None:
    """Deterministic CBOR; what is read is written back to the same bytes."""
    assert encode_cbor(decode_cbor(data)) == data


def cose_receipt(data: bytes) -> None:
    """A COSE receipt of inclusion, as it arrives."""
    verify_inclusion_receipt(leaf_hash(made.the_log().leaves[1]), data, receipt_key())


def cose_consistency(data: bytes) -> None:
    """A COSE receipt of consistency."""
    verify_consistency_receipt(made.the_older_root(), data, receipt_key())


def cose_header(data: bytes) -> None:
    """A protected header inside a receipt that is well-formed around it."""
    parse_receipt(encode_cbor(Tagged(18, [data, *made.the_receipt_parts()[1:]])))


def cose_proof(data: bytes) -> None:
    """A proof inside a receipt that is well-formed and validly signed around it."""
    parts = made.the_receipt_parts()
    whole = encode_cbor(Tagged(18, [parts[0], {396: {-1: [data]}}, None, parts[3]]))
    verify_inclusion_receipt(leaf_hash(made.the_log().leaves[1]), whole, receipt_key())


def evidence(data: bytes) -> None:
    """A file of any kind before the offline verifier."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        entry = Path(folder) / "entry"
        entry.write_bytes(made.the_log().leaves[1])
        verify_file(path, made.the_trust(), about=About(entry))


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
    verify_refusal(data, bytes(32), envelope_id(1), made.the_log().keys)


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


def timestamp_reply(data: bytes) -> None:
    """The reply of a time-stamping authority, as the log and a reader take it."""
    _, stamped, roots = made.the_stamp()
    verify_timestamp(data, stamped, read_roots(roots))


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
        recovery_payload,
        party_history,
        statement,
        statement_payload,
        dpop_proof,
        dpop_claims,
        assertion,
        problem,
        receipt,
        recall_payload,
        act,
        proof,
        proof_form,
        tile_path,
        checkpoint_body,
        cbor,
        cose_receipt,
        cose_consistency,
        cose_header,
        cose_proof,
        evidence,
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
        timestamp_reply,
    )
}


def try_one(target: Target, data: bytes) -> bool:
    """Return whether the target took the bytes; a refusal with a code is an answer, too."""
    try:
        target(data)
    except PlatformError:
        return False
    return True


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
