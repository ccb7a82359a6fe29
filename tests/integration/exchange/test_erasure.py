"""Ciphertext goes when the policy lets it go and everybody is done; what proves it stays."""

import os
from typing import Any

import pytest

from sextant_exchange.domain.retention import RetentionRule
from sextant_shared.encoding import canonical_json
from sextant_shared.models.entries import EnvelopeErasedEntry
from sextant_shared.protocol.acts import verify_act
from sextant_shared.protocol.manifest import parse_manifest, verify_manifest
from sextant_shared.protocol.parties import Registry
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.exchange.containers import (
    KEYS,
    SEC,
    XAL,
    XBO,
    Container,
    sealed,
    sealing_key,
)
from tests.integration.exchange.world import World
from tests.support.objects import EVERYWHERE, in_a_folder
from tests.support.parties import registrars
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
LARGE = b"x" * 300_000
DAY_S = 86_400
NEVER_S = 3600.0
DAYS = 30


def rule(days: int | None = DAYS, *, type_: str = "*", class_: str = "*") -> RetentionRule:
    members = {"type": type_, "class": class_, "days": days, "why": "a synthetic policy"}
    return RetentionRule.model_validate(members)


async def start(world: World, *rules: RetentionRule, **settings: Any) -> None:
    options = {"recover_every_s": 0.05, "erase_every_s": 0.02, "retention": rules or (rule(),)}
    await world.start(**{**options, **settings})


async def sent(world: World, number: int = 1, **changes: Any) -> Container:
    container = sealed(number, **changes)
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    return container


async def acknowledged(world: World, who: str = SEC) -> None:
    for lease in await world.caller(who).lease(limit=64):
        path = f"/v1/mailbox/leases/{lease['lease']}/acknowledge"
        assert (await world.caller(who).post(path)).status_code == 204


async def logged(world: World) -> None:
    """Return when the log has all that was acknowledged; only then is anything erased."""
    owed = "SELECT 1 FROM event WHERE act = 'acknowledged' AND act_position IS NULL"
    unlogged = "SELECT 1 FROM act WHERE log_index IS NULL"
    await until(lambda: not world.rows(owed) and not world.rows(unlogged))


def later(world: World, days: float) -> None:
    world.clock.now += days * DAY_S
    world.caller(XAL).token = world.caller(SEC).token = world.caller(XBO).token = ""


NOTE: dict[str, Any] = {"type": "correspondence", "cty": "text/plain"}


def erased(world: World) -> list[str]:
    return [e.env for e in world.audit.entries if isinstance(e, EnvelopeErasedEntry)]


async def passes(world: World) -> None:
    """Return when the policy looked through all envelopes at least once more."""
    marker = sealed(99, recipients=[(XBO, sealing_key(XBO))], **NOTE)
    await world.caller(XAL).deposit(marker)
    await world.caller(XAL).recall(marker)
    later(world, DAYS + 1)
    await until(lambda: marker.id in erased(world))


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["in a row", "in a blob"])
async def test_what_is_erased_stays_evidence(stopped: World, content: bytes) -> None:
    await start(stopped)
    container = await sent(stopped, content=content)
    receipt = (await stopped.caller(XAL).get(f"{container.path}/receipt")).content
    await acknowledged(stopped)
    later(stopped, DAYS)
    await until(lambda: stopped.rows("SELECT 1 FROM envelope WHERE erased IS NOT NULL"))
    for who in (XAL, SEC):
        gone = await stopped.caller(who).get(f"{container.path}/content")
        assert (gone.status_code, gone.json()["code"]) == (410, "E_GONE")
        assert "2026-" in gone.json()["detail"]  # when
    await until(lambda: stopped.files() == [])
    assert stopped.rows("SELECT 1 FROM content") == []
    # What stays: the signed head, its receipt, the act with its place in the log, a repeat.
    head = (await stopped.caller(SEC).get(f"{container.path}/manifest")).content
    registry = Registry({XAL: KEYS[XAL].enrolled(registrars())})
    manifest = parse_manifest(head)
    verify_manifest(manifest, registry.signing_pair(XAL, manifest.header.skid))
    keys = stopped.audit.log.keys
    verify_custody(receipt, manifest.digest, container.id, keys)
    assert (await stopped.caller(SEC).get(f"{container.path}/receipt")).content == receipt
    done, act = (await stopped.caller(SEC).get(f"{container.path}/acts")).json()["acts"]
    assert done["type"] == "delivery.acknowledged"
    proved = verify_act(canonical_json(act["receipt"]), container.id, keys)
    assert proved.detail is not None
    assert (proved.detail["days"], proved.detail["why"]) == (DAYS, "a synthetic policy")
    events = (await stopped.caller(XAL).get(f"{container.path}/events")).json()["events"]
    assert (events[-1]["event"], events[-1]["index"]) == ("erased", proved.index)


