"""The Secretariat over fakes: one intake, one registrar, both relays, restarted at will."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.comparing import Comparing
from sextant_declarations.domain.deliveries import Examined
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.intake import Intake, Patience
from sextant_declarations.domain.records import Record, Submission
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.registration import Registrar
from sextant_declarations.domain.relay import Backoff, RelayEntries, RelayReplies
from sextant_declarations.domain.resealing import Reseal
from sextant_declarations.storage.vault import FileVault
from sextant_shared.chassis.batching import Batcher
from sextant_shared.clock import random_bytes, uuid7
from sextant_shared.encoding import parse_json
from sextant_shared.models.receipts import OpenedReceipt, OutcomeReceipt
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.envelope import open_bytes
from sextant_shared.protocol.manifest import read_manifest, verify_manifest
from sextant_shared.protocol.parties import Registry
from tests.support.logs import NOW
from tests.unit.declarations.fakes import (
    CrashAt,
    FakeExchange,
    FakeLog,
    FakeWorkshop,
    MemoryStore,
    NoHeads,
    NoTrace,
)
from tests.unit.declarations.world import SEC, Accepted, World

PATIENCE = Patience(lease_s=60, retry_first_s=4.0, retry_cap_s=900.0, behind_s=1)
BACKOFF = Backoff(first_s=1.0, cap_s=60.0)


@dataclass
class Secretariat:
    """Everything between the exchange and the log, in memory but for the vault."""

    folder: Path
    world: World = field(default_factory=World)
    store: Any = field(default_factory=MemoryStore)  # a register and an outbox in one
    step: CrashAt = field(default_factory=CrashAt)
    now: float = NOW
    max_filings: int = 100
    vault: FileVault = field(default=None)  # type: ignore[assignment]  # made by `restart`

    def __post_init__(self) -> None:
        self.exchange = FakeExchange(self.world)
        self.log = FakeLog(self.world)
        self.workshop = FakeWorkshop.of(self.world)
        self.restart()

    def restart(self) -> None:
        """Start the process anew over what is stored."""
        self.sightings: list[Examined] = []
        if self.vault is not None:
            self.vault.close()  # its lock ends with its process
        self.vault = FileVault(self.folder / "vault")
        trust = self.world.trust
        clock = lambda: self.now  # noqa: E731 - read when asked
        sources = Sources(clock, lambda: uuid7(clock), random_bytes)
        policy = StatePolicy()
        self.registrar = Registrar(
            register=self.store,
            threads=self.store,
            own_party=SEC,
            workshop=self.workshop,
            sources=sources,
            policy=policy,
            stored=lambda: None,
        )
        batcher: Batcher[Submission, None] = Batcher(self.registrar)
        self.intake = Intake(
            mailbox=self.exchange,
            directory=Directory(self.exchange, trust, clock),
            workshop=self.workshop,
            vault=self.vault,
            register=self.store,
            comparing=Comparing(self.store, self.vault, policy, self.max_filings),
            submit=batcher.submit,
            sighted=self.sightings.append,
            trace=NoTrace(),
            step=self.step,
            patience=PATIENCE,
        )
        shared = (trust.log, NoTrace(), self.step, clock, BACKOFF)
        self.relay_entries = RelayEntries(self.store, self.log, *shared)
        reseal = Reseal(self.intake.directory, self.workshop, NoHeads(), sources)
        self.relay_replies = RelayReplies(self.store, self.exchange, *shared, reseal, 4)

    def deliver(self, *accepted: Accepted) -> None:
        """Put deliveries into the Secretariat's mailbox."""
        self.exchange.waiting.extend(accepted)

    async def take_in(self) -> None:
        """Process each delivery that waits, once."""
        for lease in self.exchange.leases():
            await self.intake(lease)

    async def relay(self) -> None:
        """Deliver what is owed, once."""
        await self.relay_entries()
        await self.relay_replies()

    @property
    def records(self) -> list[Record]:
        """What the memory store holds."""
        records: list[Record] = self.store.records
        return records

    def replies_to(self, party: str) -> list[OpenedReceipt | OutcomeReceipt]:
        """Open the deposited replies as the party would, verified."""
        registry = Registry({SEC: self.world.documents[SEC][-1]})
        keys = self.world.keys[party]
        found: list[OpenedReceipt | OutcomeReceipt] = []
        for container in self.exchange.deposited.values():
            source = io.BytesIO(container)
            manifest = read_manifest(source)
            if [to.party for to in manifest.header.to] != [party]:
                continue
            verified = verify_manifest(manifest, registry.signing_pair(SEC, manifest.header.skid))
            content, _ = open_bytes(source.read(), verified, keys.seal, party)
            value = parse_json(content, max_bytes=1 << 20)
            if value["kind"] == "opened":
                found.append(read_model(OpenedReceipt, value))
            else:
                found.append(read_model(OutcomeReceipt, value))
        return found

    def vault_files(self) -> list[Path]:
        """Containers kept."""
        return list((self.folder / "vault").glob("??/*.dxe"))

    def staging(self) -> list[Path]:
        """What is left of deliveries under way."""
        return list((self.folder / "vault" / "staging").glob("*/*"))
