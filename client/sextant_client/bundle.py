"""Writes a bundle: everything a stranger needs to verify one envelope without asking anybody."""

import html
import json
import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from sextant_client.client import Client
from sextant_client.documents import COSE, ENTRY, PROOF, fetch_cose, proof_members
from sextant_client.evidence import contact
from sextant_client.identity.saying import statements_on
from sextant_client.received import Received
from sextant_client.sent import SentEnvelope
from sextant_client.verify import (
    CHECKPOINT,
    CONSISTENCY,
    INDEX,
    SUMMARY,
    BundleIndex,
    EnvelopeMembers,
)
from sextant_shared.encoding import b64, b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import ConsistencyProof
from sextant_shared.models.receipts import OutcomeReceipt
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from sextant_shared.protocol.logproof import verify_proof
from sextant_shared.protocol.receipts import parse_custody, verify_custody


def create_bundle(client: Client, envelope_id: str, target: Path, *, with_content: bool) -> Path:
    """Write the bundle of one of our envelopes and its replies to `target`.

    With content, whoever gets the bundle can read what was declared; without, only check it.

    Raises:
        PlatformError: `E_STATE` while the receipt is pending; what fetching proofs raises.
    """
    sent = client.sent.find(envelope_id)
    if not sent.receipt.exists():
        raise PlatformError(Code.STATE, "the custody receipt has not come yet")
    replies = list(client.sent.replies(client.home.inbox, envelope_id))
    members = {"envelope/container.dxe": sent.container.read_bytes()}
    members["envelope/custody.json"] = sent.receipt.read_bytes()
    members["envelope/registry.json"] = _own_registry(client, sent)
    senders = {sent.header.from_, *(reply.header.from_ for reply in replies)}
    members |= {_history(party): _own_history(client, party) for party in sorted(senders)}
    said = statements_on(client, sent.header.from_, sent.id)
    members["envelope/statements.json"] = said.model_dump_json().encode()
    if with_content:
        members["envelope/content"] = sent.content.read_bytes()
    for number, reply in enumerate(replies, start=1):
        members |= dict(_reply_members(number, reply))
    receipts = {"envelope": sent.receipt.read_bytes()}
    receipts |= {f"reply-{n}": reply.receipt.read_bytes() for n, reply in enumerate(replies, 1)}
    members |= _evidence(client, receipts)
    members[SUMMARY] = _summary(sent, replies).encode()
    index = BundleIndex(
        v=1,
        kind="sextant-bundle",
        envelope=EnvelopeMembers(
            container="envelope/container.dxe",
            custody="envelope/custody.json",
            registry="envelope/registry.json",
            content="envelope/content" if with_content else None,
            kpc=b64u(sent.kpc) if with_content else None,
            history=_history(sent.header.from_),
            statements="envelope/statements.json",
            **_proof_names("envelope", members),
        ),
        replies=[_reply_names(n, reply, members) for n, reply in enumerate(replies, start=1)],
        members={name: sha256(data).hexdigest() for name, data in members.items()},
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(INDEX, index.model_dump_json(indent=1))
        for name, data in members.items():
            archive.writestr(name, data)
    return target


def _history(party: str) -> str:
    return f"history/{party}.json"


def _own_history(client: Client, party: str) -> bytes:
    """Return every version of a party's keys: what the log says of its signatures since."""
    return client.parties.history(party)[0].model_dump_json().encode()


def _own_registry(client: Client, sent: SentEnvelope) -> bytes:
    manifest = sent.manifest()
    receipt = verify_custody(
        sent.receipt.read_bytes(), manifest.digest, sent.id, client.trust.log_keys
    )
    proof, _ = client.parties.at(manifest.header.from_, receipt.reg)
    return proof.model_dump_json().encode()


def _reply_members(number: int, reply: Received) -> Iterator[tuple[str, bytes]]:
    folder = f"reply-{number}"
    yield f"{folder}/container.dxe", reply.container.read_bytes()
    yield f"{folder}/custody.json", reply.receipt.read_bytes()
    yield f"{folder}/registry.json", json.dumps(reply.registry).encode()
    yield f"{folder}/content", reply.content.read_bytes()


def _proof_names(folder: str, members: Mapping[str, bytes]) -> dict[str, str]:
    """Return which documents for others' tools a folder of the bundle has."""
    named = {"entry": ENTRY, "proof": PROOF, "cose": COSE}
    found = {kind: f"{folder}/{name}" for kind, name in named.items()}
    return {kind: name for kind, name in found.items() if name in members}


def _reply_names(number: int, reply: Received, members: Mapping[str, bytes]) -> EnvelopeMembers:
    folder = f"reply-{number}"
    return EnvelopeMembers(
        container=f"{folder}/container.dxe",
        custody=f"{folder}/custody.json",
        registry=f"{folder}/registry.json",
        content=f"{folder}/content",
        kpc=b64u(reply.kpc),
        history=_history(reply.header.from_),
        **_proof_names(folder, members),
    )


def _evidence(client: Client, receipts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the newest checkpoint, what joins each receipt to it, and each entry's own proofs."""
    cose = fetch_cose(client.log, list(receipts.values()))
    newest = _newest(client, list(receipts.values()))
    sizes = {_checkpoint_of(client, raw).size for raw in receipts.values()}
    sizes |= {cose.size} if cose.by_index else set()
    proofs = {}
    for size in sizes - {newest.size}:
        first, second = sorted((size, newest.size))
        path = [b64(node) for node in client.log.consistency(first, second)]
        proof = ConsistencyProof(first=first, second=second, path=path)
        proofs[str(first)] = proof.model_dump()
    members = {CHECKPOINT: newest.text.encode(), CONSISTENCY: json.dumps(proofs).encode()}
    for folder, raw in receipts.items():
        members |= proof_members(client.log, folder, raw, newest, cose)
    return members


def _newest(client: Client, receipts: list[bytes]) -> Checkpoint:
    """Return the newest witnessed checkpoint that continues all receipts.

    While no quorum has signed a head after the receipts, it is the newest checkpoint.
    """
    newest = client.log.checkpoint(client.trust.log_keys)
    largest = max((_checkpoint_of(client, raw) for raw in receipts), key=lambda head: head.size)
    witnessed = client.log.witnessed(largest.size)
    if witnessed is not None:
        newest = verify_checkpoint(witnessed.checkpoint, client.trust.log_keys)
    if largest.size > newest.size:
        newest = largest  # the published head moves at most once a second
    contact(client.home, client.trust, newest, client.log)
    return newest


def _checkpoint_of(client: Client, raw: bytes) -> Checkpoint:
    document = parse_custody(raw)
    leaf = b64u_decode(document.entry)
    return verify_proof(leaf, document.proof, client.trust.log_keys).checkpoint


def _summary(sent: SentEnvelope, replies: list[Received]) -> str:
    """Return a page for people; what counts is in the other members."""
    header = sent.header
    rows = [
        ("Envelope", sent.id),
        ("From", header.from_),
        ("To", ", ".join(to.party for to in header.to)),
        ("Type", header.type),
        ("Class", str(header.class_)),
        ("Created", header.created),
        ("Manifest SHA-256", b64u(sent.digest)),
    ]
    for reply in replies:
        answer = reply.answer()
        if answer is not None:
            rows.append((f"Reply: {answer.kind}", f"{answer.verdict} at {answer.t}"))
        if isinstance(answer, OutcomeReceipt):
            rows.append(("Registration", answer.registration or "none"))
            rows.append(("Findings", str(len(answer.findings))))
            rows += [(f.rule, f"{f.severity}: {f.message}") for f in answer.findings]
    cells = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in rows
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Copy of record</title>'
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;"
        "padding:0 1rem}th{text-align:left;padding-right:1rem;vertical-align:top}"
        "td{overflow-wrap:anywhere}</style>"
        f"<h1>Copy of record</h1><table>{cells}</table>"
        "<p>Verify it offline: <code>sextant bundle verify FILE --trust trust.json</code></p>"
        "</html>"
    )
