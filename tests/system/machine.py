"""The whole platform against a plain model of what its parties were told, at random.

Parties deposit, repeat, lease, acknowledge, recall; meanwhile wires are cut, answers are lost and
services die between two durable steps. The model knows only what a party knows: an answer that
came binds the platform, one that was lost leaves open what was done. At the end everything is
mended, every sender repeats what it ever gave, and then nothing may be left open.
"""

import asyncio
import shutil
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from structlog.testing import capture_logs

from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import RecallStatement
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.recalls import sign_recall
from tests.integration.declarations.contents import declaration
from tests.support.lives import HURRY, PARTIES, STATES, Mortal, prepare
from tests.support.platform_files import SEC, URLS
from tests.support.postgresql import SERVER
from tests.system.promises import LEASE_S, Given, Leased, Promises, only

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
RULE_S, REST_S = 30.0, 90.0  # longer than this nothing takes: it hangs
LETTER = {"type": "correspondence", "cty": "text/plain"}
NUMBER = st.integers(0, 1 << 16)
STATE = st.sampled_from(STATES[:4])
SERVICE = st.sampled_from(tuple(URLS))


@cache
def template() -> tuple[TemporaryDirectory[str], LogKeys]:
    """Return a folder with all parties enrolled, once for all runs."""
    kept = TemporaryDirectory(prefix="sextant-machine-")
    return kept, asyncio.run(prepare(Path(kept.name) / "platform"))


class PlatformMachine(Promises, RuleBasedStateMachine):
    """The rules, and what must hold in the end."""

    @initialize()
    def begin(self) -> None:
        kept, keys = template()
        self.folder = TemporaryDirectory(prefix="sextant-machine-")
        place = Path(self.folder.name) / "platform"
        shutil.copytree(Path(kept.name) / "platform", place)
        SERVER.copy_all(Path(kept.name) / "platform", place)
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
    def deposit(self, sender: str, *, large: bool, many: int) -> None:
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
    def deposit_other_bytes(self, which: int, *, large: bool) -> None:
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
    def release(self, which: int, *, dead: bool) -> None:
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

    def run(self, *works: Any) -> None:
        """Do all works at once; then start again what died meanwhile."""

        async def together() -> None:
            async with asyncio.timeout(RULE_S):
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
        keys = [(p, SealingKey.from_jwk(self.platform.parties[p].seal.jwk)) for p in parties]
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
            only(error, {Code.UNAVAILABLE, Code.STATE})
            return error.code if error.code is Code.STATE else None
        return answer

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
            only(error, {Code.UNAVAILABLE, Code.STATE})

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
            self.runner.run(asyncio.wait_for(self.everything_holds(), REST_S))
        finally:
            self.runner.run(self.platform.close())
            self.runner.close()
            for one in reversed(self.around):
                one.__exit__(None, None, None)
            self.folder.cleanup()
