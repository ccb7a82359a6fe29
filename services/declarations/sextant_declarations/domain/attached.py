"""What officers may read of the documents that came beside a message, through the gate.

A name says something of its content, so a list is an access as well, and so is the answer that
there is no such number.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.deliveries import Attachment
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.officers import Officers
from sextant_declarations.domain.reading import StoredEnvelope
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict


class AttachmentRows(Protocol):
    """What is known of attachments."""

    async def of_envelope(self, inbox: int, access: Access) -> list[Attachment]:
        """Return the attachments of one envelope, in order."""
        ...


class Packages(Protocol):
    """Reads the vault, for who has leave to."""

    def package(self, manifest_digest: bytes, access: Access) -> Path:
        """Return where a package stands."""
        ...


class AttachmentLine(Strict):
    """One attachment; `flaws` say why an archive should not be opened, `sha256` is base64url.

    Name and type are the sender's words: nothing vouches for them.
    """

    n: int
    name: str
    cty: str
    size: int
    sha256: str
    flaws: list[str]


class AttachmentList(Strict):
    """What came beside the message of an envelope, in the sender's order."""

    sender: str
    envelope: str
    attachments: list[AttachmentLine]


@dataclass(frozen=True)
class Attached:
    """The use cases; `officers` finds envelopes, and has the gate."""

    officers: Officers
    rows: AttachmentRows
    files: Packages

    async def listed(self, envelope: StoredEnvelope, reader: Reader) -> AttachmentList:
        """Return what came beside the message."""
        digest = envelope.manifest_digest
        access = await self.officers.gate.envelopes(reader, Gives.ATTACHMENTS, digest)
        return AttachmentList(
            sender=envelope.sender,
            envelope=envelope.id,
            attachments=[_line(one) for one in await self.rows.of_envelope(envelope.inbox, access)],
        )

    async def read(
        self, envelope: StoredEnvelope, n: int, reader: Reader
    ) -> tuple[Path, Attachment]:
        """Return the package and which bytes of it are attachment `n`.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        digest = envelope.manifest_digest
        access = await self.officers.gate.envelopes(reader, Gives.ATTACHMENT, digest, part=n)
        found = {one.n: one for one in await self.rows.of_envelope(envelope.inbox, access)}
        if n not in found:
            raise PlatformError(
                Code.NOT_FOUND,
                f"{_name(envelope)} has no attachment {n}",
                expected=f"1 to {len(found)}" if found else "it has none",
                received=str(n),
                fix="Take the number from the list of attachments.",
            )
        return self.files.package(digest, access), found[n]


def _name(envelope: StoredEnvelope) -> str:
    return f"envelope {envelope.sender} {envelope.id}"


def _line(one: Attachment) -> AttachmentLine:
    return AttachmentLine(
        n=one.n,
        name=one.name,
        cty=one.cty,
        size=one.size,
        sha256=b64u(one.digest),
        flaws=list(one.flaws),
    )
