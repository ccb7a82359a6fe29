"""What officers may read, and the access log they leave.

Whoever is given declared content stands in the access log first: the row is stored before the
answer is sent, so that no read goes unrecorded, whatever happens to the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sextant_declarations.domain.effective import Effective
from sextant_declarations.domain.ports import EvidenceRows, Files, Reading
from sextant_declarations.domain.reading import (
    Access,
    DeclarationPage,
    DeclarationView,
    EnvelopePage,
    Evidence,
    Filters,
    IntakeView,
    RegistryEvidence,
    StoredEnvelope,
)
from sextant_declarations.domain.registry import MAX_PROOF_BYTES
from sextant_declarations.domain.worker import Status
from sextant_shared.clock import Clock, timestamp_ms
from sextant_shared.encoding import b64u, b64u_decode, parse_json
from sextant_shared.errors import Code, PlatformError

SHOWN_OWED = 20  # lines of what is owed in one answer; the total says how many there are
SHOWN_ALARMS = 20
_POSITION_BYTES = 8


@dataclass(frozen=True, slots=True)
class Reader:
    """The officer who asks."""

    client: str
    role: str


@dataclass(frozen=True)
class Officers:
    """The use cases of the officers' interface."""

    reading: Reading
    evidence: EvidenceRows
    files: Files
    effective: Effective
    own_party: str
    clock: Clock
    status: Callable[[], Status]
    inline_bytes: int

    async def list_declarations(
        self, filters: Filters, *, cursor: str | None, limit: int
    ) -> DeclarationPage:
        """Return one page: facts of the newest versions, no declared content.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        before = None if cursor is None else _position(cursor)
        found = await self.reading.page(filters, before, limit + 1)
        shown = found[:limit]
        return DeclarationPage(
            declarations=[summary for _, summary in shown],
            next=_cursor(shown[-1][0]) if len(found) > limit else None,
        )

    async def read_declaration(self, id_: str, reader: Reader) -> DeclarationView:
        """Return all versions and findings of a declaration.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        summary = await self.reading.declaration(id_)
        if summary is None:
            raise _unknown(f"declaration {id_[:64]}")
        await self.note(reader, "findings", f"declaration {id_}")
        return DeclarationView(
            declaration=summary,
            versions=await self.reading.versions(id_),
            revisions=await self.reading.revisions(id_),
        )

    async def read_in_force(self, id_: str, reader: Reader) -> bytes:
        """Return what holds of a declaration, amendments folded in.

        Raises:
            PlatformError: `E_NOT_FOUND`, also when no version is in force; `E_TOO_LARGE`.
        """
        summary = await self.reading.declaration(id_)
        if summary is None:
            raise _unknown(f"declaration {id_[:64]}")
        await self.note(reader, "content", f"declaration {id_} in force")
        return await self.effective(summary.state, summary.declaration_id)

    async def version(self, id_: str, n: int | None) -> StoredEnvelope:
        """Return the envelope that brought version `n`, None for the newest. Gives no content.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        envelope = await self.evidence.bringer(id_, n)
        if envelope is None:
            raise _unknown(f"version {'' if n is None else n} of declaration {id_[:64]}")
        return envelope

    async def envelope(self, sender: str, id_: str) -> StoredEnvelope:
        """Return one envelope that was decided about. Gives no content.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        envelope = await self.evidence.envelope(sender, id_)
        if envelope is None:
            raise _unknown(f"envelope {id_[:64]} of {sender[:32]}")
        return envelope

    async def list_envelopes(
        self, nature: str | None, *, cursor: str | None, limit: int
    ) -> EnvelopePage:
        """Return one page of all envelopes, also those that were refused.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        before = None if cursor is None else _position(cursor)
        found = await self.reading.envelopes(nature, before, limit + 1)
        shown = found[:limit]
        return EnvelopePage(
            envelopes=[line for _, line in shown],
            next=_cursor(shown[-1][0]) if len(found) > limit else None,
        )

    async def read_content(self, envelope: StoredEnvelope, reader: Reader) -> Path:
        """Return where the plaintext stands.

        Raises:
            PlatformError: `E_NOT_FOUND` for an envelope that could not be opened.
        """
        if not envelope.has_content:
            raise PlatformError(Code.NOT_FOUND, "the envelope was refused; it has no content")
        await self.note(reader, "content", _name(envelope))
        return self.files.content(envelope.manifest_digest)

    async def read_container(self, envelope: StoredEnvelope, reader: Reader) -> Path:
        """Return where the sealed container stands."""
        await self.note(reader, "container", _name(envelope))
        return self.files.container(envelope.manifest_digest)

    async def read_evidence(self, envelope: StoredEnvelope, reader: Reader) -> Evidence:
        """Return all that proves the envelope and what became of it."""
        await self.note(reader, "evidence", _name(envelope))
        at = envelope.registry_index
        sender, own = await self.evidence.registry_proofs([envelope.sender, self.own_party], at)
        return Evidence(
            sender=envelope.sender,
            envelope=envelope.id,
            manifest=b64u(envelope.manifest),
            container=self._inline(envelope),
            container_path=f"/v1/envelopes/{envelope.sender}/{envelope.id}/container",
            custody=b64u(envelope.custody),
            registry=RegistryEvidence(at=at, sender=_object(sender), secretariat=_object(own)),
            entries=await self.evidence.entries(envelope.inbox),
            replies=await self.evidence.replies(envelope.inbox),
        )

    async def intake(self) -> IntakeView:
        """Return what this service is doing and owes."""
        total, owed = await self.evidence.owed(SHOWN_OWED)
        status = self.status()
        return IntakeView(
            in_flight=status.in_flight,
            waiting_for=status.waiting_for,
            waiting_since=status.waiting_since,
            owed=owed,
            owed_total=total,
            alarms=await self.evidence.alarms(SHOWN_ALARMS),
        )

    def _inline(self, envelope: StoredEnvelope) -> str | None:
        path = self.files.container(envelope.manifest_digest)
        return b64u(path.read_bytes()) if path.stat().st_size <= self.inline_bytes else None

    async def note(self, reader: Reader, action: str, subject: str) -> None:
        """Append to the access log; done when it is stored."""
        await self.reading.note_access(
            Access(
                t=timestamp_ms(self.clock()),
                client=reader.client,
                role=reader.role,
                action=action,
                subject=subject,
            )
        )


def _name(envelope: StoredEnvelope) -> str:
    return f"envelope {envelope.sender} {envelope.id}"


def _unknown(what: str) -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND,
        f"there is no {what}",
        fix="Take the id from GET /v1/declarations or GET /v1/envelopes.",
    )


def _cursor(position: int) -> str:
    return b64u(position.to_bytes(_POSITION_BYTES, "big"))


def _position(cursor: str) -> int:
    return int.from_bytes(b64u_decode(cursor, _POSITION_BYTES), "big")


def _object(proof: bytes) -> dict[str, object]:
    return parse_json(proof, max_bytes=MAX_PROOF_BYTES)
