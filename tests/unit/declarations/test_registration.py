"""The register's own rules: versions, numbers, States, batches."""

from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.domain.records import Submission
from sextant_declarations.domain.register import StatePolicy, format_number
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import OutcomeReceipt
from tests.unit.declarations.secretariat import Secretariat
from tests.unit.declarations.world import XAL, XBO

pytestmark = pytest.mark.anyio


@pytest.fixture
def secretariat(tmp_path: Path) -> Secretariat:
    return Secretariat(tmp_path)


async def declare(secretariat: Secretariat, party: str = XAL, **declared: Any) -> OutcomeReceipt:
    """Send one declaration and return its outcome."""
    secretariat.exchange.waiting.clear()
    secretariat.exchange.deposited.clear()
    secretariat.deliver(secretariat.world.declare(party, **declared))
    await secretariat.take_in()
    await secretariat.relay()
    return next(r for r in secretariat.replies_to(party) if isinstance(r, OutcomeReceipt))


@pytest.mark.parametrize("version", [1, 2])
async def test_an_equal_or_lower_version_is_returned_and_overwrites_nothing(
    secretariat: Secretariat, version: int
) -> None:
    await declare(secretariat, version=2)
    outcome = await declare(secretariat, version=version)
    assert outcome.verdict == "RETURNED"
    assert [f.rule for f in outcome.findings] == ["REG-2"]
    assert outcome.findings[0].expected == "version 3 or higher"
    filed = [record.filed for record in secretariat.records]
    assert [(f.n, f.facts.version, f.registration) for f in filed if f] == [
        (1, 2, "SEC-2026-000001"),
        (2, version, None),
    ]


async def test_a_higher_version_amends_under_a_number_of_its_own(secretariat: Secretariat) -> None:
    first = await declare(secretariat, version=1)
    second = await declare(secretariat, version=4)
    assert (first.registration, second.registration) == ("SEC-2026-000001", "SEC-2026-000002")


async def test_a_returned_version_may_come_again_corrected(secretariat: Secretariat) -> None:
    returned = await declare(secretariat, flaw="no amount")
    corrected = await declare(secretariat)
    assert (returned.verdict, corrected.verdict) == ("RETURNED", "REGISTERED")
    assert corrected.registration == "SEC-2026-000001"


async def test_an_amendment_keeps_its_kind(secretariat: Secretariat) -> None:
    await declare(secretariat)
    outcome = await declare(secretariat, version=2, kind="S3_AND")
    assert [f.rule for f in outcome.findings] == ["REG-3"]


REVISES = {"declaration_id": "XAL-2026-1", "version": 1, "withdraws": False}


def revising(number: str = "A-1", **changes: Any) -> dict[str, Any]:
    return {"declaration_id": number, "kind": "AMENDMENT", "revises": {**REVISES, **changes}}


@pytest.mark.parametrize("withdraws", [False, True])
async def test_what_is_not_registered_is_neither_amended_nor_withdrawn(
    secretariat: Secretariat, *, withdraws: bool
) -> None:
    await declare(secretariat, flaw="no amount")
    outcome = await declare(secretariat, **revising(withdraws=withdraws))
    assert [(f.rule, f.expected) for f in outcome.findings] == [
        ("REG-4", "a registered declaration")
    ]
    foreign = await declare(secretariat, XBO, state_code="XBO", **revising(withdraws=withdraws))
    assert [f.rule for f in foreign.findings] == ["REG-4"]


async def test_an_amendment_gives_the_next_version_which_nobody_else_takes(
    secretariat: Secretariat,
) -> None:
    await declare(secretariat)
    assert (await declare(secretariat, **revising())).verdict == "REGISTERED"
    again = await declare(secretariat, **revising("A-2"))
    assert [(f.rule, f.expected) for f in again.findings] == [("REG-4", "version 2")]
    whole = await declare(secretariat, version=2)
    assert [f.rule for f in whole.findings] == ["REG-2"]
    assert (await declare(secretariat, **revising("A-3", version=2))).verdict == "REGISTERED"
    assert (await declare(secretariat, version=4)).verdict == "REGISTERED"
    revised = [r.filed.revised for r in secretariat.records if r.filed and r.filed.revised]
    assert [(one.version, one.result) for one in revised] == [(1, 2), (2, 3)]


