"""What is handed to the examination: all that the State had registered before, within a bound."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.declarations.secretariat import Secretariat
from tests.unit.declarations.world import XAL, XBO

pytestmark = pytest.mark.anyio


@pytest.fixture
def secretariat(tmp_path: Path) -> Secretariat:
    return Secretariat(tmp_path)


async def test_what_one_state_sends_is_compared_with_all_it_sent_before(
    secretariat: Secretariat,
) -> None:
    numbers = [f"XAL-{n}" for n in range(4)]
    secretariat.deliver(*(secretariat.world.declare(declaration_id=n) for n in numbers))
    secretariat.deliver(secretariat.world.declare(XBO, state_code="XBO", declaration_id="XBO-1"))
    leases = secretariat.exchange.leases()
    await asyncio.gather(*(secretariat.intake(lease) for lease in reversed(leases)))
    compared = {
        r.filed.facts.declaration_id: [one.declaration_id for one in r.filed.check.compared]
        for r in secretariat.records
        if r.filed
    }
    assert compared.pop("XBO-1") == []
    assert compared == {n: numbers[:i][::-1] for i, n in enumerate(numbers)}


async def test_a_returned_declaration_is_nothing_to_compare_with(secretariat: Secretariat) -> None:
    world = secretariat.world
    secretariat.deliver(world.declare(declaration_id="XAL-9", flaw="no amount"))
    secretariat.deliver(world.declare())
    await secretariat.take_in()
    last = secretariat.records[-1].filed
    assert last is not None
    assert last.check.compared == ()


async def test_older_filings_beyond_the_bound_are_not_handed_over(tmp_path: Path) -> None:
    secretariat = Secretariat(tmp_path, max_filings=2)
    for number in range(4):
        secretariat.deliver(secretariat.world.declare(declaration_id=f"XAL-{number}"))
    await secretariat.take_in()
    found = await secretariat.intake.comparing(XAL)
    assert [one.declaration_id for one, _ in found.filed] == ["XAL-3", "XAL-2"]
    assert found.is_cut
