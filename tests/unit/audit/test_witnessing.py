"""The log asks real witnesses; what they say is believed only when it verifies."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sextant_audit.domain.ports import WitnessAnswer, WitnessCall
from sextant_audit.domain.witnessing import Witnessing, require_same_log
from sextant_client.witness.http import HttpRequest
from sextant_shared.crypto.keys import Alg
from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import format_signatures, parse_signatures
from sextant_shared.merkle.proofs import verify_consistency
from sextant_shared.protocol.checkpoints import verify_checkpoint
from sextant_shared.protocol.policies import Policy, parse_policy
from sextant_shared.protocol.witnessing import SIZE_TYPE, format_size, parse_add_checkpoint
from tests.support.logs import ORIGIN, MemoryLog, log_keys, make_accepted
from tests.support.witness_service import Running, request
from tests.support.witnesses import cosignature, witness_vkey
from tests.unit.audit.memory import TestLog, new_entry

pytestmark = pytest.mark.anyio
NAMES = ("xal", "xbo", "xch")
Answering = Callable[[WitnessCall], WitnessAnswer]


def policy_of(*names: str, threshold: str = "2") -> Policy:
    lines = [f"log {vkey}" for vkey in log_keys().vkeys]
    for name in names:
        url = f"https://{name}.example"
        keys = [(alg, witness_vkey(name, alg)) for alg in (Alg.ED25519, Alg.ML_DSA_44)]
        lines += [f"witness {name}/{alg} {vkey} {url}" for alg, vkey in keys]
        lines += [f"group {name} all {name}/{Alg.ED25519} {name}/{Alg.ML_DSA_44}"]
    lines += [f"group states {threshold} {' '.join(names)}", "quorum states", ""]
    return parse_policy("\n".join(lines).encode())


class Scene:
    """A log and its witnesses; each can be replaced by something that answers otherwise."""

    def __init__(self, folder: Path, log: TestLog) -> None:
        self.log = log
        self.witnesses = {name: Running(folder / name, name=name) for name in NAMES}
        self.instead: dict[str, Answering] = {}
        self.calls: list[WitnessCall] = []
        self.restart()

    def restart(self) -> None:
        self.witnessing = Witnessing(
            policy=policy_of(*NAMES),
            call=self.call,
            ledger=self.log.ledger,
            prover=self.log.prover,
            clock=self.log.clock,
            interval_s=1,
        )

    async def call(self, call: WitnessCall) -> WitnessAnswer:
        self.calls.append(call)
        name = call.name.partition(".")[0]
        if name in self.instead:
            return self.instead[name](call)
        answer = self.witnesses[name].witness.answer(
            HttpRequest("POST", "/add-checkpoint", call.body)
        )
        return WitnessAnswer(answer.status, answer.content_type.partition(";")[0], answer.body)

    async def publish(self, *numbers: int) -> None:
        if numbers:
            await self.log.sequencer.flush([[new_entry(number) for number in numbers]])
        await self.log.publisher.publish()
        head = self.log.publisher.head
        assert head is not None
        self.witnessing.published(head)

    async def round(self, *numbers: int) -> None:
        await self.publish(*numbers)
        await self.witnessing.round()

    @property
    def served(self) -> str:
        head = self.log.publisher.head
        assert head is not None
        return self.witnessing.cosigned(head)

    def seen(self) -> set[str]:
        return set(self.witnessing.policy.judge(self.served).seen)

    @property
    def refusals(self) -> list[str]:
        return [each.detail for each in self.log.ledger.rows.refused]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    made = Scene(tmp_path, await TestLog().start())
    yield made
    for witness in made.witnesses.values():
        witness.memory.close()


def down(_call: WitnessCall) -> WitnessAnswer:
    raise PlatformError(Code.UNAVAILABLE, "does not answer within 1 s")


def says(status: int, body: bytes = b"no\n", kind: str = "text/plain") -> Answering:
    return lambda _call: WitnessAnswer(status, kind, body)


async def test_without_a_quorum_the_log_goes_on_and_says_so(scene: Scene) -> None:
    scene.instead = {"xal": down, "xbo": down}
    await scene.round(1, 2)
    assert scene.witnessing.witnessed is None
    assert verify_checkpoint(scene.served, log_keys()).size == 3
    assert scene.seen() == {"xch/Ed25519", "xch/ML-DSA-44"}
    assert {state.fault for state in scene.witnessing.report().witnesses} == {
        "",
        "does not answer within 1 s",
    }


async def test_a_quorum_makes_the_head_witnessed(scene: Scene) -> None:
    scene.instead = {"xbo": down}
    await scene.round(1, 2)
    assert scene.witnessing.witnessed is not None
    assert scene.witnessing.policy.judge(scene.witnessing.witnessed.checkpoint).is_met
    assert scene.witnessing.report().witnessed_size == 3


async def test_a_quorum_that_is_lost_keeps_the_last_witnessed_head(scene: Scene) -> None:
    await scene.round(1)
    scene.instead = {"xal": down, "xbo": down}
    await scene.round(2)
    assert scene.witnessing.witnessed is not None
    assert scene.witnessing.witnessed.size == 2
    report = scene.witnessing.report()
    assert (report.size, report.witnessed_size) == (3, 2)
    assert [state.lag for state in report.witnesses] == [1, 1, 1, 1, 0, 0]


async def test_each_witness_gets_the_proof_from_what_it_cosigned_last(scene: Scene) -> None:
    await scene.round(1)
    scene.instead = {"xal": down}
    await scene.round(2)
    scene.instead = {}
    scene.log.clock.now += 5
    await scene.round(3)
    old = {call.name: parse_add_checkpoint(call.body).old for call in scene.calls[-3:]}
    assert old == {"xal.example/w": 2, "xbo.example/w": 3, "xch.example/w": 3}
    assert all(len(call.body) < 16_384 for call in scene.calls)
    assert len(scene.seen()) == 6


async def test_a_witness_that_knows_more_names_its_size_and_is_asked_once_more(
    scene: Scene,
) -> None:
    await scene.round(1, 2, 3)
    scene.restart()  # a log that has forgotten what they cosigned
    scene.calls.clear()
    await scene.round(4)
    assert [parse_add_checkpoint(call.body).old for call in scene.calls] == 3 * [0, 4]
    assert len(scene.seen()) == 6


async def test_a_witness_that_never_agrees_is_asked_twice_and_then_later(scene: Scene) -> None:
    scene.instead = {"xal": says(409, format_size(1), SIZE_TYPE)}
    await scene.round(1)
    assert sum(call.name.startswith("xal") for call in scene.calls) == 2
    await scene.witnessing.round()
    assert sum(call.name.startswith("xal") for call in scene.calls) == 2
    assert scene.refusals == ["answered 409: 1"]


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (says(404), "answered 404: no"),
        (says(403), "answered 403: no"),
        (says(400), "answered 400: no"),
        (says(409), "answered 409: no"),
        (says(422), "answered 422: no"),
        (says(500, b"\xff"), "answered 500: \ufffd"),
        (says(302, b""), "answered 302: "),
        (says(409, b"x\n", SIZE_TYPE), "a conflict does not say which size is held"),
        (says(409, b"99\n", SIZE_TYPE), "holds size 99, which this log never published"),
        (says(200, b""), "signature lines hold a control character or do not end in a newline"),
        (says(200, b"\xff\n"), "answered with what is no text"),
    ],
)
async def test_every_other_answer_is_a_refusal_that_is_kept_once(
    scene: Scene, answer: Answering, detail: str
) -> None:
    scene.instead = {"xal": answer}
    await scene.round(1)
    for number in (2, 3):
        scene.log.clock.now += 100
        await scene.round(number)
    assert scene.refusals == [detail]
    (kept,) = scene.log.ledger.rows.refused
    assert kept.url == "https://xal.example"
    assert parse_add_checkpoint(kept.request.encode()).checkpoint
    assert scene.witnessing.witnessed is not None


async def test_a_ledger_that_cannot_write_ends_no_round_and_serves_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_work: object) -> None:
        raise PlatformError(Code.UNAVAILABLE, "the disk is full")

    await scene.publish(1)
    scene.instead = {"xal": down}
    with monkeypatch.context() as patched:
        patched.setattr(scene.log.ledger, "write", full)
        await scene.witnessing.round()
        assert scene.seen() == set()
    scene.log.clock.now += 100
    await scene.witnessing.round()
    assert len(scene.seen()) == 4
    assert scene.refusals == ["does not answer within 1 s"]


async def test_a_witness_that_has_forgotten_is_not_believed(scene: Scene) -> None:
    await scene.round(1, 2)
    scene.instead = {"xal": says(409, format_size(1), SIZE_TYPE)}
    await scene.round(3)
    assert scene.refusals == ["holds size 1 and cosigned size 3 before"]


async def test_lines_of_unknown_keys_are_ignored_and_not_served(scene: Scene) -> None:
    def more(call: WitnessCall) -> WitnessAnswer:
        head = parse_add_checkpoint(call.body).checkpoint
        lines = [cosignature(head, name) for name in ("stranger", "xal")]
        return WitnessAnswer(200, "text/plain", format_signatures(lines).encode())

    scene.instead = {"xal": more}
    await scene.round(1)
    assert "xal/Ed25519" in scene.seen()
    assert "stranger" not in scene.served


async def test_strangers_alone_are_a_refusal(scene: Scene) -> None:
    def strangers(call: WitnessCall) -> WitnessAnswer:
        head = parse_add_checkpoint(call.body).checkpoint
        line = format_signatures([cosignature(head, "stranger")])
        return WitnessAnswer(200, "text/plain", line.encode())

    scene.instead = {"xal": strangers}
    await scene.round(1)
    assert scene.refusals == ["answered without a cosignature by a key of the policy"]


async def test_a_cosignature_of_another_head_is_not_served(scene: Scene) -> None:
    other = MemoryLog([])
    other.append(make_accepted(1))
    other.append(make_accepted(2))
    line = format_signatures([cosignature(other.checkpoint(), "xal")])
    scene.instead = {"xal": says(200, line.encode())}
    await scene.round(1)
    assert "does not verify" in scene.refusals[0]
    assert "xal/Ed25519" not in scene.seen()


async def test_a_fork_shown_to_a_witness_is_refused_and_kept_on_both_sides(scene: Scene) -> None:
    """The witness has seen another history of the same log: that is what it is there for."""
    fork = MemoryLog([])
    for number in range(2):
        fork.append(make_accepted(50 + number))

    assert scene.witnesses["xal"].post(request(0, 2, fork)).status == 200
    await scene.round(1, 2)
    assert scene.refusals[0].startswith("answered 422")
    assert [kept.size for kept in scene.witnesses["xal"].memory.evidence()] == [3]
    assert scene.seen() == {"xbo/Ed25519", "xbo/ML-DSA-44", "xch/Ed25519", "xch/ML-DSA-44"}


async def test_a_failing_witness_is_asked_ever_more_rarely(scene: Scene) -> None:
    scene.instead = {"xal": down}
    await scene.publish(1)
    asked = []
    for second in range(200):
        scene.calls.clear()
        scene.log.clock.now += 1
        await scene.witnessing.round()
        if any(call.name.startswith("xal") for call in scene.calls):
            asked.append(second)
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert max(gaps) == 60


async def test_a_head_that_is_signed_afresh_is_cosigned_afresh(scene: Scene) -> None:
    await scene.round(1)
    before = scene.witnessing.policy.judge(scene.served).first_time
    for witness in scene.witnesses.values():
        witness.now += 700
    scene.log.clock.now += 700
    scene.log.signer.now += 700
    await scene.log.sequencer.flush([[]])
    await scene.round()
    assert before is not None
    assert scene.witnessing.policy.judge(scene.served).first_time == before + 700
    assert len(parse_signatures(scene.served.partition("\n\n")[2])) == 8


async def test_what_was_cosigned_is_known_after_a_start(scene: Scene) -> None:
    scene.instead = {"xbo": down}
    await scene.round(1, 2)
    scene.instead = {"xal": down, "xbo": down}
    await scene.round(3)
    scene.restart()
    await scene.witnessing.recover()
    await scene.publish()
    assert scene.witnessing.witnessed is not None
    assert scene.witnessing.witnessed.size == 3
    assert scene.seen() == {"xch/Ed25519", "xch/ML-DSA-44"}
    assert [s.size for s in scene.witnessing.report().witnesses] == [3, 3, 0, 0, 4, 4]
    scene.calls.clear()
    scene.instead = {}
    await scene.witnessing.round()
    old = {call.name[:3]: parse_add_checkpoint(call.body).old for call in scene.calls}
    assert old["xal"] == 3


@pytest.mark.parametrize("place", ["line", "size", "time"])
async def test_a_stored_cosignature_that_rotted_stops_no_start_and_is_asked_for_again(
    scene: Scene, place: str
) -> None:
    await scene.round(1, 2)
    rows = scene.log.ledger.rows
    at = next(i for i, each in enumerate(rows.cosigs) if each.name.startswith("xal"))
    each = rows.cosigs[at]
    bent = each.line[:-9] + ("A" if each.line[-9] != "A" else "B") + each.line[-8:]
    damaged: dict[str, Any] = {"line": bent, "size": 1, "time": each.time + 1}
    rows.cosigs[at] = replace(each, **{place: damaged[place]})
    scene.restart()
    await scene.witnessing.recover()
    await scene.publish()
    key = "xal/Ed25519" if len(each.line) < 300 else "xal/ML-DSA-44"
    assert key not in scene.seen()
    assert scene.witnessing.witnessed is not None
    faults = {state.name: state.fault for state in scene.witnessing.report().witnesses}
    assert faults[key] == "its stored cosignature does not hold"
    await scene.round(3)
    assert len(scene.seen()) == 6
    assert {state.fault for state in scene.witnessing.report().witnesses} == {""}


async def test_the_report_can_be_checked_without_believing_it(scene: Scene) -> None:
    await scene.round(1)
    scene.instead = {"xal": down}
    await scene.round(2)
    for state in scene.witnessing.report().witnesses:
        assert state.checkpoint is not None
        assert verify_checkpoint(state.checkpoint, log_keys()).size == state.size
        assert state.name in scene.witnessing.policy.judge(state.checkpoint).seen


async def test_a_witnessed_head_continues_every_receipt_before_it(scene: Scene) -> None:
    scene.log.reading._witnessing = scene.witnessing
    with pytest.raises(PlatformError, match="E_NOT_FOUND"):
        await scene.log.reading.witnessed(1)
    await scene.round(*range(1, 9))
    root = {size: await scene.log.prover.root(size) for size in range(1, 10)}
    for first in range(1, 10):
        found = await scene.log.reading.witnessed(first)
        path = [b64_decode(node) for node in found.path]
        verify_consistency(first, 9, path, root[first], root[9])
    with pytest.raises(PlatformError, match="E_NOT_FOUND"):
        await scene.log.reading.witnessed(10)


def test_a_policy_for_another_log_is_refused() -> None:
    require_same_log(policy_of("xal", threshold="1"), log_keys().vkeys)
    with pytest.raises(PlatformError, match="E_POLICY"):
        require_same_log(policy_of("xal", threshold="1"), log_keys(ORIGIN, "other").vkeys)
