"""The auditor's question, who read what and why; the log away; refusals that never flood it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.entries import AccessRefusedEntry
from sextant_shared.models.purposes import PURPOSE_HEADER
from tests.integration.declarations.accessing import (
    PLANT,
    asked,
    filled,
    given,
    place_of,
    tamper,
    today,
)
from tests.integration.declarations.contents import declaration
from tests.integration.declarations.exchanging import send
from tests.support.platform import XAL, XBO, Platform, open_platform
from tests.support.platform_files import SEC
from tests.unit.shared.rules.filed import site

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with filled(tmp_path_factory.mktemp("accounting")) as opened:
        yield opened


# --- the log is away ------------------------------------------------------------------------------


@asynccontextmanager
async def changed(platform: Platform, **settings: object) -> AsyncIterator[None]:
    platform.overrides["declarations"] = settings
    await platform.restart("declarations")
    yield
    del platform.overrides["declarations"]
    await platform.restart("declarations")


async def test_reads_are_recorded_while_the_log_is_away_and_refused_when_too_many_wait(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The client tells of the first refusal; else it would wait as it is told, three times 30 s.
    monkeypatch.setattr("sextant_shared.chassis.http.MAX_RETRY_AFTER_S", 0)
    at = await place_of(platform, site()["declaration_id"])
    await platform.settled()
    async with changed(platform, max_unlogged_accesses=2):
        platform.own_wires["audit"].is_cut = True
        path = f"/v1/declarations/{at['id_']}"
        before = len(given(platform))
        for _ in range(2):
            assert (await platform.officer("GET", path)).status_code == 200
        with pytest.raises(PlatformError) as raised:
            await platform.officer("GET", path)
        assert (raised.value.code, raised.value.retry_after_s) == (Code.UNAVAILABLE, 30)
        assert len(given(platform, before)) == 2
        waiting = (await asked(platform, officer="officer-1"))[:2]
        assert [(line["index"], line["verifies"]) for line in waiting] == [(None, True)] * 2
        platform.own_wires["audit"].is_cut = False
        platform.clock.move(31)
        await platform.settled()
        assert (await platform.officer("GET", path)).status_code == 200
        logged_now = (await asked(platform, officer="officer-1"))[:3]
        assert all(line["verifies"] for line in logged_now)


# --- refusals -------------------------------------------------------------------------------------


async def test_refused_reads_have_entries_but_never_a_flood(platform: Platform) -> None:
    at = await place_of(platform, site()["declaration_id"])
    auditor = platform.client("auditor-1", "declarations")
    path = f"/v1/declarations/{at['id_']}/versions/1"

    async def refused(times: int) -> None:
        for _ in range(times):
            with pytest.raises(PlatformError) as raised:
                await auditor.request("GET", path, headers={PURPOSE_HEADER: "audit"})
            assert raised.value.code is Code.FORBIDDEN

    async with changed(platform, refusals_at_once=2, refusals_pause_s=100.0):
        await refused(5)
        platform.clock.move(101)
        await refused(1)
        await platform.settled()
    lines = [line for line in await asked(platform) if line["type"] == "access.refused"]
    assert [line["refusals"] for line in lines] == [4, 1, 1]
    assert {line["gives"] for line in lines} == {f"declaration.read {path}"}
    assert {(line["client"], line["verifies"]) for line in lines} == {("auditor-1", True)}
    entries = [e for e in await platform.entries() if isinstance(e, AccessRefusedEntry)]
    assert len(entries) == 3


# --- who saw plant X in March, and why ------------------------------------------------------------


async def test_an_auditor_learns_who_saw_a_plant_site_and_why(platform: Platform) -> None:
    at = await place_of(platform, site()["declaration_id"])
    path = f"/v1/declarations/{at['id_']}/versions/1"
    await platform.officer("GET", path, purpose="inspection-preparation")
    await platform.settled()
    day = today(platform)
    found = await asked(platform, plant_site=PLANT, **{"from": day, "to": day})
    newest = found[0]
    assert (newest["purpose"], newest["gives"]) == ("inspection-preparation", "content")
    assert [item["declaration"] for item in newest["items"]] == [at["id_"]]
    assert newest["verifies"]
    assert newest["index"] is not None
    assert all(PLANT not in json.dumps(line) for line in found)  # it gives no content itself


async def test_reading_an_amendment_counts_for_the_plant_site_that_it_amends(
    platform: Platform,
) -> None:
    at = await place_of(platform, "XAL-RENAMED")
    await platform.officer("GET", f"/v1/envelopes/{XAL}/{at['env']}/content")
    newest = (await asked(platform, plant_site=PLANT, role="officer"))[0]
    assert [item["envelope"] for item in newest["items"]] == [at["env"]]


@pytest.mark.parametrize(
    "wanted",
    [
        {"plant_site": "XAL-NO-SUCH-SITE"},
        {"plant_site": PLANT, "party": XBO},
        {"plant_site": PLANT, "officer": "officer-2"},
        {"plant_site": PLANT, "from": "2099-01-01"},
        {"plant_site": PLANT, "to": "1999-12-31"},
        {"declaration": "nope"},
    ],
)
async def test_what_does_not_fit_every_filter_is_not_listed(
    platform: Platform, wanted: dict[str, Any]
) -> None:
    assert await asked(platform, plant_site=PLANT) != []
    assert await asked(platform, **wanted) == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"from": "2026-03-31", "to": "2026-03-01"},
        {"from": "March"},
        {"from": "2026-02-30"},
        {"limit": 0},
        {"limit": 201},
        {"cursor": "nonsense"},
        {"party": "nobody in particular"},
        {"plantsite": PLANT},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    platform: Platform, wanted: dict[str, Any]
) -> None:
    with pytest.raises(PlatformError) as raised:
        await asked(platform, **wanted)
    assert raised.value.code is Code.MALFORMED


async def test_pages_of_accesses_show_each_once_newest_first(platform: Platform) -> None:
    auditor = platform.client("auditor-1", "declarations")
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 7}
    while True:
        page = (await auditor.request("GET", "/v1/accesses", params=params)).json()
        seen += [line["entry"] for line in page["accesses"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert len(seen) == len(set(seen)) == platform.stored("SELECT count(*) c FROM accesses")[0]["c"]


async def test_asking_who_read_what_leaves_a_line_of_its_own(platform: Platform) -> None:
    await asked(platform, plant_site=PLANT)
    (line,) = platform.stored(
        "SELECT client, action, subject FROM access_log ORDER BY id DESC LIMIT 1"
    )
    assert line == {
        "client": "auditor-1",
        "action": "accesses",
        "subject": f"plant_site={PLANT}",
    }


async def read_once(platform: Platform) -> dict[str, Any]:
    """Let an officer read one declaration; return the line of it."""
    await platform.declare(XBO, declaration("XBO"))
    await platform.settled()
    at = await place_of(platform, "XBO-2025-NIL")
    await platform.officer("GET", f"/v1/declarations/{at['id_']}")
    await platform.settled()
    return (await asked(platform))[0]


def sealed_leaf(line: dict[str, Any]) -> dict[str, bytes]:
    return {"leaf": leaf_hash(b64u_decode(line["entry"]))}


async def test_a_detail_that_was_changed_or_taken_does_not_verify_and_hides_nothing(
    tmp_path: Path,
) -> None:
    async with open_platform(tmp_path) as platform:
        line = await read_once(platform)
        assert (line["client"], line["verifies"], line["shredded"]) == ("officer-1", True, False)
        leaf = sealed_leaf(line)
        (row,) = platform.stored("SELECT sealed FROM detail WHERE leaf = :leaf", **leaf)
        assert b"officer-1" not in row["sealed"]  # and it stands open nowhere else
        assert platform.stored("SELECT 1 FROM access_details") == []
        for statement in (
            "UPDATE detail SET sealed = leaf",
            "DELETE FROM detail",
        ):
            tamper(platform, f"{statement} WHERE leaf = :leaf", leaf)
            damaged, before = (await asked(platform))[:2]
            assert (damaged["client"], damaged["verifies"]) == ("", False)
            assert (damaged["index"], damaged["shredded"]) == (line["index"], False)
            assert before["verifies"]


async def test_a_destroyed_access_says_so_and_its_entry_holds(tmp_path: Path) -> None:
    two = {"shred_two_persons": ("C1",)}  # the class of the declaration that was read
    async with open_platform(tmp_path, declarations=two) as platform:
        line = await read_once(platform)
        order = {"authority": "SEC", "reason": "PERIOD_OVER", "note": ""}
        place = f"/v1/entries/{line['index']}/shred"
        # Two persons are needed, and the line stays until then.
        answer = await platform.officer("POST", place, json=order)
        assert (answer.json()["state"], answer.json()["needed"]) == ("waiting", 2)
        assert line in await asked(platform)
        platform.overrides["declarations"] = {"shred_two_persons": ()}
        await platform.restart("declarations")
        assert (await platform.officer("POST", place, json=order)).json()["state"] == "shredded"
        after = next(one for one in await asked(platform) if one["index"] == line["index"])
        assert (after["shredded"], after["verifies"]) == (True, True)
        assert after["entry"] == line["entry"]
        assert {after[name] for name in ("client", "role", "purpose", "gives")} == {""}
        assert after["items"] == []
        about = "SELECT client, role, purpose, gives FROM accesses WHERE log_index = :index"
        (row,) = platform.stored(about, index=line["index"])
        assert set(row.values()) == {""}
        assert all(one["index"] != line["index"] for one in await asked(platform, role="officer"))
        await platform.check()


async def test_messages_that_an_officer_writes_name_the_secretariat_as_sender(
    platform: Platform,
) -> None:
    sent = await send(platform, "correspondence")
    newest = (await asked(platform, party=SEC))[0]
    assert [item["envelope"] for item in newest["items"]] == [sent["message"]]
