"""What audit service and signer say to each other over a Unix socket, and its only form.

    frame     4 bytes of length (big-endian, at most 65,536), then canonical JSON (RFC 8785)
    hold      {"op":"hold","origin":…,"v":1}     be the one for whom heads are signed -> standing
    look      {"op":"look","origin":…,"v":1}     read what was signed last            -> standing
    sign      {"op":"sign","origin":…,"path":[…],"root":…,"size":…,"v":1}             -> signed
    root      {"op":"sign-root","origin":…,"path":[…],"root":…,"size":…,"v":1}   -> signed root
    standing  {"receipt_key":{…} or null,"root":…,"size":…,"v":1,"vkeys":[…]}
    signed    {"checkpoint":…,"v":1}
    signed root  {"protected":…,"signature":…,"v":1}                     of COSE receipts, base64
    refused   {"problem":{…},"retry_after_s":…,"v":1}

Responsible for reading both directions strictly: a frame has one spelling, everything else is
refused. Not responsible for sockets, nor for who may ask what (`server`).
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from sextant_shared.encoding import b64, b64_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.cose_receipts import ReceiptKey, SignedRoot
from sextant_shared.protocol.problems import error_of, problem_of

LENGTH_BYTES = 4
MAX_FRAME_BYTES = 65_536
MAX_PATH = 128  # a consistency proof between sizes below 2^63 has at most 126 hashes
_NO_PROBLEM = 500  # what a refusal without a known code counts as
_MAX_FINDINGS = 8  # a frame full of faults is answered in one frame

Size = Annotated[int, Field(ge=0)]
Hash = Annotated[str, Field(max_length=44)]


class Ask(Strict):
    """Asks for the standing of the signer; `hold` also for the right to have heads signed."""

    v: Version1
    op: Literal["hold", "look"]
    origin: str


class AskToSign(Strict):
    """Asks for a signed head; `path` is the consistency proof from the head signed before."""

    v: Version1
    op: Literal["sign"]
    origin: str
    size: Size
    root: Hash
    path: Annotated[list[Hash], Field(max_length=MAX_PATH)]

    @property
    def head(self) -> tuple[int, bytes, list[bytes]]:
        """Size, root and path in bytes.

        Raises:
            PlatformError: `E_MALFORMED` when a hash is none.
        """
        path = [b64_decode(node, HASH_SIZE) for node in self.path]
        return self.size, b64_decode(self.root, HASH_SIZE), path


class AskForRoot(AskToSign):
    """Asks for a signature of COSE receipts; `path` leads from this head to the one remembered."""

    op: Literal["sign-root"]  # type: ignore[assignment]  # the same members under another word


class Standing(Strict):
    """The public identity of the log and the newest head that was agreed to."""

    v: Version1
    vkeys: list[str]
    receipt_key: dict[str, str] | None
    size: Size
    root: Hash

    @classmethod
    def of(cls, keys: LogKeys, receipts: ReceiptKey | None, size: int, root: bytes) -> "Standing":
        """Return the standing of a signer."""
        jwk = receipts.verifier.jwk if receipts else None
        return cls(v=1, vkeys=list(keys.vkeys), receipt_key=jwk, size=size, root=b64(root))


class Signed(Strict):
    """A checkpoint with both signatures of the log."""

    v: Version1
    checkpoint: str


class RootSigned(Strict):
    """A signed root of COSE receipts."""

    v: Version1
    protected: Annotated[str, Field(max_length=MAX_FRAME_BYTES)]
    signature: Annotated[str, Field(max_length=MAX_FRAME_BYTES)]

    @classmethod
    def of(cls, signed: SignedRoot) -> "RootSigned":
        """Return it in its wire form."""
        return cls(v=1, protected=b64(signed.protected), signature=b64(signed.signature))

    @property
    def signed(self) -> SignedRoot:
        """It in bytes, not yet verified.

        Raises:
            PlatformError: `E_MALFORMED`.
        """
        return SignedRoot(b64_decode(self.protected), b64_decode(self.signature))


class Refused(Strict):
    """A refusal, in the form that services give each other (RFC 9457)."""

    v: Version1
    problem: dict[str, Any]
    retry_after_s: int | None

    @classmethod
    def of(cls, error: PlatformError) -> "Refused":
        """Return the refusal that carries an error, its findings cut to what fits a frame."""
        told = PlatformError(
            error.code,
            error.detail,
            expected=error.expected,
            received=error.received,
            fix=error.fix,
            findings=error.findings[:_MAX_FINDINGS],
            evidence=error.evidence,
        )
        return cls(v=1, problem=problem_of(told), retry_after_s=error.retry_after_s)

    @property
    def error(self) -> PlatformError:
        """The error it carries."""
        return error_of(_NO_PROBLEM, canonical_json(self.problem), self.retry_after_s)


Message = Ask | AskToSign | AskForRoot | Standing | Signed | RootSigned | Refused


def ask_to_sign(origin: str, size: int, root: bytes, path: Sequence[bytes]) -> AskToSign:
    """Return the request for a head in its wire form."""
    nodes = [b64(node) for node in path]
    return AskToSign(v=1, op="sign", origin=origin, size=size, root=b64(root), path=nodes)


def ask_for_root(origin: str, size: int, root: bytes, path: Sequence[bytes]) -> AskForRoot:
    """Return the request for a signature of COSE receipts in its wire form."""
    nodes = [b64(node) for node in path]
    return AskForRoot(v=1, op="sign-root", origin=origin, size=size, root=b64(root), path=nodes)


def format_frame(message: Message) -> bytes:
    """Return length and bytes of a message.

    Raises:
        PlatformError: `E_TOO_LARGE` beyond what a frame may hold.
    """
    body = canonical_json(message.model_dump(mode="json"))
    if len(body) > MAX_FRAME_BYTES:
        raise _too_large(len(body))
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def frame_length(head: bytes) -> int:
    """Return how many bytes follow a frame's head.

    Raises:
        PlatformError: `E_TOO_LARGE`, or `E_MALFORMED` for an empty frame.
    """
    length = int.from_bytes(head, "big")
    if length > MAX_FRAME_BYTES:
        raise _too_large(length)
    if length == 0:
        raise PlatformError(Code.MALFORMED, "an empty frame", expected="canonical JSON")
    return length


def read_request(body: bytes) -> Ask | AskToSign | AskForRoot:
    """Return the request in a frame.

    Raises:
        PlatformError: `E_MALFORMED` for what is no canonical JSON or fits no request.
    """
    members = _members(body)
    if members.get("op") == "sign-root":
        return read_model(AskForRoot, members)
    if members.get("op") == "sign":
        return read_model(AskToSign, members)
    return read_model(Ask, members)


def read_standing(body: bytes) -> Standing:
    """Return the standing in an answer.

    Raises:
        PlatformError: the refusal, if it is one; `E_MALFORMED` for what is no answer.
    """
    return read_model(Standing, _answered(body))


def read_signed(body: bytes) -> Signed:
    """Return the signed head in an answer.

    Raises:
        PlatformError: the refusal, if it is one; `E_MALFORMED` for what is no answer.
    """
    return read_model(Signed, _answered(body))


def read_signed_root(body: bytes) -> SignedRoot:
    """Return the signed root in an answer.

    Raises:
        PlatformError: the refusal, if it is one; `E_MALFORMED` for what is no answer.
    """
    return read_model(RootSigned, _answered(body)).signed


def _answered(body: bytes) -> dict[str, Any]:
    members = _members(body)
    if "problem" in members:
        raise read_model(Refused, members).error
    return members


def _members(body: bytes) -> dict[str, Any]:
    members = parse_json(body, max_bytes=MAX_FRAME_BYTES)
    if canonical_json(members) != body:
        raise PlatformError(
            Code.MALFORMED, "the frame is not canonical JSON", expected="RFC 8785", received="other"
        )
    return members


def _too_large(length: int) -> PlatformError:
    return PlatformError(
        Code.TOO_LARGE,
        "the frame is too long",
        expected=f"at most {MAX_FRAME_BYTES} bytes",
        received=f"{length} bytes",
    )
