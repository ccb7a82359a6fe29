"""What the model of the platform remembers, and what must hold in the end."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import text

from sextant_shared.chassis.database import open_reader
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeAcceptedEntry
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.protocol.manifest import Manifest
from sextant_shared.protocol.receipts import verify_custody
from tests.support.lives import PARTIES, Mortal
from tests.support.platform_files import SEC

LEASE_S = 60
LONG_S = 60.0  # a call to a service that died meanwhile may have to run into its time-out first


@dataclass(frozen=True)
class Given:
    """An envelope as its sender has it."""

    manifest: Manifest
    container: bytes

    @property
    def place(self) -> tuple[str, str]:
        return self.manifest.header.from_, self.manifest.header.id

    @property
    def path(self) -> str:
        return "/v1/envelopes/{}/{}".format(*self.place)


@dataclass
class Slot:
    """What was given under one id; which of it the exchange took, and with which receipt."""

    tries: list[Given] = field(default_factory=list)
    refused: set[bytes] = field(default_factory=set)
    taken: Given | None = None
    receipt: bytes | None = None

    def take(self, given: Given, receipt: bytes | None) -> None:
        """Believe an answer; it must not contradict one before it."""
        assert given.manifest.digest not in self.refused, "taken after it was refused"
        assert self.taken in (None, given), "two envelopes were taken under one id"
        self.taken = given
        if receipt is not None:
            assert self.receipt in (None, receipt), "a repeat gave another receipt"
            self.receipt = receipt

    def refuse(self, given: Given) -> None:
        assert self.taken is not given, "refused after it was taken"
        self.refused.add(given.manifest.digest)


@dataclass
class Leased:
    """A lease that a State holds; `doubtful` once an answer about it was lost."""

    party: str
    token: str
    seq: int
    place: tuple[str, str]
    until: float
    doubtful: bool = False


def only(error: PlatformError, codes: set[Code]) -> None:
    """Let these refusals pass; any other is a fault."""
    if error.code not in codes:
        raise AssertionError(str(error)) from error


class Promises:
    """What the parties were told, and the checks of it at the end."""

    platform: Mortal

    def __init__(self) -> None:
        super().__init__()
        self.slots: dict[tuple[str, str], Slot] = {}
        self.leases: list[Leased] = []
        self.final: dict[tuple[str, int], str] = {}
        self.tried: set[tuple[str, str, int]] = set()
        self.recalls: set[tuple[str, str]] = set()

    @property
    def wires(self) -> list[Any]:
        return [*self.platform.wires.values(), *self.platform.own_wires.values()]

    async def give(self, given: Given) -> None:
        slot = self.slots.setdefault(given.place, Slot())
        if given not in slot.tries:
            slot.tries.append(given)
        client = self.platform.client(f"{given.place[0]}/test")
        try:
            answer = await client.request(
                "POST",
                "/v1/envelopes",
                content=given.container,
                headers={"Content-Type": MEDIA_TYPE},
                repeatable=False,
            )
        except PlatformError as error:
            only(error, {Code.UNAVAILABLE, Code.DUPLICATE})
            if error.code is Code.DUPLICATE:
                slot.refuse(given)
            return
        slot.take(given, None if answer.status_code == 202 else answer.content)

    async def everything_holds(self) -> None:
        await self.come_to_rest()
        await self.check_envelopes()
        self.check_deliveries()
        report = await self.platform.check()
        assert report.size == len(await self.platform.entries())

    async def come_to_rest(self) -> None:
        """Mend everything, have each sender repeat all it ever gave, wait until nothing is owed."""
        for wire in self.wires:
            wire.is_cut, wire.lose = False, 0
        for life in self.platform.now.values():
            life.dies_at = ""
        await self.platform.raise_the_dead()
        self.platform.clock.move(2 * LEASE_S)
        for slot in self.slots.values():
            for given in slot.tries:
                await self.give(given)
        held = "SELECT 1 FROM {} WHERE log_index IS NULL"
        for table in ("envelope", "act"):
            await self.platform.until(partial(self.is_empty, held.format(table)), LONG_S)
        try:
            await self.platform.settled()
        except TimeoutError:
            queue = await self.platform.officer("GET", "/v1/queue", params={"limit": 500})
            raise AssertionError(f"the Secretariat does not come to rest: {queue.text}") from None

    async def check_envelopes(self) -> None:
        """What was accepted is what was taken: each once, with one receipt, for ever the same."""
        stored = {
            (row["sender"], row["id"]): row
            for row in self.rows(
                "SELECT e.sender, e.id, e.manifest, e.log_index, r.data AS receipt"
                " FROM envelope e LEFT JOIN receipt r ON r.number = e.number"
            )
        }
        assert {place for place in stored if place[0] != SEC} == set(self.slots)
        for place, slot in self.slots.items():
            assert slot.taken is not None, "neither taken nor refused"
            assert bytes(stored[place]["manifest"]) == slot.taken.manifest.digest
            path = slot.taken.path
            again = await self.platform.client(f"{place[0]}/test").request("GET", path + "/receipt")
            slot.take(slot.taken, again.content)
            content = await self.platform.client(f"{place[0]}/test").request(
                "GET", path + "/content"
            )
            assert content.content == slot.taken.container
        keys = self.platform.log_keys
        for (_, id_), row in stored.items():
            assert row["receipt"] is not None, "accepted without a receipt"
            digest = bytes(row["manifest"])
            assert (
                verify_custody(bytes(row["receipt"]), digest, id_, keys).index == row["log_index"]
            )
        logged = Counter(
            (entry.env, entry.man)
            for entry in await self.platform.entries()
            if isinstance(entry, EnvelopeAcceptedEntry)
        )
        expected = {(id_, b64u(bytes(row["manifest"]))) for (_, id_), row in stored.items()}
        assert logged == dict.fromkeys(expected, 1), "the log and the store know other envelopes"

    def check_deliveries(self) -> None:
        """Each recipient has its copy once, in a state that somebody brought it to."""
        rows = self.rows(
            "SELECT d.party, d.seq, d.state, d.last_error, d.lease, d.lease_until, e.sender, e.id,"
            " e.recipients FROM delivery d JOIN envelope e ON e.number = d.number"
        )
        copies = Counter((row["sender"], row["id"], row["party"]) for row in rows)
        envelopes = self.rows("SELECT sender, id, recipients FROM envelope")
        wanted = [(e["sender"], e["id"], to) for e in envelopes for to in e["recipients"].split()]
        assert copies == dict.fromkeys(wanted, 1)
        for party in PARTIES:
            seqs = sorted(row["seq"] for row in rows if row["party"] == party)
            assert seqs == list(range(1, len(seqs) + 1)), "a mailbox has a gap"
        inbox = {
            row["envelope_id"] for row in self.platform.stored("SELECT envelope_id FROM inbox")
        }
        for row in rows:
            self.check_delivery(row, inbox)
        states = {(row["party"], row["seq"]): row["state"] for row in rows}
        assert {place: states[place] for place in self.final} == self.final

    def check_delivery(self, row: dict[str, Any], inbox: set[str]) -> None:
        state, party, seq = row["state"], row["party"], row["seq"]
        if state == "leased":
            assert row["lease"]
            assert row["lease_until"]
        elif state == "dead":
            assert row["last_error"], "dead without a reason"
        elif state == "recalled":
            assert (row["sender"], row["id"]) in self.recalls
        elif state == "acknowledged" and party == SEC:
            assert row["id"] in inbox, "acknowledged and not registered"
        elif state in {"acknowledged", "discarded"}:
            assert (state, party, seq) in self.tried, "ended by nobody"
        else:
            assert state == "available"

    def is_empty(self, statement: str) -> bool:
        return not self.rows(statement)

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Return rows of the exchange's database."""
        engine = open_reader(self.platform.exchange_settings().place)
        try:
            with engine.connect() as connection:
                return [dict(row) for row in connection.execute(text(statement)).mappings()]
        finally:
            engine.dispose()
