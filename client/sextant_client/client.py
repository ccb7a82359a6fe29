"""The SDK's client: deposits envelopes safely, follows them, collects what comes back.

Safe to repeat: an envelope is sealed once and lies on disk before its first byte is sent, so a
lost answer or a killed process resumes with identical bytes and gets the same receipt. Every
receipt is verified against the pinned log before it is accepted.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import httpx

from sextant_client.addressing import Addressed, address
from sextant_client.carrying.offline import KeptDocuments, KeptParties, OfflineSession
from sextant_client.carrying.stories import KeptStories
from sextant_client.evidence import contact
from sextant_client.home import Home, write_file
from sextant_client.identity.watching import OwnEntry
from sextant_client.listening import Listener
from sextant_client.log import LogReader
from sextant_client.packing import pack
from sextant_client.parties import PartyView, require_answerable
from sextant_client.received import Received, fetch_over, is_received, receive
from sextant_client.sent import SentEnvelope, SentFolder
from sextant_client.session import Session, transport_of
from sextant_client.stored import StoredEnvelope
from sextant_client.traces.spans import ENVELOPE_ID
from sextant_client.tracing import Tracer
from sextant_client.transfer import Progress, untold
from sextant_client.uploading import send
from sextant_client.visible import Visible
from sextant_shared.clock import Clock, system_clock, timestamp_s, uuid7
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import Header
from sextant_shared.models.exchange import (
    Delivery,
    DeliveryPage,
    EnvelopeEvents,
    EnvelopeStatus,
    EnvelopeThread,
    Priority,
)
from sextant_shared.models.package import PACKAGE_CTY
from sextant_shared.models.party import KeyUse
from sextant_shared.models.receipts import Level
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.envelope import SealRequest
from sextant_shared.protocol.levels import Standing, verify_witnessed
from sextant_shared.protocol.receipts import CustodyReceipt, verify_custody
from sextant_shared.protocol.refusals import EVIDENCE, verify_refusal
from sextant_shared.protocol.scenarios import scenario_of
from sextant_shared.protocol.type_checks import Address, check_address

PENDING_POLL_S = 1.0
PENDING_LIMIT_S = 60.0
WITNESS_POLL_S = 0.25
_PENDING, _REPEATED = 202, 200


@dataclass(frozen=True)
class Deposit:
    """What a deposit gave: the verified custody receipt and its exact bytes."""

    envelope_id: str
    receipt: CustodyReceipt
    raw: bytes
    is_repeat: bool
    trace_id: str


class Client:
    """One party's client; use as a context manager."""

    def __init__(
        self,
        home: Home,
        *,
        clock: Clock = system_clock,
        transport: httpx.BaseTransport | None = None,
        audit_transport: httpx.BaseTransport | None = None,
        scenario: str | None = None,
    ) -> None:
        self.home = home
        self.config = home.config()
        self.trust = home.trust
        self.sent = SentFolder(home.sent)
        self._clock = clock
        self.tracer = Tracer(Path(self.config.trace_file) if self.config.trace_file else None)
        self.kept: KeptDocuments | None = None
        self.stories: KeptStories | None = None
        self.gone: list[Delivery] = []
        if self.config.offline:
            self.kept = KeptDocuments.of(home, self.trust)
            self.stories = KeptStories(home, self.trust.log_keys)
            self.session: Session = OfflineSession(self.stories)
            self.log = LogReader(self.session)
            self.parties: PartyView = KeptParties(self.session, self.trust, self.kept)
            self.own = OwnEntry(home, self.parties, self.config.party)
            return
        drill = scenario or home.scenario
        self.session = Session(
            self.config.exchange,
            client_id=self.config.client_id,
            signer=home.keys.api_signer(),
            clock=clock,
            tracer=self.tracer,
            transport=transport or transport_of(self.config),
            scenario=scenario_of(drill) if drill else None,
        )
        self.log = LogReader(
            Session(
                self.config.audit,
                client_id=self.config.client_id,
                signer=None,
                tracer=self.tracer,
                transport=audit_transport or transport_of(self.config),
            )
        )
        self.parties = PartyView(self.session, self.trust)
        self.own = OwnEntry(home, self.parties, self.config.party)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.session.close()
        self.log.session.close()

    def address(self, shown: Visible) -> Addressed:
        """Return where a declaration goes, by what shows of it.

        Raises:
            PlatformError: `E_INTEGRITY`, and what verifying a party document raises.
        """
        return address(shown, self.parties, self.config.secretariat)

    def seal(  # noqa: PLR0913 -- an envelope has as many members
        self,
        content: Path,
        *,
        type_: str,
        cty: str,
        classification: str,
        to: list[str] | None = None,
        period: str | None = None,
        irt: str | None = None,
        sup: str | None = None,
        attachments: Sequence[Path] = (),
    ) -> SentEnvelope:
        """Seal and sign a file into the home, with its attachments if any; nothing is sent yet.

        Raises:
            PlatformError: `E_POLICY` for what the catalogue of types does not allow; `E_KEY`,
                `E_RECIPIENT`, `E_TOO_LARGE`, `E_MALFORMED`; `E_STATE` for an attachment that
                cannot be read.
        """
        to = to or [self.config.secretariat]
        going = Address(self.config.party, tuple(to), cty, irt)
        check_address(type_, going, self.config.secretariat)
        registered = self.parties.newest(self.config.party)
        self.own.see(registered, is_newest=True)
        require_answerable(registered, classification)
        if not self.config.offline:
            self.own.ask_for_recovery()
        request = SealRequest(
            id=uuid7(self._clock),
            sender=self.config.party,
            signers=self.home.keys.pair(
                KeyUse.SIG, [key.kid for key in registered.active(KeyUse.SIG)]
            ),
            recipients=[(party, self.parties.sealing_key(party, classification)) for party in to],
            type=type_,
            cty=PACKAGE_CTY if attachments else cty,
            classification=classification,
            created=timestamp_s(self._clock()),
            period=period,
            irt=irt,
            sup=sup,
            log=self.trust.beacon(),
        )
        if not attachments:
            return self.sent.seal(content, request)
        with tempfile.TemporaryDirectory(dir=self.home.path, prefix=".sealing-") as folder:
            package = Path(folder) / content.name
            pack(content, cty, attachments, package)
            return self.sent.seal(package, request)

    def deposit(self, envelope: SentEnvelope, progress: Progress | None = None) -> Deposit:
        """Send the sealed bytes and return their verified custody receipt; safe to repeat.

        Large ones go in parts: what arrived once is not sent again, whatever broke meanwhile.
        `progress` is told how many bytes of how many were sent.

        Raises:
            PlatformError: what the exchange refuses with; `E_UNAVAILABLE`; `E_INTEGRITY` for a
                receipt that does not verify.
        """
        with self.tracer.span("sextant.deposit", {ENVELOPE_ID: envelope.id}):
            response = self._send(envelope, progress or untold)
            raw = response.content
            if response.status_code == _PENDING:
                raw = self._await_receipt(envelope.header)
            receipt = self.check_receipt(raw, envelope.digest, envelope.id)
        envelope.write_receipt(raw)
        envelope.upload.unlink(missing_ok=True)
        is_repeat = response.status_code == _REPEATED
        return Deposit(envelope.id, receipt, raw, is_repeat, self.tracer.trace_id)

    def _send(self, envelope: SentEnvelope, progress: Progress) -> httpx.Response:
        """Send the sealed bytes; keep the receipt of a refusal beside them, once it verifies."""
        try:
            return send(self.session, envelope, self.config.resumable_from_bytes, progress)
        except PlatformError as error:
            raw = error.evidence.get(EVIDENCE, "").encode()
            if raw:
                refusal = verify_refusal(raw, envelope.digest, envelope.id, self.trust.log_keys)
                contact(self.home, self.trust, refusal.checkpoint, self.log)
                write_file(envelope.refusal, raw)
            raise

    def check_receipt(self, raw: bytes, digest: bytes, envelope_id: str) -> CustodyReceipt:
        """Verify a custody receipt, that its log continues the one we know, and our own entry.

        Raises:
            PlatformError: `E_INTEGRITY`, with evidence that is also written to the home.
        """
        receipt = verify_custody(raw, digest, envelope_id, self.trust.log_keys)
        contact(self.home, self.trust, receipt.checkpoint, self.log)
        self.own.at(receipt.reg)
        return receipt

    def witness(self, envelope: StoredEnvelope, wait_s: float = 0.0) -> Standing | None:
        """Fetch the head that witnesses the stored receipt, verify it, and keep it beside it.

        Returns None while there is none by the pinned policy; the receipt is never replaced.

        Raises:
            PlatformError: `E_INTEGRITY` for a head that does not continue the receipt's.
        """
        receipt = verify_custody(
            envelope.receipt.read_bytes(), envelope.digest, envelope.header.id, self.trust.log_keys
        )
        deadline = time.monotonic() + wait_s
        while True:
            head = self.log.witnessed(receipt.checkpoint.size)
            if head is not None:
                older = receipt.checkpoint
                found = verify_witnessed(head, older, self.trust.log_keys, self.trust.policy)
                contact(self.home, self.trust, found.checkpoint, self.log)
                if found.level is Level.WITNESSED:
                    write_file(envelope.witnessed, head.model_dump_json().encode() + b"\n")
                    return found
            if time.monotonic() >= deadline:
                return None
            time.sleep(WITNESS_POLL_S)

    def status(self, envelope_id: str, sender: str | None = None) -> EnvelopeStatus:
        """Ask where an envelope stands.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        path = f"/v1/envelopes/{sender or self.config.party}/{envelope_id}"
        return read_model(EnvelopeStatus, self.session.request("GET", path).json())

    def find(self, manifest: bytes) -> EnvelopeStatus:
        """Look an envelope up by the digest of its manifest.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        answer = self.session.request("GET", "/v1/envelopes", params={"manifest": b64u(manifest)})
        return read_model(EnvelopeStatus, answer.json())

    def events(self, envelope_id: str, sender: str | None = None) -> EnvelopeEvents:
        """Ask for every act on an envelope.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        path = f"/v1/envelopes/{sender or self.config.party}/{envelope_id}/events"
        return read_model(EnvelopeEvents, self.session.request("GET", path).json())

    def thread(self, envelope_id: str, sender: str | None = None) -> EnvelopeThread:
        """Ask for what answers or supersedes one another around an envelope.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        path = f"/v1/envelopes/{sender or self.config.party}/{envelope_id}/thread"
        return read_model(EnvelopeThread, self.session.request("GET", path).json())

    def collect(self, wait_s: int = 0, progress: Progress = untold) -> Iterator[Received]:
        """Yield what is new in the mailbox: verified, opened, stored, and only then passed over.

        What is urgent comes first, also past a delivery that does not verify and holds up the rest.
        What its sender recalled, or the policy erased, is passed over and noted in `gone`.
        `progress` is told of each container how many bytes of how many came.

        Raises:
            PlatformError: `E_INTEGRITY` and the rest for a delivery that does not verify: it stays
                first in line, so that nothing is lost unseen.
        """
        self.own.ask_for_recovery()
        after = self.home.cursor()
        told: set[int] = set()
        for delivery in self._page(after, priority=Priority.URGENT.value).items:
            if not is_received(self.home.inbox, delivery):
                told.add(delivery.seq)
                if (received := self._receive(delivery, progress)) is not None:
                    yield received
        while page := self._page(after, wait=wait_s).items:
            for delivery in page:
                received = self._receive(delivery, progress)
                after = delivery.seq
                self.home.advance_cursor(after)
                if received is not None and after not in told:
                    yield received
            wait_s = 0

    def _page(self, after: int, **params: str | int) -> DeliveryPage:
        """Return up to fifty deliveries after a cursor."""
        asked = {"after": after, "limit": 50, **params}
        answer = self.session.request("GET", "/v1/mailbox", params=asked)
        return read_model(DeliveryPage, answer.json())

    def _receive(self, delivery: Delivery, progress: Progress = untold) -> Received | None:
        """Receive a delivery; None for one whose content is not given out any more."""
        try:
            return receive(self, delivery, partial(fetch_over, self.session, progress=progress))
        except PlatformError as error:
            if error.code is not Code.GONE:
                raise
        if delivery not in self.gone:
            self.gone.append(delivery)
        return None

    def listen(self, limit_s: float | None = None) -> Iterator[Received]:
        """Yield what comes into the mailbox as it comes, for `limit_s` seconds or for ever.

        Raises:
            PlatformError: as `collect`.
        """
        for delivery in Listener(self.session, self.home.cursor(), limit_s=limit_s):
            received = self._receive(delivery)
            self.home.advance_cursor(delivery.seq)
            if received is not None:
                yield received

    def follow(self, envelope_id: str, limit_s: float) -> Iterator[Received]:
        """Yield the Secretariat's answers to an envelope, until all are there or time is over.

        The opened and the outcome receipt may come in either order; a refused one comes alone.

        Raises:
            PlatformError: as `collect`.
        """
        deadline = time.monotonic() + limit_s
        seen: set[int] = set()
        owed = {"opened", "outcome"}
        while True:
            for received in self.sent.replies(self.home.inbox, envelope_id):
                answer = received.answer()
                if received.seq in seen or answer is None:
                    continue
                seen.add(received.seq)
                owed.discard(answer.kind)
                yield received
                if received.is_refusal:
                    return
            if not owed:
                return
            left = deadline - time.monotonic()
            if left <= 0:
                return
            for _ in self.collect(wait_s=int(max(1, min(20, left)))):
                pass

    def _await_receipt(self, header: Header) -> bytes:
        """Poll for a receipt that the log owes."""
        deadline = time.monotonic() + PENDING_LIMIT_S
        path = f"/v1/envelopes/{header.from_}/{header.id}/receipt"
        while time.monotonic() < deadline:
            response = self.session.request("GET", path)
            if response.status_code != _PENDING:
                return response.content
            time.sleep(PENDING_POLL_S)
        raise PlatformError(
            Code.UNAVAILABLE,
            "the envelope is safe at the exchange, but its receipt is still pending",
            fix="Run the command again later with --resume: the same receipt follows.",
        )
