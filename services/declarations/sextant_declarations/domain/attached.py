"""What officers may read of the documents that came beside a message; the access log comes first.

A name says something of its content, so a list leaves a line as well.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sextant_declarations.domain.deliveries import Attachment
from sextant_declarations.domain.officers import Officers, Reader
from sextant_declarations.domain.reading import StoredEnvelope
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict


class AttachmentRows(Protocol):
    """What is known of attachments."""

    async def of_envelope(self, inbox: int) -> list[Attachment]:
        """Return the attachments of one envelope, in order."""
        ...


class Packages(Protocol):
    """Reads the vault."""

    def package(self, manifest_digest: bytes) -> Path:
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
    """The use cases; `officers` finds envelopes and keeps the access log."""

    officers: Officers
    rows: AttachmentRows
    files: Packages

    async def listed(self, envelope: StoredEnvelope, reader: Reader) -> AttachmentList:
        """Return what came beside the message."""
        await self.officers.note(reader, "attachments", _name(envelope))
        return AttachmentList(
            sender=envelope.sender,
            envelope=envelope.id,
            attachments=[_line(one) for one in await self.rows.of_envelope(envelope.inbox)],
        )

    async def read(
        self, envelope: StoredEnvelope, n: int, reader: Reader
    ) -> tuple[Path, Attachment]:
        """Return the package and which bytes of it are attachment `n`.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = {one.n: one for one in await self.rows.of_envelope(envelope.inbox)}
        if n not in found:
            raise PlatformError(
                Code.NOT_FOUND,
                f"{_name(envelope)} has no attachment {n}",
                expected=f"1 to {len(found)}" if found else "it has none",
                received=str(n),
                fix="Take the number from the list of attachments.",
            )
        await self.officers.note(reader, "attachment", f"{_name(envelope)} attachment {n}")
        return self.files.package(envelope.manifest_digest), found[n]


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
