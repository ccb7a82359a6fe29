"""The whole platform against a plain model of what its parties were told, at random.

Parties deposit, repeat, lease, acknowledge, recall; meanwhile wires are cut, answers are lost and
services die between two durable steps. The model knows only what a party knows: an answer that
came binds the platform, one that was lost leaves open what was done. At the end everything is
mended, every sender repeats what it ever gave, and then nothing may be left open.
"""

import asyncio
import shutil
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import RecallStatement
from sextant_shared.models.entries import EnvelopeAcceptedEntry
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.manifest import Manifest
from sextant_shared.protocol.recalls import sign_recall
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.declarations.contents import declaration
from tests.support.lives import HURRY, PARTIES, STATES, Mortal, prepare
from tests.support.platform_files import SEC, URLS

STEPS = (
    "exchange.after_blob",
    "exchange.after_held",
    "exchange.after_logged",
    "exchange.after_accepted",
    "exchange.after_act_held",
    "exchange.after_act_logged",
    "exchange.after_act_stored",
    "audit.before_commit",
    "audit.after_commit",
    "audit.after_sign",
    "audit.before_publish",
    "declarations.after_lease",
    "declarations.after_open",
    "declarations.after_stored",
    "declarations.after_entry",
    "declarations.after_reply",
    "declarations.after_ack",
)
LARGE = 30_000  # kept as a file, not in a row
LEASE_S = 60
LETTER = {"type": "correspondence", "cty": "text/plain"}
NUMBER = st.integers(0, 1 << 16)
STATE = st.sampled_from(STATES[:4])
SERVICE = st.sampled_from(tuple(URLS))


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


@cache
def template() -> tuple[TemporaryDirectory[str], LogKeys]:
    """Return a folder with all parties enrolled, once for all runs."""
    kept = TemporaryDirectory(prefix="sextant-machine-")
    return kept, asyncio.run(prepare(Path(kept.name) / "platform"))


