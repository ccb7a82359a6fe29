"""What a file proves: bundle, receipt, tlog-proof, COSE receipt or checkpoint, by its bytes.

Responsible for telling the kinds apart and for one report for all of them. A file says what it is
by its first bytes, never by its name.

    PK…                        a bundle (`sextant_client.verify`)
    {…                         a receipt of the exchange: custody, refusal or act
    c2sp.org/tlog-proof@v1     a tlog-proof; needs the entry's bytes
    0xd2, tag 18               a COSE receipt of inclusion; needs the entry's bytes
    <origin>                   a checkpoint: judged by the pinned policy
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sextant_client import errors as exits
from sextant_client.identity.judging import Check
from sextant_client.trust import Trust
from sextant_client.verifier.heads import (
    classed,
    cose_entry,
    head_of,
    logged_entry,
    pinned_receipt_key,
    standing,
    trusted_keys,
)
from sextant_client.verify import verify_bundle
from sextant_shared.clock import timestamp_s
from sextant_shared.encoding import b64u, b64u_decode, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import MAX_ACT_RECEIPT_BYTES, ActReceipt
from sextant_shared.models.entries import parse_entry
from sextant_shared.models.receipts import CustodyDocument, Level, RefusalDocument
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.acts import verify_act
from sextant_shared.protocol.checkpoints import Checkpoint
from sextant_shared.protocol.logproof import LoggedEntry
from sextant_shared.protocol.manifest import read_manifest
from sextant_shared.protocol.receipts import verify_custody
from sextant_shared.protocol.refusals import verify_refusal

MAX_FILE_BYTES = 1 << 20  # of everything but bundles and containers
_BUNDLE, _COSE, _RECEIPT, _PROOF = b"PK", b"\xd2", b"{", b"c2sp.org/tlog-proof@"
_RECEIPTS: Mapping[str, type[CustodyDocument] | type[RefusalDocument] | type[ActReceipt]] = {
    "custody": CustodyDocument,
    "refusal": RefusalDocument,
    "act": ActReceipt,
}


@dataclass(frozen=True)
class Proved:
    """What a file proves, check by check; `is_doubtful` when its own sender disowns it."""

    kind: str
    summary: str
    checks: tuple[Check, ...]
    level: Level | None
    facts: Mapping[str, Any]
    is_doubtful: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """All of it as one JSON document."""
        return {
            "kind": self.kind,
            "level": None if self.level is None else str(self.level),
            **self.facts,
            "checks": [{"name": check.name, "found": check.found} for check in self.checks],
        }

    @property
    def lines(self) -> list[str]:
        """All of it in lines for people."""
        told = [f"ok  {check.name:<18} {check.found}" for check in self.checks]
        return [*told, f"VERIFIED  {self.summary}"]


@dataclass(frozen=True)
class About:
    """What a proof is held against: an entry's bytes, or the container of the envelope."""

    entry: Path | None = None
    container: Path | None = None

    def leaf(self) -> bytes:
        """Return the bytes of the entry: a file of them, or a receipt that holds them.

        Raises:
            VerificationError: `USAGE` when no file was named, `BUNDLE_MALFORMED` for one that is
                neither.
            PlatformError: `E_STATE` when it cannot be read.
        """
        if self.entry is None:
            missing = PlatformError(
                Code.STATE,
                "this proof does not hold the entry that it is of",
                expected="the entry's bytes, or a receipt that holds them",
                received="neither",
                fix="Name the file: --entry FILE.",
            )
            raise exits.VerificationError(exits.USAGE, missing)
        data = _read(self.entry)
        return classed(exits.BUNDLE_MALFORMED, lambda: _leaf_in(data))


def verify_file(
    path: Path, trust: Trust, level: Level = Level.LOGGED, about: About | None = None
) -> Proved:
    """Return what a file proves; the first check that fails ends it.

    Raises:
        VerificationError: the failure, with its class.
        PlatformError: `E_STATE` for a file that is missing, here or in `about`.
    """
    start = _start(path)
    if start.startswith(_BUNDLE):
        return _bundle(path, trust, level)
    data = _read(path)
    given = about or About()
    if start.startswith(_RECEIPT):
        return _receipt(data, trust, level, given)
    if start.startswith(_COSE):
        return _cose(data, trust, level, given)
    text = classed(exits.BUNDLE_MALFORMED, lambda: _text(data))
    if start.startswith(_PROOF):
        return _proof(text, trust, level, given)
    return _checkpoint(text, trust, level)


def _bundle(path: Path, trust: Trust, level: Level) -> Proved:
    found = verify_bundle(path, trust, level)
    facts = {
        "sender": found.sender,
        "envelope": found.envelope_id,
        "index": found.index,
        "t": found.t,
        "flags": list(found.flags),
        "said": found.said,
    }
    said = found.said or "flagged, and its sender did not affirm it"
    summary = (
        f"{found.sender} sent {found.envelope_id}, log entry {found.index}, {found.t},"
        f" level {found.level}" + (f"; DOUBTFUL: {said}" if found.is_doubtful else "")
    )
    return Proved("bundle", summary, found.checks, found.level, facts, found.is_doubtful)


