"""The C2SP tlog-proof text: proof that bytes stand in a log, checked without the log.

Responsible for the text form and for the whole check: path, root, both signatures of the log. Not
responsible for what the bytes mean (`sextant_shared.protocol.receipts`).

    proof = "c2sp.org/tlog-proof@v1" LF
            [ "extra " base64 LF ]              ; unauthenticated, never handed on
            "index " decimal LF
            *( base64(hash) LF )                ; the leaf's sibling first
            LF
            checkpoint
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sextant_shared.encoding import b64, b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.notes import MAX_NOTE_CHARS
from sextant_shared.merkle.proofs import MAX_PATH, verify_inclusion
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF_CHARS = MAX_NOTE_CHARS + 65_536
_INDEX_LINE = re.compile("index (0|[1-9][0-9]{0,18})", re.ASCII)
_EXTRA = "extra "


@dataclass(frozen=True, slots=True)
class LogProof:
    """A proof as read; nothing is verified, and `extra` never can be."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """Bytes proved to stand at `index` of the log, under a checkpoint that the log signed."""

    index: int
    leaf: bytes
    checkpoint: Checkpoint


def format_proof(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """Return the proof as text."""
    return join_proof(index, [b64(node) for node in path], checkpoint)


def join_proof(index: int, path: Sequence[str], checkpoint: str) -> str:
    """Return the proof as text, of hashes that are text already: canonical, padded base64."""
    hashes = "".join(f"{node}\n" for node in path)
    return f"{HEADER}\nindex {index}\n{hashes}\n{checkpoint}"


def parse_proof(text: str) -> LogProof:
    """Return the proof in `text`.

    Raises:
        PlatformError: `E_MALFORMED` for anything but a well-formed proof, `E_TOO_LARGE`.
    """
    if len(text) > MAX_PROOF_CHARS:
        raise PlatformError(Code.TOO_LARGE, f"a proof is longer than {MAX_PROOF_CHARS} characters")
    head, separator, checkpoint = text.partition("\n\n")
    header, *lines = head.split("\n")
    if header != HEADER or not separator:
        raise _malformed("the proof does not begin with its header", HEADER, header[:80])
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = b64_decode(lines.pop(0).removeprefix(_EXTRA))
    index = _INDEX_LINE.fullmatch(lines[0]) if lines else None
    if index is None:
        raise _malformed("the proof names no index", "index <decimal>", "".join(lines[:1])[:80])
    if len(lines) - 1 > MAX_PATH:
        raise _malformed("the path is too long", f"at most {MAX_PATH} hashes", str(len(lines) - 1))
    path = tuple(b64_decode(line) for line in lines[1:])
    return LogProof(int(index[1]), path, checkpoint, extra)


def verify_proof(leaf: bytes, text: str, keys: LogKeys) -> LoggedEntry:
    """Return where `leaf` stands in the pinned log.

    Raises:
        PlatformError: `E_MALFORMED`; `E_KEY` or `E_SIGNATURE` when the checkpoint is not the
            log's; `E_INTEGRITY` when the leaf does not stand under it.
    """
    proof = parse_proof(text)
    checkpoint = verify_checkpoint(proof.checkpoint, keys)
    verify_inclusion(proof.index, checkpoint.size, leaf_hash(leaf), proof.path, checkpoint.root)
    return LoggedEntry(proof.index, leaf, checkpoint)


def _malformed(detail: str, expected: str, received: str) -> PlatformError:
    return PlatformError(Code.MALFORMED, detail, expected=expected, received=received)