class PlatformMachine(RuleBasedStateMachine):
    """The rules, and what must hold in the end."""

    def __init__(self) -> None:
        super().__init__()
        self.slots: dict[tuple[str, str], Slot] = {}
        self.leases: list[Leased] = []
        self.final: dict[tuple[str, int], str] = {}
        self.tried: set[tuple[str, str, int]] = set()
        self.recalls: set[tuple[str, str]] = set()

    @initialize()
    def begin(self) -> None:
        kept, keys = template()
        self.folder = TemporaryDirectory(prefix="sextant-machine-")
        place = Path(self.folder.name) / "platform"
        shutil.copytree(Path(kept.name) / "platform", place)
        self.around: list[AbstractContextManager[Any]] = [
            capture_logs(),
            patch("sextant_shared.chassis.http.BACKOFF_S", 0.005),
            patch("sextant_exchange.domain.mailboxes.RECHECK_S", 0.1),
        ]
        for one in self.around:
            one.__enter__()
        self.runner = asyncio.Runner()
        self.platform = Mortal(place, overrides=HURRY)
        self.runner.run(self.platform.reopen(keys))

    # --- what senders do ------------------------------------------------------------------------

    @rule(sender=STATE, large=st.booleans(), many=st.integers(0, 16))
    def deposit(self, sender: str, large: bool, many: int) -> None:
        self.run(self.give(self.sealed(sender, large=large, many=many)))

    @rule(sender=STATE)
    def declare(self, sender: str) -> None:
        number = len(self.slots)
        nil = declaration(sender[3:], declaration_id=f"{sender}-{number}", reporting_year=2025)
        container, manifest = self.platform.seal(sender, nil)
        self.run(self.give(Given(manifest, container)))

    @rule(which=NUMBER)
    def repeat(self, which: int) -> None:
        if given := self.one_given(which):
            self.run(self.give(given))

    @rule(sender=STATE, copies=st.integers(2, 5), others=st.integers(0, 2))
    def deposit_at_once(self, sender: str, copies: int, others: int) -> None:
        first = self.sealed(sender)
        rest = [self.sealed(sender, id=first.place[1]) for _ in range(others)]
        self.run(*(self.give(given) for given in [first] * copies + rest))

    @rule(which=NUMBER, large=st.booleans())
    def deposit_other_bytes(self, which: int, large: bool) -> None:
        if given := self.one_given(which):
            sender, id_ = given.place
            self.run(self.give(self.sealed(sender, large=large, id=id_)))

    @rule(which=NUMBER)
    def recall(self, which: int) -> None:
        given = self.one_given(which)
        if given is None or self.slots[given.place].taken is not given:
            return
        self.recalls.add(given.place)
        sender = given.place[0]
        statement = RecallStatement(
            v=1,
            env=given.place[1],
            man=b64u(given.manifest.digest),
            reason="sent by mistake",
            created=timestamp_s(self.platform.clock()),
        )
        signed = sign_recall(statement, self.platform.parties[sender].sig).decode()
        self.run(self.ask(sender, "POST", f"{given.path}/recall", {"statement": signed}))

    # --- what recipients do ---------------------------------------------------------------------

    @rule(party=STATE, most=st.integers(1, 4))
    def lease(self, party: str, most: int) -> None:
        self.run(self.take_leases(party, most))

    @rule(which=NUMBER)
    def acknowledge(self, which: int) -> None:
        if lease := self.one_lease(which):
            self.run(self.finish(lease))

    @rule(which=NUMBER, dead=st.booleans())
    def release(self, which: int, dead: bool) -> None:
        if lease := self.one_lease(which):
            self.leases.remove(lease)
            body = {"error": "not today", "dead": dead, "delay_s": 0}
            self.run(self.about(lease, "release", body))

    @rule(which=NUMBER)
    def extend(self, which: int) -> None:
        if lease := self.one_lease(which):
            self.run(self.prolong(lease))

    @rule(party=STATE, act=st.sampled_from(("replay", "discard")))
    def mend_dead_letter(self, party: str, act: str) -> None:
        self.run(self.act_on_dead(party, act))

    @rule(party=STATE)
    def collect(self, party: str) -> None:
        self.run(self.look_through(party))

    @rule(act=st.sampled_from(("replay", "discard")))
    def officer(self, act: str) -> None:
        self.run(self.officer_mends(act))

    @rule()
    def poison(self) -> None:
        """Another worker of the Secretariat's gives a delivery up."""
        self.run(self.give_up_one())

    # --- what happens to them -------------------------------------------------------------------

    @rule(step=st.sampled_from(STEPS), spared=st.integers(0, 2))
    def die_at(self, step: str, spared: int) -> None:
        life = self.platform.now[step.partition(".")[0]]
        life.dies_at, life.spared = step, spared

    @rule(name=SERVICE)
    def kill(self, name: str) -> None:
        self.run(self.platform.kill(name))

    @rule(name=SERVICE)
    def restart(self, name: str) -> None:
        self.run(self.platform.restart(name))

    @rule(which=NUMBER)
    def cut(self, which: int) -> None:
        wire = self.wires[which % len(self.wires)]
        wire.is_cut = not wire.is_cut

    @rule(which=NUMBER, answers=st.integers(1, 2))
    def lose_answers(self, which: int, answers: int) -> None:
        self.wires[which % len(self.wires)].lose = answers

    @rule(seconds=st.sampled_from((1, 31, 61)))
    def time_passes(self, seconds: int) -> None:
        self.platform.clock.move(seconds)
        self.run(asyncio.sleep(0.05))

    @rule()
    def breathe(self) -> None:
        self.run(asyncio.sleep(0.1))

    # --- how it is done -------------------------------------------------------------------------

    @property
    def wires(self) -> list[Any]:
        return [*self.platform.wires.values(), *self.platform.own_wires.values()]

    def run(self, *works: Any) -> None:
        """Do all works at once; then start again what died meanwhile."""

        async def together() -> None:
            await asyncio.gather(*works)
            await self.platform.raise_the_dead()

        self.runner.run(together())

    def sealed(self, sender: str, *, large: bool = False, many: int = 1, **changes: Any) -> Given:
        """Return a letter to `many` others, the Secretariat first; 0 is a declaration of none."""
        content = b"x" * LARGE if large else b"a letter"
        if not many:
            container, manifest = self.platform.seal(sender, content, **changes)
            return Given(manifest, container)
        parties = [party for party in PARTIES if party != sender][:many]
        keys = [
            (p, SealingKey.from_jwk(self.platform.parties[p].seal.jwk)) for p in parties
        ]
        options = {**LETTER, "recipients": keys, **changes}
        container, manifest = self.platform.seal(sender, content, **options)
        return Given(manifest, container)

    def one_given(self, which: int) -> Given | None:
        known = [given for slot in self.slots.values() for given in slot.tries]
        return known[which % len(known)] if known else None

    def one_lease(self, which: int) -> Leased | None:
        return self.leases[which % len(self.leases)] if self.leases else None

    async def ask(self, party: str, method: str, path: str, body: Any = None) -> Any:
        """Return the answer; None when it never came, or when the state is not such."""
        client = self.platform.client(f"{party}/test")
        try:
            answer = await client.request(method, path, json=body, repeatable=False)
        except PlatformError as error:
            assert error.code in {Code.UNAVAILABLE, Code.STATE}, error
            return error.code if error.code is Code.STATE else None
        return answer

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
            assert error.code in {Code.UNAVAILABLE, Code.DUPLICATE}, error
            if error.code is Code.DUPLICATE:
                slot.refuse(given)
            return
        slot.take(given, None if answer.status_code == 202 else answer.content)

    async def take_leases(self, party: str, most: int) -> None:
        asked = self.platform.clock()
        answer = await self.ask(party, "POST", "/v1/mailbox/leases", {"max": most, "lease_s": 60})
        if answer is None:
            return
        for one in answer.json()["leases"]:
            assert (party, one["seq"]) not in self.final, "what had ended was leased again"
            place = one["sender"], one["id"]
            self.leases.append(Leased(party, one["lease"], one["seq"], place, asked + LEASE_S))

    async def finish(self, lease: Leased) -> None:
        """Fetch, compare, acknowledge: as a careful recipient does."""
        content = await self.ask(lease.party, "GET", self.path(lease.place) + "/content")
        if content is None:
            return
        self.compare(lease.place, content.content)
        self.leases.remove(lease)
        self.tried.add(("acknowledged", lease.party, lease.seq))
        if await self.about(lease, "acknowledge"):
            self.final[lease.party, lease.seq] = "acknowledged"

    async def prolong(self, lease: Leased) -> None:
        asked = self.platform.clock()
        if await self.about(lease, "extend", {"lease_s": LEASE_S}):
            lease.until = asked + LEASE_S

    async def about(self, lease: Leased, act: str, body: Any = None) -> bool:
        """Do something with a lease: as long as it runs, it is its holder's."""
        path = f"/v1/mailbox/leases/{lease.token}/{act}"
        answer = await self.ask(lease.party, "POST", path, body)
        if answer is Code.STATE:
            lapsed = self.platform.clock() >= lease.until
            assert lapsed or lease.doubtful, "a lease was lost before its time"
        lease.doubtful |= answer is None
        return answer is not None and answer is not Code.STATE

    async def act_on_dead(self, party: str, act: str) -> None:
        page = await self.ask(party, "GET", "/v1/mailbox/dead-letters")
        if page is None or not page.json()["items"]:
            return
        seq = page.json()["items"][0]["seq"]
        self.tried.add(("discarded" if act == "discard" else act, party, seq))
        body = {"reason": "OTHER"} if act == "discard" else {"reason": "mended"}
        answer = await self.ask(party, "POST", f"/v1/mailbox/dead-letters/{seq}/{act}", body)
        assert answer is not Code.STATE, "a dead letter was none"
        if answer is not None and act == "discard":
            self.final[party, seq] = "discarded"

    async def officer_mends(self, act: str) -> None:
        try:
            once = {"repeatable": False}
            page = await self.platform.officer("GET", "/v1/dead-letters", **once)
            if items := page.json()["items"]:
                seq = items[0]["seq"]
                self.tried.add(("discarded", SEC, seq))
                body = {"reason": "OTHER"} if act == "discard" else None
                path = f"/v1/dead-letters/{seq}/{act}"
                await self.platform.officer("POST", path, json=body, **once)
        except PlatformError as error:
            # The service repeats by itself: the second time it may be no dead letter.
            assert error.code in {Code.UNAVAILABLE, Code.STATE}, error

    async def give_up_one(self) -> None:
        answer = await self.ask(SEC, "POST", "/v1/mailbox/leases", {"max": 1, "lease_s": 5})
        for one in answer.json()["leases"] if answer is not None else ():
            path = f"/v1/mailbox/leases/{one['lease']}/release"
            await self.ask(SEC, "POST", path, {"error": "cannot be read", "dead": True})

    async def look_through(self, party: str) -> None:
        """Every copy that is named can be had, with the receipt that its sender has."""
        page = await self.ask(party, "GET", "/v1/mailbox")
        for item in page.json()["items"] if page is not None else ():
            assert item["state"] != "recalled" or (item["sender"], item["id"]) in self.recalls
            if item["state"] in {"recalled", "discarded"}:
                continue
            place = item["sender"], item["id"]
            if receipt := await self.ask(party, "GET", self.path(place) + "/receipt"):
                if receipt is Code.STATE or receipt.status_code == 202 or place[0] == SEC:
                    continue
                slot = self.slots[place]
                assert slot.receipt in (None, receipt.content)

    def path(self, place: tuple[str, str]) -> str:
        return "/v1/envelopes/{}/{}".format(*place)

    def compare(self, place: tuple[str, str], content: bytes) -> None:
        """What is fetched is what one of its senders' tries was: the one that was taken."""
        if place[0] == SEC:
            return
        slot = self.slots[place]
        expected = [slot.taken] if slot.taken else slot.tries
        assert content in [given.container for given in expected], "other bytes were delivered"

    # --- what must hold -------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "platform"):
            return
        try:
            self.runner.run(self.everything_holds())
        finally:
            self.runner.run(self.platform.close())
            self.runner.close()
            for one in reversed(self.around):
                one.__exit__(None, None, None)
            self.folder.cleanup()

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
            await self.platform.until(lambda t=table: not self.rows(held.format(t)))
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
            assert verify_custody(bytes(row["receipt"]), digest, id_, keys).index == row["log_index"]
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
        inbox = {row["envelope_id"] for row in self.platform.stored("SELECT envelope_id FROM inbox")}
        for row in rows:
            self.check_delivery(row, inbox)
        states = {(row["party"], row["seq"]): row["state"] for row in rows}
        assert {place: states[place] for place in self.final} == self.final

    def check_delivery(self, row: dict[str, Any], inbox: set[str]) -> None:
        state, party, seq = row["state"], row["party"], row["seq"]
        if state == "leased":
            assert row["lease"] and row["lease_until"]
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

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Return rows of the exchange's database."""
        path = self.platform.exchange_settings().database
        engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
        try:
            with engine.connect() as connection:
                return [dict(row) for row in connection.execute(text(statement)).mappings()]
        finally:
            engine.dispose()