async def test_a_withdrawal_leaves_the_versions_as_they_are(secretariat: Secretariat) -> None:
    await declare(secretariat)
    assert (await declare(secretariat, **revising(withdraws=True))).verdict == "REGISTERED"
    assert (await declare(secretariat, version=2)).verdict == "REGISTERED"


async def test_two_amendments_of_one_version_in_one_batch_are_not_both_registered(
    secretariat: Secretariat, tmp_path: Path
) -> None:
    declared: list[dict[str, Any]] = [{}, revising(), revising("A-2")]
    await secretariat.registrar(submissions(secretariat, declared, tmp_path))
    assert [bool(r.filed and r.filed.registration) for r in secretariat.records] == [
        True,
        True,
        False,
    ]


async def test_two_states_may_use_the_same_declaration_id(secretariat: Secretariat) -> None:
    mine = await declare(secretariat)
    theirs = await declare(secretariat, XBO, state_code="XBO")
    assert (mine.verdict, theirs.verdict) == ("REGISTERED", "REGISTERED")
    ids = {record.filed.declaration for record in secretariat.records if record.filed}
    assert len(ids) == 2


async def test_numbers_begin_anew_each_year(secretariat: Secretariat) -> None:
    await declare(secretariat)
    secretariat.now += 40 * 86_400
    outcome = await declare(secretariat, declaration_id="another")
    assert outcome.registration == "SEC-2027-000001"


def submissions(
    secretariat: Secretariat, declared: list[dict[str, Any]], folder: Path
) -> list[Submission]:
    world = secretariat.world
    made = []
    for number, members in enumerate(declared):
        place = folder / str(number)
        place.mkdir()
        accepted = world.declare(**members)
        dossier = world.dossier(accepted, place)
        made.append(
            Submission(
                examined=world.examine()(dossier),
                type="declaration.annual",
                address=None,
                custody=dossier.custody,
                sender_proof=dossier.sender_proof,
                own_proof=dossier.own_proof,
                traceparent=None,
            )
        )
    return made


async def test_a_batch_takes_numbers_without_a_gap(
    secretariat: Secretariat, tmp_path: Path
) -> None:
    batch = submissions(secretariat, [{"version": n} for n in range(1, 5)], tmp_path)
    assert await secretariat.registrar(batch) == [None] * 4
    numbers = [r.filed.registration for r in secretariat.records if r.filed]
    assert numbers == [format_number(2026, n) for n in (1, 2, 3, 4)]


async def test_a_register_that_moved_on_is_planned_again(
    secretariat: Secretariat, tmp_path: Path
) -> None:
    secretariat.store.moved = 2
    await secretariat.registrar(submissions(secretariat, [{}], tmp_path))
    assert [r.filed.registration for r in secretariat.records if r.filed] == ["SEC-2026-000003"]


async def test_a_register_that_keeps_moving_gives_the_batch_back(
    secretariat: Secretariat, tmp_path: Path
) -> None:
    secretariat.store.moved = 99
    with pytest.raises(PlatformError) as raised:
        await secretariat.registrar(submissions(secretariat, [{}], tmp_path))
    assert raised.value.code is Code.UNAVAILABLE
    assert secretariat.records == []


@pytest.mark.parametrize(
    ("party", "state"),
    [("NA-XAL", "XAL"), ("NA-XALX", None), ("XAL", None), ("INT-1", "XIN"), ("NA-", None)],
)
def test_a_party_declares_for_its_own_state_only(party: str, state: str | None) -> None:
    assert StatePolicy({"INT-1": "XIN"}).state_of(party) == state
