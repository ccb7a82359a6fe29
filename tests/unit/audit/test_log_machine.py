"""A log that is appended to, killed, restarted, published and witnessed at random, against a list.

The model is a list of leaves: what was told stands where it was told, every head is the root of
the list's beginning, every proof is that of the naive tree, and a witness signs whatever comes.
"""

import asyncio
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sextant_audit.domain.checking import check_log
from sextant_audit.domain.ports import NewEntry, WitnessAnswer, WitnessCall
from sextant_audit.domain.witnessing import Witnessing
from sextant_client.witness.http import HttpRequest
from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.proofs import verify_inclusion
from sextant_shared.models.log import AppendAnswer
from sextant_shared.protocol.checkpoints import verify_checkpoint
from tests.support.logs import log_keys
from tests.support.witness_service import Running
from tests.support.witnesses import policy
from tests.unit.audit.memory import Crash, TestLog, new_entry
from tests.unit.shared.merkle import naive

POINTS = ("audit.before_commit", "audit.after_commit", "audit.after_sign", "audit.before_publish")
NUMBER = st.integers(1, 600)
COSIGNING = ("", "audit.before_cosigned", "audit.after_cosigned")
FEW = st.lists(st.integers(1, 900), min_size=1, max_size=5)
MANY = st.builds(lambda first, count: [*range(first, first + count)], NUMBER, st.integers(1, 300))
BATCHES = st.lists(FEW | MANY, min_size=1, max_size=3)
PLACE = st.integers(0, 1 << 20)


class LogMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory(prefix="sextant-log-machine-")
        self.witness = Running(Path(self.folder.name) / "w", name="xal")
        self.is_down = False
        self.log = TestLog(cache_size=1)
        self.told: dict[int, int] = {}
        self.heads: dict[int, bytes] = {}
        self.restart()

    # --- what services do -----------------------------------------------------------------------

    @rule(batches=BATCHES, point=st.sampled_from(("", "", *POINTS)))
    def append(self, batches: list[list[int]], point: str) -> None:
        requests = [[new_entry(number) for number in batch] for batch in batches]
        self.log.crash_at = point
        try:
            answers = self.runner.run(self.log.sequencer.flush([*requests]))
        except Crash:
            self.restart()
            return
        self.log.crash_at = ""
        for answer, batch in zip(answers, batches, strict=True):
            assert isinstance(answer, AppendAnswer)
            self.believe(answer, batch)

    @rule(numbers=st.lists(st.integers(1, 600), min_size=1, max_size=3), which=PLACE)
    def append_other_bytes(self, numbers: list[int], which: int) -> None:
        """An id that stands already with other bytes refuses its request, and that alone."""
        if not self.told:
            return
        number = sorted(self.told)[which % len(self.told)]
        data = new_entry(number).data + b" "
        clash = NewEntry(new_entry(number).id, data, leaf_hash(data))
        sound = [new_entry(each) for each in numbers]
        refused, answer = self.runner.run(self.log.sequencer.flush([[*sound, clash], sound]))
        assert isinstance(refused, PlatformError)
        assert refused.code is Code.DUPLICATE
        assert isinstance(answer, AppendAnswer)
        self.believe(answer, numbers)

    @rule()
    def ask_for_a_fresh_head(self) -> None:
        """A quiet log signs the same tree again, later; nothing else changes."""
        self.log.clock.now += 700
        self.log.signer.now = self.log.clock.now
        before = self.log.sequencer.head
        [answer] = self.runner.run(self.log.sequencer.flush([[]]))
        assert isinstance(answer, AppendAnswer)
        after = self.log.sequencer.head
        assert (after.size, after.root) == (before.size, before.root)
        assert after.time > before.time

    def believe(self, answer: AppendAnswer, batch: list[int]) -> None:
        checkpoint = verify_checkpoint(answer.checkpoint, log_keys())
        assert self.heads.setdefault(checkpoint.size, checkpoint.root) == checkpoint.root
        for item, number in zip(answer.items, batch, strict=True):
            assert self.told.setdefault(number, item.index) == item.index
        for item, number in list(zip(answer.items, batch, strict=True))[::37]:
            path = [b64_decode(node) for node in item.path]
            leaf = new_entry(number).hash
            verify_inclusion(item.index, answer.size, leaf, path, checkpoint.root)

    # --- what readers and witnesses do ----------------------------------------------------------

    @rule(index=PLACE, size=PLACE, first=PLACE)
    def prove(self, index: int, size: int, first: int) -> None:
        """Proofs of any size, from any tile, are those of the naive tree."""
        signed = self.log.publisher.signed_size
        size = 1 + size % signed
        index, first = index % size, 1 + first % size
        leaves = [entry.hash for entry in self.log.ledger.rows.stored]
        included = self.runner.run(self.log.reading.inclusion(index, size))
        wanted = naive.inclusion(index, leaves[:size])
        assert [b64_decode(node) for node in included.path] == wanted
        consistent = self.runner.run(self.log.reading.consistency(first, size))
        wanted = naive.consistency(first, leaves[:size])
        assert [b64_decode(node) for node in consistent.path] == wanted

    @rule(point=st.sampled_from(("", "audit.before_publish")))
    def publish(self, point: str) -> None:
        self.log.crash_at = point
        try:
            self.runner.run(self.log.publisher.publish())
        except Crash:
            self.restart()
        self.log.crash_at = ""

    @rule(point=st.sampled_from(COSIGNING), is_down=st.booleans())
    def ask_the_witness(self, point: str, *, is_down: bool) -> None:
        """Down, up, or we stop around the storing: it never has reason to refuse."""
        self.is_down, self.log.crash_at = is_down, point
        self.log.clock.now += 100
        head = self.log.publisher.head
        assert head is not None
        self.witnessing.published(head)
        try:
            self.runner.run(self.witnessing.round())
        except Crash:
            self.restart()
        self.log.crash_at = ""

    async def call(self, call: WitnessCall) -> WitnessAnswer:
        if self.is_down:
            raise PlatformError(Code.UNAVAILABLE, "does not answer")
        request = HttpRequest("POST", "/add-checkpoint", call.body)
        answer = self.witness.witness.answer(request)
        return WitnessAnswer(answer.status, answer.content_type.partition(";")[0], answer.body)

    @rule()
    def restart(self) -> None:
        self.log.crash_at = ""
        self.runner.run(self.log.start())
        self.witnessing = Witnessing(
            policy("xal"),
            self.call,
            self.log.ledger,
            self.log.prover,
            self.log.clock,
            1,
            self.log._crash_point,
        )
        self.runner.run(self.witnessing.recover())

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def the_whole_log_agrees(self) -> None:
        if not hasattr(self, "log"):
            return
        signer = self.log.signer
        signed = signer.size, signer.root
        cosigners = policy("xal").cosigners
        report = self.runner.run(check_log(self.log.ledger, signer.keys, signed, cosigners))
        assert report.size == self.log.sequencer.head.size

    @invariant()
    def the_witness_follows_one_history(self) -> None:
        if not hasattr(self, "log"):
            return
        refused = {each.detail for each in self.log.ledger.rows.refused}
        assert refused <= {"does not answer"}
        sizes = [head.body.size for head in self.witness.memory.heads()]
        assert all(size <= self.log.publisher.signed_size for size in sizes)

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        stored = self.log.ledger.rows.stored
        places = {entry.id: entry.index for entry in stored}
        assert len(places) == len(stored)
        assert all(places[new_entry(n).id] == index for n, index in self.told.items())
        leaves = [entry.hash for entry in stored]
        assert all(naive.root(leaves[:size]) == root for size, root in self.heads.items())
        cosigned = [each.size for each in self.log.ledger.rows.cosigs]
        assert all(one <= next_ for one, next_ in pairwise(cosigned))
        self.runner.close()
        self.witness.memory.close()
        self.folder.cleanup()


LogMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
TestLogKeepsItsPromises = LogMachine.TestCase
