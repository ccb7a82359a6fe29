"""One delivery from lease to acknowledgement: nothing lost, nothing twice, nobody accused."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from sextant_declarations.domain.deliveries import Dossier, Examined
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.intake import Intake
from sextant_declarations.domain.records import Nature
from sextant_shared.encoding import b64u_decode, canonical_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import parse_entry
from sextant_shared.models.receipts import OpenedReceipt, OutcomeReceipt, OutcomeVerdict
from tests.support.parties import pair
from tests.unit.declarations.fakes import PowerCutError
from tests.unit.declarations.secretariat import Secretariat
from tests.unit.declarations.world import XAL, XBO, content_of

pytestmark = pytest.mark.anyio

POINTS = [
    "declarations.after_lease",
    "declarations.after_open",
    "declarations.after_stored",
    "declarations.after_ack",
    "declarations.after_entry",
    "declarations.after_reply",
]


@pytest.fixture
def secretariat(tmp_path: Path) -> Secretariat:
    return Secretariat(tmp_path)


def verdicts(secretariat: Secretariat, party: str = XAL) -> list[str]:
    return sorted(f"{r.kind} {r.verdict}" for r in secretariat.replies_to(party))


async def settle(secretariat: Secretariat) -> None:
    await secretariat.take_in()
    await secretariat.relay()


# --- refusals -----------------------------------------------------------------------------------


async def test_a_wrong_signature_is_refused_signed_and_acknowledged(
    secretariat: Secretariat,
) -> None:
    world = secretariat.world
    secretariat.deliver(world.accept(content_of(), world.request(signers=pair("a stranger"))))
    await settle(secretariat)
    assert verdicts(secretariat) == ["opened REJECTED"]
    assert len(secretariat.exchange.acknowledged) == 1
    assert secretariat.exchange.released == []


async def test_a_refusal_says_nothing_about_how_it_failed(secretariat: Secretariat) -> None:
    world = secretariat.world
    secretariat.deliver(
        world.accept(content_of(), world.request(signers=pair("a stranger"))),
        world.accept(content_of(), world.request(created="2026-11-20T00:00:00Z")),
    )
    await settle(secretariat)
    answers = [r.model_dump() for r in secretariat.replies_to(XAL)]
    constant = [{k: a[k] for k in ("v", "kind", "verdict", "reason")} for a in answers]
    assert (
        constant == [{"v": 1, "kind": "opened", "verdict": "REJECTED", "reason": "UNREADABLE"}] * 2
    )
    assert len({len(container) for container in secretariat.exchange.deposited.values()}) == 1


async def test_a_refused_envelope_is_kept_without_plaintext(secretariat: Secretariat) -> None:
    world = secretariat.world
    accepted = world.accept(content_of(), world.request(signers=pair("a stranger")))
    secretariat.deliver(accepted)
    await settle(secretariat)
    digest = accepted.manifest.digest
    leave = Access.of_examination()
    assert secretariat.vault.container(digest, leave).read_bytes() == accepted.container
    with pytest.raises(PlatformError):
        secretariat.vault.content(digest, leave)
    assert secretariat.records[0].nature is Nature.REFUSED


async def test_garbage_content_is_rejected_with_a_signed_receipt(secretariat: Secretariat) -> None:
    secretariat.deliver(secretariat.world.declare(content=b"\xff not JSON"))
    await settle(secretariat)
    assert verdicts(secretariat) == ["opened OPENED", "outcome REJECTED"]
    outcome = next(r for r in secretariat.replies_to(XAL) if isinstance(r, OutcomeReceipt))
    assert (outcome.reason, outcome.registration) == ("CONTENT", None)
    acts = [parse_entry(entry.leaf).type for entry in secretariat.records[0].entries]
    assert acts == ["declaration.opened", "declaration.refused"]


async def test_a_declaration_for_another_state_is_returned(secretariat: Secretariat) -> None:
    secretariat.deliver(secretariat.world.declare(XBO, state_code="XAL"))
    await settle(secretariat)
    outcome = next(r for r in secretariat.replies_to(XBO) if isinstance(r, OutcomeReceipt))
    assert outcome.verdict is OutcomeVerdict.RETURNED
    assert [f.rule for f in outcome.findings] == ["REG-1"]
    assert outcome.findings[0].expected == "XBO"


async def test_a_receipt_for_another_manifest_goes_back_and_accuses_nobody(
    secretariat: Secretariat,
) -> None:
    first, second = secretariat.world.declare(), secretariat.world.declare()
    secretariat.deliver(replace(first, custody=second.custody))
    await settle(secretariat)
    assert secretariat.exchange.acknowledged == []
    assert "E_INTEGRITY" in secretariat.exchange.released[0][1]
    assert (secretariat.records, secretariat.exchange.deposited) == ([], {})


async def test_a_forged_registry_answer_goes_back_and_is_asked_again_next_time(
    secretariat: Secretariat,
) -> None:
    secretariat.deliver(secretariat.world.declare())
    secretariat.exchange.bend_proof = secretariat.world.proof_bytes(XBO)
    await secretariat.take_in()
    assert "registry proof" in secretariat.exchange.released[0][1]
    secretariat.exchange.bend_proof = None
    await settle(secretariat)
    assert verdicts(secretariat) == ["opened OPENED", "outcome REGISTERED"]


async def test_another_envelope_under_a_stored_id_goes_back(secretariat: Secretariat) -> None:
    accepted = secretariat.world.declare()
    secretariat.deliver(accepted)
    await settle(secretariat)
    lease = secretariat.world.lease(accepted, manifest="A" * 43)
    await secretariat.intake(lease)
    assert "another envelope" in secretariat.exchange.released[0][1]
    assert len(secretariat.records) == 1


async def test_another_envelope_than_was_announced_goes_back(secretariat: Secretariat) -> None:
    accepted = secretariat.world.declare()
    secretariat.deliver(accepted)
    await secretariat.intake(secretariat.world.lease(accepted, manifest="A" * 43))
    assert "another envelope" in secretariat.exchange.released[0][1]
    assert secretariat.records == []


# --- answers ------------------------------------------------------------------------------------


async def test_a_declaration_is_registered_and_answered_twice(secretariat: Secretariat) -> None:
    accepted = secretariat.world.declare()
    secretariat.deliver(accepted)
    await settle(secretariat)
    opened, outcome = secretariat.replies_to(XAL)
    assert isinstance(opened, OpenedReceipt)
    assert isinstance(outcome, OutcomeReceipt)
    assert outcome.registration == "SEC-2026-000001"
    assert opened.env == outcome.env == accepted.id
    assert b64u_decode(outcome.man) == accepted.manifest.digest
    stored = secretariat.vault.content(accepted.manifest.digest, Access.of_examination())
    assert stored.read_bytes() == content_of()


async def test_each_act_has_its_own_entry_whose_commitment_opens_with_the_salt(
    secretariat: Secretariat,
) -> None:
    secretariat.deliver(secretariat.world.declare())
    await settle(secretariat)
    record = secretariat.records[0]
    entries = [parse_entry(entry.leaf).model_dump() for entry in record.entries]
    assert [entry["type"] for entry in entries] == ["declaration.opened", "declaration.outcome"]
    answers = secretariat.replies_to(XAL)
    for owed, entry, answer in zip(record.entries, entries, answers, strict=True):
        detail = canonical_json(answer.model_dump(mode="json"))
        assert owed.detail == detail
        commit = sha256(b"audit-commit/v1" + owed.salt + detail)
        assert b64u_decode(entry["commit"]) == commit
        assert entry["ref"] == record.submission.examined.custody.index
    assert len({owed.salt for owed in record.entries}) == 2
    assert len(secretariat.store.proofs) == 2


async def test_the_replys_custody_receipt_is_kept(secretariat: Secretariat) -> None:
    secretariat.deliver(secretariat.world.declare())
    await settle(secretariat)
    kept = sorted(secretariat.store.custody.values())
    assert kept == sorted(secretariat.exchange.receipts.values())


async def test_correspondence_gets_an_opened_receipt_only(secretariat: Secretariat) -> None:
    world = secretariat.world
    request = world.request(type="correspondence", cty="text/plain")
    secretariat.deliver(world.accept(b"We will look into it.", request))
    await settle(secretariat)
    assert verdicts(secretariat) == ["opened OPENED"]


@pytest.mark.parametrize("signer", [f"{XAL}/sig", "a stranger"], ids=["opened", "refused"])
async def test_a_receipt_is_never_answered(secretariat: Secretariat, signer: str) -> None:
    world = secretariat.world
    request = world.request(type="receipt.opened", signers=pair(signer))
    secretariat.deliver(world.accept(b"{}", request))
    await settle(secretariat)
    assert secretariat.exchange.deposited == {}
    assert len(secretariat.exchange.acknowledged) == len(secretariat.records) == 1


# --- exactly once -------------------------------------------------------------------------------


async def test_a_delivery_that_comes_again_is_only_acknowledged(secretariat: Secretariat) -> None:
    secretariat.deliver(secretariat.world.declare())
    for _ in range(3):
        await settle(secretariat)
    assert len(secretariat.records) == 1
    assert len(secretariat.exchange.acknowledged) == 3
    assert len(secretariat.exchange.deposited) == 2


async def test_two_leases_of_one_delivery_at_once_register_it_once(
    secretariat: Secretariat,
) -> None:
    accepted = secretariat.world.declare()
    secretariat.deliver(accepted, accepted)
    await asyncio.gather(*(secretariat.intake(lease) for lease in secretariat.exchange.leases()))
    assert len(secretariat.records) == 1
    assert len(secretariat.exchange.acknowledged) == 2


async def test_an_acknowledgement_that_is_lost_leaves_the_work_done(
    secretariat: Secretariat,
) -> None:
    secretariat.deliver(secretariat.world.declare())
    secretariat.exchange.stale = True
    await settle(secretariat)
    assert len(secretariat.records) == 1
    assert secretariat.exchange.released == []


@pytest.mark.parametrize("point", POINTS)
async def test_a_process_that_stops_loses_nothing_and_does_nothing_twice(
    secretariat: Secretariat, point: str
) -> None:
    secretariat.deliver(secretariat.world.declare())
    secretariat.step.name = point
    with pytest.raises(PowerCutError):
        await settle(secretariat)
    secretariat.restart()
    await settle(secretariat)
    assert verdicts(secretariat) == ["opened OPENED", "outcome REGISTERED"]
    assert len(secretariat.records) == len(secretariat.vault_files()) == 1
    assert len(secretariat.store.proofs) == len(secretariat.store.custody) == 2
    types = [parse_entry(leaf).type for leaf in secretariat.world.log.leaves]
    assert types.count("declaration.opened") == types.count("declaration.outcome") == 1
    assert secretariat.staging() == []


# --- order --------------------------------------------------------------------------------------


class Slow:
    """A workshop in which chosen deliveries take longer, or fail late."""

    def __init__(self, secretariat: Secretariat, held: asyncio.Event, slow: str) -> None:
        self._inner = secretariat.workshop
        self._held = held
        self._slow = slow
        self.error: PlatformError | None = None
        self.seal = self._inner.seal

    async def examine(self, dossier: Dossier) -> Examined:
        if dossier.id == self._slow:
            await self._held.wait()
            if self.error:
                raise self.error
        return await self._inner.examine(dossier)


@pytest.mark.parametrize("fails", ["never", "late"])
async def test_a_version_does_not_overtake_the_one_before_it(
    secretariat: Secretariat, fails: str
) -> None:
    first, second = secretariat.world.declare(version=1), secretariat.world.declare(version=2)
    other = secretariat.world.declare(XBO, state_code="XBO")
    secretariat.deliver(first, second, other)
    go = asyncio.Event()
    workshop = Slow(secretariat, go, first.id)
    if fails == "late":
        workshop.error = PlatformError(Code.UNAVAILABLE, "the disk refused")
    intake = replace(secretariat.intake, workshop=workshop)
    tasks = [asyncio.create_task(intake(lease)) for lease in secretariat.exchange.leases()]
    await tasks[2]
    assert [r.submission.examined.sender for r in secretariat.records] == [XBO]
    go.set()
    await asyncio.gather(*tasks)
    versions = [r.filed.facts.version for r in secretariat.records[1:] if r.filed]
    assert versions == ([1, 2] if fails == "never" else [2])
    assert all(r.filed and r.filed.registration for r in secretariat.records)


# --- what is transient --------------------------------------------------------------------------


async def test_an_exchange_that_is_down_releases_and_loses_nothing(
    secretariat: Secretariat,
) -> None:
    secretariat.deliver(secretariat.world.declare())
    leases = secretariat.exchange.leases()
    secretariat.exchange.down = True
    await secretariat.intake(leases[0])
    assert secretariat.records == []
    secretariat.exchange.down = False
    await settle(secretariat)
    assert verdicts(secretariat) == ["opened OPENED", "outcome REGISTERED"]


async def test_a_defect_releases_the_delivery_without_telling_its_content(
    secretariat: Secretariat,
) -> None:
    secretariat.deliver(secretariat.world.declare())
    secretariat.workshop.fail = ValueError("42 tonnes of it")
    await secretariat.take_in()
    _, reason, _ = secretariat.exchange.released[0]
    assert reason == f"{Code.INTERNAL}: ValueError"


async def test_delays_grow_with_the_attempts_up_to_the_cap(secretariat: Secretariat) -> None:
    accepted = secretariat.world.declare()
    secretariat.deliver(accepted)
    secretariat.workshop.fail = PlatformError(Code.UNAVAILABLE, "the disk refused")
    for attempts in (1, 5, 60):
        await secretariat.intake(secretariat.world.lease(accepted, attempts=attempts))
    first, middle, last = (delay for _, _, delay in secretariat.exchange.released)
    assert 2 <= first <= 4  # as `retry_first_s` says
    assert 32 <= middle <= 64
    assert 450 <= last <= 900


async def test_a_stopping_worker_gives_its_lease_back_at_once(secretariat: Secretariat) -> None:
    secretariat.deliver(secretariat.world.declare())
    reached = asyncio.Event()

    async def never(_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    stuck: Intake = replace(secretariat.intake, submit=never)
    task = asyncio.create_task(stuck(secretariat.exchange.leases()[0]))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert secretariat.exchange.released[0][1:] == ("the service is stopping", 0)


async def test_long_work_keeps_its_lease(secretariat: Secretariat) -> None:
    secretariat.deliver(secretariat.world.declare())

    async def slow(_: object) -> None:
        await asyncio.sleep(0.05)

    patience = replace(secretariat.intake.patience, lease_s=0.02)  # type: ignore[arg-type]
    await replace(secretariat.intake, submit=slow, patience=patience)(
        secretariat.exchange.leases()[0]
    )
    assert len(secretariat.exchange.extended) >= 2
