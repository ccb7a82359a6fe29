"""A home that has sent things: real sealed envelopes, and receipts of a log in memory."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sextant_client.home import Config, Home, as_json, write_file
from sextant_client.sent import SentEnvelope, SentFolder
from sextant_shared.encoding import b64u
from sextant_shared.models.acts import RecallDetail, RecalledCopy, RecallOutcome
from sextant_shared.models.entries import EnvelopeRecalledEntry, format_entry
from sextant_shared.protocol.acts import act_receipt, commitment, format_act
from sextant_shared.protocol.receipts import format_custody
from tests.support.envelopes import make_request
from tests.support.logs import (
    INSTANT,
    ORIGIN,
    MemoryLog,
    envelope_id,
    log_keys,
    make_accepted,
    random128,
)
from tests.support.platform_files import registrars_document


@dataclass
class Sending:
    """One State's home; each `send` is a declaration that was received at a time, or never."""

    folder: Path
    state: str = "XAL"
    log: MemoryLog = field(default_factory=MemoryLog)
    _count: int = 0

    def __post_init__(self) -> None:
        config = Config(v=1, party=f"NA-{self.state}", client_id="x", exchange="x", audit="x")
        self.home.write_config(config)
        pinned = {"origin": ORIGIN, "vkeys": list(log_keys().vkeys)}
        trust = {"v": 1, "registrars": registrars_document(), "log": pinned, "checkpoint": None}
        write_file(self.folder / "trust.json", as_json(trust))

    @property
    def home(self) -> Home:
        return Home(self.folder)

    def send(self, kind: str, received: str | None, **members: Any) -> SentEnvelope:
        """Seal a declaration, and keep its receipt where it was received."""
        self._count += 1
        heading = {"kind": kind, "state_code": self.state, "declaration_id": f"D-{self._count}"}
        return self.send_bytes(json.dumps({**heading, **members}).encode(), received)

    def send_bytes(self, content: bytes, received: str | None) -> SentEnvelope:
        file = self.folder / "next.json"
        write_file(file, content)
        number = len(self.log.leaves) + self._count + 100
        envelope = SentFolder(self.home.sent).seal(file, make_request(id=envelope_id(number)))
        if received is not None:
            made = make_accepted(number, env=envelope.id, man=envelope.digest)
            index = self.log.append(made.model_copy(update={"t": received}))
            raw = format_custody(self.log.leaves[index], self.log.proof(index))
            envelope.write_receipt(raw)
        return envelope

    def recall(self, envelope: SentEnvelope, outcome: RecallOutcome) -> None:
        """Keep the receipt of a recall with this outcome for the Secretariat's copy."""
        copies = [RecalledCopy(party="SEC", outcome=outcome)]
        detail = RecallDetail(recipients=copies).model_dump_json().encode()
        salt, number = bytes(32), len(self.log.leaves)
        entry = EnvelopeRecalledEntry(
            v=1,
            type="envelope.recalled",
            id=random128(number),
            t=INSTANT,
            nonce=random128(2**100 + number),
            env=envelope.id,
            ref=0,
            commit=b64u(commitment(salt, detail)),
            stmt=b64u(bytes(32)),
        )
        proof = self.log.proof(self.log.append(entry))
        receipt = act_receipt(format_entry(entry), proof, (detail, salt))
        write_file(envelope.recall_receipt, format_act(receipt))
