"""The exchange destroys the detail of an act by order, and notes what it runs with."""

import json
from typing import Any

import pytest

from sextant_shared.encoding import b64u_decode, canonical_json
from sextant_shared.models.entries import Entry
from sextant_shared.models.service_entries import (
    ConfigChangeEntry,
    KeyEventEntry,
    PolicyChangeEntry,
    ShredEntry,
)
from sextant_shared.protocol.acts import verify_act
from tests.integration.exchange.containers import XAL, Container, recall_of, sealed
from tests.integration.exchange.world import OPERATOR, REGISTRAR, World, static_signer
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
ORDER = {"authority": "SEC", "reason": "COURT_ORDER", "note": "case 12"}


@pytest.fixture
def officers(world: World) -> World:
    """Let two officers call the exchange."""
    path = world.folder / "clients.json"
    clients = json.loads(path.read_text())
    for name in ("officer-1", "officer-2"):
        signer = static_signer(name)
        clients.append({"client_id": name, "role": "officer", "party": None, "jwk": signer.jwk})
    path.write_text(json.dumps(clients))
    return world


async def recalled(world: World, class_: str) -> tuple[Container, dict[str, Any]]:
    await world.restart(log_wait_s=60)
    container = sealed(classification=class_)
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    body = {"statement": recall_of(container)}
    answer = await world.caller(XAL).post(f"{container.path}/recall", body)
    assert answer.status_code == 200, answer.text
    return container, answer.json()


async def shred(world: World, index: int, by: str = "officer-1", **order: str) -> Any:
    return await world.caller(by).post(f"/v1/entries/{index}/shred", {**ORDER, **order})


def shreds(world: World) -> list[ShredEntry]:
    return [entry for entry in world.audit.entries if isinstance(entry, ShredEntry)]


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [XAL, REGISTRAR, OPERATOR])
async def test_who_may_not_destroy_details_is_refused(officers: World, who: str) -> None:
    _, act = await recalled(officers, "C1")
    answer = await shred(officers, act["index"], who)
    assert (answer.status_code, answer.json()["code"]) == (403, "E_FORBIDDEN")
    assert shreds(officers) == []


async def test_an_index_without_a_detail_of_ours_is_refused(officers: World) -> None:
    _, act = await recalled(officers, "C1")
    for index in (act["index"] - 1, act["index"] + 1000):  # the custody entry commits to nothing
        answer = await shred(officers, index)
        assert (answer.status_code, answer.json()["code"]) == (404, "E_NOT_FOUND")


@pytest.mark.parametrize("bad", [{"reason": "BORED"}, {"authority": "somebody"}])
async def test_an_order_without_an_authority_and_a_reason_is_refused(
    officers: World, bad: dict[str, str]
) -> None:
    _, act = await recalled(officers, "C1")
    assert (await shred(officers, act["index"], **bad)).status_code == 400


# --- what it does ---------------------------------------------------------------------------------


async def test_a_destroyed_detail_opens_for_nobody_and_what_was_given_still_holds(
    officers: World,
) -> None:
    container, given = await recalled(officers, "C1")
    commit = json.loads(b64u_decode(given["receipt"]["entry"]))["commit"]
    answer = (await shred(officers, given["index"])).json()
    assert (answer["state"], answer["commit"], answer["needed"]) == ("shredded", commit, 1)
    (entry,) = shreds(officers)
    assert (entry.ref, entry.authority, entry.reason) == (given["index"], "SEC", "COURT_ORDER")
    assert officers.audit.entries[answer["index"]] == entry
    assert "case 12" not in entry.model_dump_json()
    # The sender is told of the act still, without its detail; the entry and its proof hold.
    (seen,) = (await officers.caller(XAL).get(f"{container.path}/acts")).json()["acts"]
    keys = officers.audit.log.keys
    bare = verify_act(canonical_json(seen["receipt"]), container.id, keys)
    assert (seen["detail"], bare.detail, bare.entry.commit) == (None, None, commit)
    # The receipt of before proves what it proved.
    whole = verify_act(canonical_json(given["receipt"]), container.id, keys)
    assert whole.detail == {"recipients": [{"party": "SEC", "outcome": "recalled"}]}
    again = await shred(officers, given["index"])
    assert (again.status_code, again.json()["code"]) == (409, "E_STATE")
    await officers.restart()  # and nothing of it comes back
    (seen,) = (await officers.caller(XAL).get(f"{container.path}/acts")).json()["acts"]
    assert seen["detail"] is None


async def test_a_confidential_detail_needs_two_persons_of_one_mind(officers: World) -> None:
    _, act = await recalled(officers, "C2")
    first = await shred(officers, act["index"])
    assert (first.status_code, first.json()["state"], first.json()["needed"]) == (202, "waiting", 2)
    again = await shred(officers, act["index"])
    assert (again.status_code, again.json()["persons"]) == (202, 1)  # one person twice is one
    other = await shred(officers, act["index"], "officer-2", reason="PERIOD_OVER")
    assert other.status_code == 202  # another reason is another order
    assert shreds(officers) == []
    done = await shred(officers, act["index"], "officer-2")
    assert (done.status_code, done.json()["persons"]) == (200, 2)
    assert [entry.ref for entry in shreds(officers)] == [act["index"]]


async def test_details_in_rows_of_before_are_taken_in_at_a_start(officers: World) -> None:
    container, given = await recalled(officers, "C1")
    assert officers.rows("SELECT detail, salt FROM act") == [(b"", b"")]
    detail, salt = (b64u_decode(given["receipt"][name]) for name in ("detail", "salt"))
    await officers.stop()
    officers.change("DELETE FROM detail")
    officers.change("UPDATE act SET detail = :detail, salt = :salt", detail=detail, salt=salt)
    await officers.start()
    assert officers.rows("SELECT detail, salt FROM act") == [(b"", b"")]
    (seen,) = (await officers.caller(XAL).get(f"{container.path}/acts")).json()["acts"]
    assert seen["receipt"] == given["receipt"]


# --- what it runs with ----------------------------------------------------------------------------


async def test_settings_policies_and_keys_are_noted_once_and_when_they_change(
    world: World,
) -> None:
    def own() -> list[Entry]:
        kinds = (ConfigChangeEntry, PolicyChangeEntry, KeyEventEntry)
        return [entry for entry in world.audit.entries if isinstance(entry, kinds)]

    await world.restart(note_after_s=0, recover_every_s=0.02)
    await until(lambda: len(own()) >= 5)
    assert [entry.type for entry in own()] == [
        "config.change",
        *["policy.change"] * 2,
        *["key.event"] * 2,
    ]
    await world.restart()
    await until(lambda: not world.rows("SELECT 1 FROM note WHERE log_index IS NULL"))
    assert len(own()) == 5
    await world.restart(retention=[{"days": 1, "why": "a test"}])
    await until(lambda: len(own()) == 7)
    before, *_ = own()
    config, policy = own()[-2:]
    assert isinstance(before, ConfigChangeEntry)
    assert isinstance(config, ConfigChangeEntry)
    assert config.old == before.new
    assert isinstance(policy, PolicyChangeEntry)
    assert (policy.policy, policy.old is None) == ("retention", False)