def _receipt(data: bytes, trust: Trust, level: Level, about: About) -> Proved:
    keys = trusted_keys(trust)
    document = classed(exits.BUNDLE_MALFORMED, lambda: _read_receipt(data))
    leaf = classed(exits.BUNDLE_MALFORMED, lambda: b64u_decode(document.entry))
    logged = logged_entry(leaf, document.proof, keys)
    entry = classed(exits.BUNDLE_MALFORMED, lambda: parse_entry(leaf))
    env = str(getattr(entry, "env", ""))
    found = [_logged(logged)]
    if isinstance(document, ActReceipt):
        classed(exits.BUNDLE_CONTENT, lambda: verify_act(data, env, keys))
        shown = "as committed" if document.detail is not None else "not shown: it is for others"
        found.append(Check("detail", shown))
    else:
        man = str(getattr(entry, "man", ""))
        digest = b64u_decode(man) if about.container is None else _digest(about.container)
        verify = verify_custody if isinstance(document, CustodyDocument) else verify_refusal
        classed(exits.BUNDLE_CUSTODY, lambda: verify(data, digest, env, keys))
        held = "of the container given" if about.container else "no container was given"
        found.append(Check("manifest", f"{man[:16]}… {held}"))
    judged = standing(logged.checkpoint, trust, level)
    found.append(Check("witnesses", judged.words))
    facts = {"type": entry.type, "envelope": env, "index": logged.index, "t": entry.t}
    summary = f"{entry.type} {env}, log entry {logged.index}, {entry.t}, level {judged.level}"
    return Proved(document.kind, summary, tuple(found), judged.level, facts)


def _proof(text: str, trust: Trust, level: Level, about: About) -> Proved:
    logged = logged_entry(about.leaf(), text, trusted_keys(trust))
    judged = standing(logged.checkpoint, trust, level)
    checks = (_logged(logged), Check("witnesses", judged.words))
    facts = {"index": logged.index, "size": logged.checkpoint.size}
    summary = f"log entry {logged.index}, level {judged.level}"
    return Proved("tlog-proof", summary, checks, judged.level, facts)


def _cose(data: bytes, trust: Trust, level: Level, about: About) -> Proved:
    receipt, root = cose_entry(about.leaf(), data, pinned_receipt_key(trust))
    if level is Level.WITNESSED:
        raise exits.VerificationError(
            exits.BUNDLE_WITNESSES,
            PlatformError(
                Code.POLICY,
                "no COSE receipt can carry a witness's cosignature",
                expected=Level.WITNESSED,
                received="a COSE receipt",
                fix="Verify the tlog-proof of the same entry.",
            ),
        )
    signed = timestamp_s(receipt.issued_at)
    checks = (
        Check("log", f"entry {receipt.index} under size {receipt.size}"),
        Check("root", f"{b64u(root)[:16]}… signed {signed} by {receipt.issuer}"),
    )
    facts = {"index": receipt.index, "size": receipt.size, "root": b64u(root), "t": signed}
    summary = f"log entry {receipt.index}, by one signature of the log and no witness"
    return Proved("cose", summary, checks, Level.LOGGED, facts)


def _checkpoint(text: str, trust: Trust, level: Level) -> Proved:
    head = head_of(text, trusted_keys(trust))
    _require_no_contradiction(head, trust)
    judged = standing(head, trust, level)
    checks = (
        Check("log", f"size {head.size}, root {b64u(head.root)[:16]}…, by both keys"),
        Check("witnesses", judged.words),
    )
    facts = {"size": head.size, "root": b64u(head.root), "t": timestamp_s(head.time)}
    summary = f"{head.origin}, size {head.size}, level {judged.level}"
    return Proved("checkpoint", summary, checks, judged.level, facts)


def _require_no_contradiction(head: Checkpoint, trust: Trust) -> None:
    """Refuse a head whose size is that of the newest known, with another root."""
    known = classed(exits.TRUST, trust.checkpoint)
    if known is not None and known.size == head.size and known.root != head.root:
        raise exits.VerificationError(
            exits.CONSISTENCY,
            PlatformError(
                Code.INTEGRITY,
                f"the log signed two heads of size {head.size}",
                expected=b64u(known.root),
                received=b64u(head.root),
                fix="Keep both: they are evidence (sextant log evidence).",
                evidence={"known": known.text, "seen": head.text},
            ),
        )


def _leaf_in(data: bytes) -> bytes:
    members = parse_json(data, max_bytes=MAX_FILE_BYTES)
    if members.get("kind") not in _RECEIPTS:
        return data
    return b64u_decode(_read_receipt(data).entry)


def _read_receipt(data: bytes) -> CustodyDocument | RefusalDocument | ActReceipt:
    members = parse_json(data, max_bytes=MAX_ACT_RECEIPT_BYTES)
    model = _RECEIPTS.get(str(members.get("kind")))
    if model is None:
        raise PlatformError(
            Code.MALFORMED,
            "unknown kind of receipt",
            expected=", ".join(_RECEIPTS),
            received=str(members.get("kind"))[:40],
        )
    return read_model(model, members)


def _logged(logged: LoggedEntry) -> Check:
    return Check("log", f"entry {logged.index} under size {logged.checkpoint.size}")


def _digest(container: Path) -> bytes:
    with _opened(container) as source:
        return classed(exits.BUNDLE_MALFORMED, lambda: read_manifest(source)).digest


def _start(path: Path) -> bytes:
    with _opened(path) as source:
        return source.read(32)


def _read(path: Path) -> bytes:
    with _opened(path) as source:
        data = source.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise exits.VerificationError(
            exits.BUNDLE_MALFORMED,
            PlatformError(Code.TOO_LARGE, f"{path.name} is larger than {MAX_FILE_BYTES} bytes"),
        )
    return data


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise PlatformError(
            Code.STATE, f"cannot read {path}", fix="Name a file that can be read."
        ) from error


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PlatformError(
            Code.MALFORMED,
            "it is no proof of a kind that is known",
            expected="a bundle, receipt, tlog-proof, COSE receipt or checkpoint",
        ) from error
