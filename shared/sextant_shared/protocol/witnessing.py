"""What a log and a witness say to each other: the request of C2SP tlog-witness, and its judgement.

Responsible for the body of `add-checkpoint`, read strictly and written back to the same bytes, and
for what a witness answers to it, as a pure decision over what it holds. Not responsible for
keeping what was decided: whoever acts on `Accepted` makes it durable before a word leaves.

    body = "old " decimal LF  *63( base64(hash) LF )  LF  checkpoint

    404  the origin is unknown
    403  no signature of a key that is trusted for it, or one that does not hold
    400  the old size exceeds the size, or the body is none
    409  the old size is not the one held: the answer is that size
    409  the size is the one held, the root is another: no size in the answer
    422  the consistency proof does not hold
    200  cosignatures
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sextant_shared.crypto.keys import okp_jwk
from sextant_shared.crypto.signing import Verifier
from sextant_shared.encoding import b64, b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT, HASH_SIZE
from sextant_shared.merkle.notes import (
    MAX_TREE_SIZE,
    CheckpointBody,
    Note,
    NoteSignature,
    VerifierKey,
    parse_checkpoint_body,
    parse_note,
)
from sextant_shared.merkle.proofs import MAX_PATH, verify_consistency
from sextant_shared.protocol.checkpoints import ED25519_NOTE
from sextant_shared.protocol.cosignatures import Cosigner, verify_cosignature

MAX_REQUEST_BYTES = 65_536
SIZE_TYPE = "text/x.tlog.size"
OK, BAD_REQUEST, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 200, 400, 403, 404, 409, 422
_OLD = re.compile("old (0|[1-9][0-9]{0,18})", re.ASCII)
_SIZE_ANSWER = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request as read: the size the caller believes we hold, the proof from it, the head."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Held:
    """The newest head that was cosigned for an origin; size 0 before the first."""

    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Accepted:
    """A head that may be cosigned; `lines` are the log's own signatures that were verified."""

    body: CheckpointBody
    lines: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer other than cosignatures; `is_evidence` when the log signed what it must not."""

    status: int
    detail: str
    held: int | None = None
    is_evidence: bool = False


def format_add_checkpoint(request: AddCheckpoint) -> bytes:
    """Return the body of a request.

    Raises:
        PlatformError: `E_MALFORMED` when it could not be read back.
    """
    proof = "".join(f"{b64(node)}\n" for node in request.proof)
    data = f"old {request.old}\n{proof}\n{request.checkpoint}".encode()
    if parse_add_checkpoint(data) != request:
        raise _malformed("the request cannot be written", "an old size, a proof and a checkpoint")
    return data


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """Return the request in a body; the checkpoint is a note with the text of a checkpoint.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise PlatformError(Code.TOO_LARGE, f"a request has at most {MAX_REQUEST_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed("the request is not UTF-8", "text") from error
    head, separator, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if not separator or old is None or int(old[1]) > MAX_TREE_SIZE:
        raise _malformed("the request has no old size", "old <decimal>, proof, blank line, note")
    if len(lines) > MAX_PATH:
        raise _malformed("the proof is too long", f"at most {MAX_PATH} hashes")
    proof = tuple(b64_decode(line, HASH_SIZE) for line in lines)
    parse_checkpoint_body(parse_note(checkpoint).text)
    return AddCheckpoint(int(old[1]), proof, checkpoint)


def format_size(size: int) -> bytes:
    """Return the body of the answer that says which size is held."""
    return f"{size}\n".encode()


def parse_size(data: bytes) -> int:
    """Return the size in the body of a conflict.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    match = _SIZE_ANSWER.fullmatch(data)
    if match is None or int(match[1]) > MAX_TREE_SIZE:
        raise _malformed("a conflict does not say which size is held", "a decimal and a newline")
    return int(match[1])


KnownLogs = Mapping[str, Sequence[VerifierKey]]
"""The keys that are trusted for each origin."""


def known_logs(keys: Iterable[VerifierKey]) -> dict[str, list[VerifierKey]]:
    """Return keys by the origin they are named by."""
    known: dict[str, list[VerifierKey]] = {}
    for key in keys:
        known.setdefault(key.name, []).append(key)
    return known


def origin_of(request: AddCheckpoint) -> str:
    """Return the origin that a request is about."""
    return parse_checkpoint_body(parse_note(request.checkpoint).text).origin


def judge_request(request: AddCheckpoint, logs: KnownLogs, held: Held) -> Accepted | Refused:
    """Decide on a request, in the order of tlog-witness; `held` is what is kept of its origin."""
    note = parse_note(request.checkpoint)
    body = parse_checkpoint_body(note.text)
    if body.origin not in logs:
        return Refused(NOT_FOUND, "this witness does not follow a log of that origin")
    if body.extensions:
        return Refused(BAD_REQUEST, "extension lines are not cosigned")
    try:
        lines = _log_signatures(note, body, logs[body.origin])
    except PlatformError as error:
        return Refused(FORBIDDEN, error.detail)
    return _discontinuity(request, body, held) or Accepted(body, lines)


def _discontinuity(request: AddCheckpoint, body: CheckpointBody, held: Held) -> Refused | None:
    """Return why the head does not continue the one held, if it does not."""
    if request.old > body.size:
        return Refused(BAD_REQUEST, "the old size exceeds the size of the checkpoint")
    if request.old != held.size:
        return Refused(CONFLICT, "another size is held", held=held.size)
    return _contradiction(request, body, held)


def _contradiction(request: AddCheckpoint, body: CheckpointBody, held: Held) -> Refused | None:
    """Return why the tree is not a continuation of the one held, if it is not."""
    if body.size == 0 and body.root != EMPTY_ROOT:
        return Refused(UNPROCESSABLE, "the root is not that of the empty tree", is_evidence=True)
    if held.size > 0 and body.size == held.size and body.root != held.root:
        detail = "a head of this size and another root was cosigned before"
        return Refused(CONFLICT, detail, is_evidence=True)
    if held.size == 0:
        return Refused(UNPROCESSABLE, "a first head needs no proof") if request.proof else None
    try:
        verify_consistency(held.size, body.size, request.proof, held.root, body.root)
    except PlatformError as error:
        return Refused(UNPROCESSABLE, error.detail, is_evidence=True)
    return None


def _log_signatures(
    note: Note, body: CheckpointBody, keys: Sequence[VerifierKey]
) -> tuple[NoteSignature, ...]:
    """Return the log's signatures: one at least of each type of key trusted, and none that fails.

    Raises:
        PlatformError: `E_KEY`, `E_SIGNATURE`, `E_MALFORMED`.
    """
    found: list[NoteSignature] = []
    types: set[int] = set()
    for key in keys:
        for line in note.signatures:
            if (line.name, line.key_id) == (key.name, key.key_id):
                _verify_log_line(key, note, body, line.signature)
                found.append(line)
                types.add(key.type)
    missing = {key.type for key in keys} - types
    if missing:
        raise PlatformError(
            Code.KEY,
            "the checkpoint lacks a signature of the log by "
            + ", ".join(f"a key of type 0x{kind:02x}" for kind in sorted(missing)),
        )
    return tuple(found)


def _verify_log_line(key: VerifierKey, note: Note, body: CheckpointBody, signature: bytes) -> None:
    if key.type == ED25519_NOTE:
        Verifier.from_jwk(okp_jwk(key.public_key)).verify(note.text.encode(), signature)
    else:
        verify_cosignature(Cosigner.from_key(key), body, signature)


def _malformed(detail: str, expected: str) -> PlatformError:
    return PlatformError(Code.MALFORMED, detail, expected=expected)
