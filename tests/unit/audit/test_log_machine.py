"""A log that is appended to, killed, restarted and published at random, against a plain list."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sextant_audit.domain.checking import check_log
from sextant_shared.encoding import b64_decode
from sextant_shared.merkle.proofs import verify_inclusion
from sextant_shared.models.log import AppendAnswer
from sextant_shared.protocol.checkpoints import verify_checkpoint
from tests.support.logs import log_keys
from tests.unit.audit.memory import Crash, TestLog, new_entry
from tests.unit.shared.merkle import naive

POINTS = ("audit.before_commit", "audit.after_commit", "audit.after_sign", "audit.before_publish")
BATCHES = st.lists(st.lists(st.integers(1, 600), min_size=1, max_size=300), min_size=1, max_size=3)


class LogMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.log = TestLog(cache_size=1)
        self.told: dict[int, int] = {}
        self.heads: dict[int, bytes] = {}
        self.restart()

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

    def believe(self, answer: AppendAnswer, batch: list[int]) -> None:
        checkpoint = verify_checkpoint(answer.checkpoint, log_keys())
        assert self.heads.setdefault(checkpoint.size, checkpoint.root) == checkpoint.root
        for item, number in zip(answer.items, batch, strict=True):
            assert self.told.setdefault(number, item.index) == item.index
        for item, number in list(zip(answer.items, batch, strict=True))[::37]:
            path = [b64_decode(node) for node in item.path]
            leaf = new_entry(number).hash
            verify_inclusion(item.index, answer.size, leaf, path, checkpoint.root)

    @rule(point=st.sampled_from(("", "audit.before_publish")))
    def publish(self, point: str) -> None:
        self.log.crash_at = point
        try:
            self.runner.run(self.log.publisher.publish())
        except Crash:
            self.restart()
        self.log.crash_at = ""

    @rule()
    def restart(self) -> None:
        self.log.crash_at = ""
        self.runner.run(self.log.start())

    @invariant()
    def the_whole_log_agrees(self) -> None:
        if not hasattr(self, "log"):
            return
        signer = self.log.signer
        signed = signer.size, signer.root
        report = self.runner.run(check_log(self.log.ledger, signer.keys, signed))
        assert report.size == self.log.sequencer.head.size

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        stored = self.log.ledger.rows.stored
        places = {entry.id: entry.index for entry in stored}
        assert len(places) == len(stored)
        assert all(places[new_entry(n).id] == index for n, index in self.told.items())
        leaves = [entry.hash for entry in stored]
        assert all(naive.root(leaves[:size]) == root for size, root in self.heads.items())
        self.runner.close()


LogMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=8, deadline=None)
TestLogKeepsItsPromises = LogMachine.TestCase
