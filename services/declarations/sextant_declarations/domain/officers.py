"""What officers may read: facts about declarations freely, declared content through the gate.

Whoever is given declared content passes the gate (`accesses`) first, which stores the access before
anything is read. Lists give facts of declarations, no declared content.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path

from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.effective import Effective
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.domain.paging import page_of
from sextant_declarations.domain.ports import EvidenceRows, Files, Reading
from sextant_declarations.domain.reading import (
    Act,
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
from sextant_shared.encoding import b64u, parse_json
from sextant_shared.errors import Code, PlatformError

SHOWN_OWED = 20  # lines of what is owed in one answer; the total says how many there are
SHOWN_ALARMS = 20


@dataclass(frozen=True)
class Officers:
    """The use cases of the officers' interface."""

    gate: Gate
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
        shown, more = await page_of(
            partial(self.reading.page, filters), itemgetter(0), cursor=cursor, limit=limit
        )
        return DeclarationPage(declarations=[summary for _, summary in shown], next=more)

    async def read_declaration(self, id_: str, reader: Reader) -> DeclarationView:
        """Return all versions and findings of a declaration.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        summary = await self.reading.declaration(id_)
        if summary is None:
            raise _unknown(f"declaration {id_[:64]}")
        access = await self.gate.declaration(reader, Gives.FINDINGS, id_)
        return DeclarationView(
            declaration=summary,
            versions=await self.reading.versions(id_, access),
            revisions=await self.reading.revisions(id_, access),
        )

    async def read_in_force(self, id_: str, reader: Reader) -> bytes:
        """Return what holds of a declaration, amendments folded in.

        Raises:
            PlatformError: `E_NOT_FOUND`, also when no version is in force; `E_TOO_LARGE`.
        """
        summary = await self.reading.declaration(id_)
        if summary is None:
            raise _unknown(f"declaration {id_[:64]}")
        named = summary.state, summary.declaration_id
        chosen = await self.effective.chosen(*named)
        digests = [one.manifest_digest for one in chosen]
        access = await self.gate.envelopes(reader, Gives.IN_FORCE, *digests)
        return await self.effective.fold(chosen, *named, access)

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
        shown, more = await page_of(
            partial(self.reading.envelopes, nature), itemgetter(0), cursor=cursor, limit=limit
        )
        return EnvelopePage(envelopes=[line for _, line in shown], next=more)

    async def read_content(self, envelope: StoredEnvelope, reader: Reader) -> Path:
        """Return where the plaintext stands.

        Raises:
            PlatformError: `E_NOT_FOUND` for an envelope that could not be opened.
        """
        if not envelope.has_content:
            raise PlatformError(Code.NOT_FOUND, "the envelope was refused; it has no content")
        access = await self.gate.envelopes(reader, Gives.CONTENT, envelope.manifest_digest)
        return self.files.content(envelope.manifest_digest, access)

    async def read_container(self, envelope: StoredEnvelope, reader: Reader) -> Path:
        """Return where the sealed container stands."""
        access = await self.gate.envelopes(reader, Gives.CONTAINER, envelope.manifest_digest)
        return self.files.container(envelope.manifest_digest, access)

    async def read_evidence(self, envelope: StoredEnvelope, reader: Reader) -> Evidence:
        """Return all that proves the envelope and what became of it."""
        access = await self.gate.envelopes(reader, Gives.EVIDENCE, envelope.manifest_digest)
        at = envelope.registry_index
        sender, own = await self.evidence.registry_proofs([envelope.sender, self.own_party], at)
        return Evidence(
            sender=envelope.sender,
            envelope=envelope.id,
            manifest=b64u(envelope.manifest),
            container=self._inline(envelope, access),
            container_path=f"/v1/envelopes/{envelope.sender}/{envelope.id}/container",
            custody=b64u(envelope.custody),
            registry=RegistryEvidence(at=at, sender=_object(sender), secretariat=_object(own)),
            entries=await self.evidence.entries(envelope.inbox, access),
            replies=await self.evidence.replies(envelope.inbox, access),
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

    def _inline(self, envelope: StoredEnvelope, access: Access) -> str | None:
        path = self.files.container(envelope.manifest_digest, access)
        return b64u(path.read_bytes()) if path.stat().st_size <= self.inline_bytes else None

    async def note(self, reader: Reader, action: str, subject: str) -> None:
        """Write down an act that gives no declared content; done when it is stored."""
        await self.reading.note_act(
            Act(
                t=timestamp_ms(self.clock()),
                client=reader.client,
                role=reader.role,
                action=action,
                subject=subject,
            )
        )


def _unknown(what: str) -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND,
        f"there is no {what}",
        fix="Take the id from GET /v1/declarations or GET /v1/envelopes.",
    )


def _object(proof: bytes) -> dict[str, object]:
    return parse_json(proof, max_bytes=MAX_PROOF_BYTES)
