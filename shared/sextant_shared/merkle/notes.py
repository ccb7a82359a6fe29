"""Text forms around a signed tree head: notes, verifier keys, the body of a checkpoint.

Responsible for C2SP signed-note and tlog-checkpoint as text, read strictly and written back to
the same bytes. Not responsible for signatures: `sextant_shared.protocol.checkpoints` checks them.

    note       = text LF 1*signature                 ; text ends in LF and is never empty
    signature  = "— " name " " base64(key id, 4 bytes || signature) LF
    vkey       = name "+" 8HEXDIG "+" base64(type, 1 byte || public key)
    checkpoint = origin LF size LF base64(root) LF *( extension LF )
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sextant_shared.encoding import b64, b64_decode, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE

MAX_NOTE_CHARS = 524_288
MAX_SIGNATURES = 64  # the specification demands at least 16
MAX_NAME_BYTES = 255  # tlog-cosignature gives names and origins one length byte
MAX_TREE_SIZE = 2**63 - 1
KEY_ID_SIZE = 4
_SIGNATURE_PREFIX = "— "
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")  # surrogates have no UTF-8 either
_SIZE = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)
_KEY_ID = re.compile("[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who claims to have signed, and the bytes; nothing is verified."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read: the signed text with its final newline, and the signature lines."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key for notes: its name, signature type byte and encoded key."""

    name: str
    type: int
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name || LF || type || public key)."""
        material = self.name.encode() + b"\n" + bytes([self.type]) + self.public_key
        return sha256(material)[:KEY_ID_SIZE]


@dataclass(frozen=True, slots=True)
class CheckpointBody:
    """The text of a checkpoint."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def format_note(note: Note) -> str:
    """Return the note as text.

    Raises:
        PlatformError: `E_MALFORMED` when it could not be read back.
    """
    formatted = f"{note.text}\n{format_signatures(note.signatures)}"
    if parse_note(formatted) != note:
        raise _malformed("the text cannot be signed as a note")
    return formatted


def parse_note(text: str) -> Note:
    """Return the note in `text`.

    Raises:
        PlatformError: `E_MALFORMED` for anything but a well-formed note, `E_TOO_LARGE`.
    """
    if len(text) > MAX_NOTE_CHARS:
        raise PlatformError(Code.TOO_LARGE, f"a note is longer than {MAX_NOTE_CHARS} characters")
    if _CONTROL.search(text):
        raise _malformed("the note contains a control character")
    # signed-note: the text is separated from the signatures by the last empty line.
    body, separator, rest = text.rpartition("\n\n")
    if not separator or not body or not rest.endswith("\n"):
        raise _malformed("the note has no blank line between its text and its signatures")
    return Note(f"{body}\n", _parse_lines(rest))


def format_signatures(signatures: Sequence[NoteSignature]) -> str:
    """Return signature lines, each with its newline."""
    return "".join(
        f"{_SIGNATURE_PREFIX}{line.name} {b64(line.key_id + line.signature)}\n"
        for line in signatures
    )


def parse_signatures(text: str) -> tuple[NoteSignature, ...]:
    """Return the signature lines in `text`, which holds nothing else, and at least one.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`.
    """
    if len(text) > MAX_NOTE_CHARS:
        raise PlatformError(Code.TOO_LARGE, f"lines of more than {MAX_NOTE_CHARS} characters")
    if _CONTROL.search(text) or not text.endswith("\n"):
        raise _malformed("signature lines hold a control character or do not end in a newline")
    return _parse_lines(text)


def with_signatures(text: str, signatures: Sequence[NoteSignature]) -> str:
    """Return the note `text` with further signature lines at its end.

    Raises:
        PlatformError: `E_MALFORMED`, for a note or lines that are none, or too many of them.
    """
    note = parse_note(text)
    return format_note(Note(note.text, (*note.signatures, *signatures)))


def _parse_lines(text: str) -> tuple[NoteSignature, ...]:
    lines = text[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _malformed(f"the note has more than {MAX_SIGNATURES} signatures")
    return tuple(_parse_signature(line) for line in lines)


def _parse_signature(line: str) -> NoteSignature:
    name, separator, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    if not line.startswith(_SIGNATURE_PREFIX) or not separator or not is_key_name(name):
        raise _malformed("a signature line is not an em dash, a key name and base64")
    signature = b64_decode(encoded)
    if len(signature) <= KEY_ID_SIZE:
        raise _malformed("a signature line holds no signature")
    return NoteSignature(name, signature[:KEY_ID_SIZE], signature[KEY_ID_SIZE:])


def is_key_name(name: str) -> bool:
    """Whether `name` may name a key: not empty, no space of any script, no plus, 255 bytes."""
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        return False
    try:
        return len(name.encode()) <= MAX_NAME_BYTES
    except UnicodeEncodeError:
        return False


def format_vkey(key: VerifierKey) -> str:
    """Return the verifier key as one word."""
    return f"{key.name}+{key.key_id.hex()}+{b64(bytes([key.type]) + key.public_key)}"


def parse_vkey(text: str) -> VerifierKey:
    """Return the verifier key in `text`.

    Raises:
        PlatformError: `E_MALFORMED` for another shape, `E_KEY` when the id is not that of the key.
    """
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    if not is_key_name(name) or not _KEY_ID.fullmatch(key_id):
        raise _malformed("a verifier key is not <name>+<8 hexadecimal digits>+<base64>")
    material = b64_decode(encoded)
    if len(material) <= 1:
        raise _malformed("a verifier key holds no public key")
    key = VerifierKey(name, material[0], material[1:])
    if key.key_id.hex() != key_id:
        raise PlatformError(
            Code.KEY,
            f"the id of the verifier key {name} is not that of its key",
            expected=key.key_id.hex(),
            received=key_id,
        )
    return key


def format_checkpoint_body(body: CheckpointBody) -> str:
    """Return the text of a checkpoint, up to and with its last newline.

    Raises:
        PlatformError: `E_MALFORMED` when it could not be read back.
    """
    text = "\n".join([body.origin, str(body.size), b64(body.root), *body.extensions]) + "\n"
    if parse_checkpoint_body(text) != body:
        raise _malformed("the tree head cannot be written as a checkpoint")
    return text


def parse_checkpoint_body(text: str) -> CheckpointBody:
    """Return the tree head in the text of a checkpoint.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    lines = text.split("\n")
    if len(lines) < len(("origin", "size", "root", "")) or lines.pop() or not all(lines):
        raise _malformed("a checkpoint is at least three lines, none of them empty")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) > MAX_TREE_SIZE:
        raise _malformed("the size in a checkpoint is not a plain decimal number")
    return CheckpointBody(origin, int(size), b64_decode(root, HASH_SIZE), tuple(extensions))


def _malformed(detail: str) -> PlatformError:
    return PlatformError(Code.MALFORMED, detail)