async def test_nothing_is_erased_while_a_copy_waits_is_leased_or_is_a_dead_letter(
    stopped: World,
) -> None:
    await start(stopped)
    both = [(SEC, sealing_key(SEC)), (XBO, sealing_key(XBO))]
    waiting = await sent(stopped, 1, recipients=both, **NOTE)
    await acknowledged(stopped)  # but NA-XBO did not
    dead, leased = await sent(stopped, 2), await sent(stopped, 3)
    (lease,) = await stopped.caller(SEC).lease()
    released = {"error": "poison", "dead": True}
    await stopped.caller(SEC).post(f"/v1/mailbox/leases/{lease['lease']}/release", released)
    await stopped.caller(SEC).lease()
    await passes(stopped)
    for container, who in ((waiting, XBO), (dead, SEC), (leased, SEC)):
        content = await stopped.caller(who).get(f"{container.path}/content")
        assert content.content == container.data


async def test_days_count_from_when_the_last_copy_was_closed(stopped: World) -> None:
    await start(stopped)
    container = await sent(stopped)
    later(stopped, 10 * DAYS)
    await acknowledged(stopped)
    later(stopped, DAYS - 0.01)
    await stopped.restart(erase_every_s=0.02)
    assert (await stopped.caller(XAL).get(f"{container.path}/content")).status_code == 200
    assert erased(stopped) == []
    later(stopped, 0.02)
    await until(lambda: erased(stopped) == [container.id])


async def test_the_first_rule_that_fits_decides(stopped: World) -> None:
    await start(stopped, rule(None, class_="C2"), rule(DAYS, type_="correspond*"))
    kept_by_class = await sent(stopped, 1, classification="C2", **NOTE)
    kept_by_none = await sent(stopped, 2)
    await acknowledged(stopped)
    await passes(stopped)
    for container in (kept_by_class, kept_by_none):
        assert container.id not in erased(stopped)


async def test_by_default_all_is_kept_for_years(stopped: World) -> None:
    await stopped.start(erase_every_s=0.02)
    container = await sent(stopped)
    await acknowledged(stopped)
    later(stopped, 9 * 365)
    await stopped.restart()
    assert (await stopped.caller(XAL).get(f"{container.path}/content")).status_code == 200
    assert erased(stopped) == []


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["in a row", "in a blob"])
@pytest.mark.parametrize("step", ["held", "logged", "stored"])
async def test_a_stop_during_an_erasure_leaves_the_container_or_its_proof(
    stopped: World, step: str, content: bytes, lines: list[Any]
) -> None:
    await start(stopped, erase_every_s=NEVER_S)
    container = await sent(stopped, content=content)
    await acknowledged(stopped)
    await logged(stopped)
    later(stopped, DAYS)
    await stopped.restart(recover_every_s=NEVER_S, erase_every_s=NEVER_S)
    await stopped.stop()
    stopped.stop_at(f"exchange.after_act_{step}")
    await stopped.start(recover_every_s=NEVER_S, erase_every_s=0.02)
    await until(lambda: [line for line in lines if line["event"] == "recovery failed"])
    answer = await stopped.caller(XAL).get(f"{container.path}/content")
    assert answer.status_code == (410 if step == "stored" else 200)
    for path in (stopped.folder / "blobs").glob("*"):
        os.utime(path, (0, 0))  # where others may be depositing it is swept by age
    await stopped.restart(recover_every_s=0.05, sweep_every_s=0.05)
    await until(lambda: stopped.rows("SELECT 1 FROM envelope WHERE erased IS NOT NULL"))
    await until(lambda: EVERYWHERE or stopped.files() == [])  # of a bucket nobody changes the age
    assert erased(stopped) == [container.id]


@in_a_folder
async def test_a_damaged_container_is_told_and_holds_up_no_other(
    stopped: World, lines: list[Any]
) -> None:
    await start(stopped, erase_every_s=NEVER_S)
    damaged, other = await sent(stopped, 1, content=LARGE), await sent(stopped, 2)
    await acknowledged(stopped)
    (name,) = stopped.files()
    (stopped.folder / "blobs" / name).write_bytes(b"DXE1" + bytes(60_000))
    later(stopped, DAYS)
    await stopped.restart(erase_every_s=0.02)
    await until(lambda: erased(stopped) == [other.id])
    assert [line for line in lines if line.get("code") == "E_INTEGRITY"]
    assert damaged.id not in erased(stopped)
