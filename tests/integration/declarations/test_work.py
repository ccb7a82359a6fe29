"""The officers' queue on a whole platform: items come by themselves, the log holds decisions."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sextant_shared.encoding import canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import DecisionEntry
from tests.integration.declarations.exchanging import answer, content, get, send
from tests.support.platform import XAL, Platform, open_platform
from tests.unit.shared.rules.filed import data, site, withdrawal

pytestmark = pytest.mark.anyio
SITE = site()


@pytest.fixture
async def platform(tmp_path: Any) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path) as opened:
        yield opened
        await opened.settled()
        await opened.check()


async def act(platform: Platform, item: dict[str, Any], tag: str = "", **order: Any) -> Any:
    path, headers = f"/v1/work/{item['id']}/acts", {"If-Match": f'"{tag or item["tag"]}"'}
    return (await platform.officer("POST", path, json=order, headers=headers)).json()


async def test_what_is_filed_and_answered_waits_and_is_decided_with_an_entry_of_the_log(
    platform: Platform,
) -> None:
    await platform.declare(XAL, data(SITE))
    await platform.settled()
    (item,) = (await get(platform, "/v1/work"))["items"]
    assert (item["kind"], item["state"], item["why"]) == ("examination", "XAL", ["FIRST_OF_KIND"])
    claimed = (await platform.officer("POST", "/v1/work/next")).json()["item"]
    assert (claimed["id"], claimed["holder"]) == (item["id"], "officer-1")
    assert (await platform.officer("POST", "/v1/work/next")).json() == {"item": None}
    decided = {"act": "decide", "reason": "NOTHING_FOUND", "outcome": "settled"}
    with pytest.raises(PlatformError) as caught:
        await act(platform, item, **decided)
    assert caught.value.code is Code.PRECONDITION
    done = await act(platform, claimed, **decided)
    assert (done["item"]["status"], done["item"]["outcome"]) == ("done", "settled")
    await platform.settled()
    detail = await platform.officer("GET", f"/v1/work/{item['id']}")
    assert detail.headers["etag"] == f'"{done["item"]["tag"]}"'
    index = detail.json()["acts"][-1]["index"]
    entry = (await platform.entries())[index]
    assert isinstance(entry, DecisionEntry)
    assert "officer-1" not in canonical_json(entry.model_dump(mode="json", by_alias=True)).decode()

    concerns = {"declaration_id": SITE["declaration_id"], "version": 1}
    question = content("clarification.request", concerns=concerns)
    asked = await send(platform, "clarification.request", content=question)
    await answer(platform, "clarification.reply", asked["id"], concerns=concerns)
    waiting = (await get(platform, "/v1/work", status="open"))["items"]
    assert [(one["kind"], one["reference"]) for one in waiting] == [
        ("clarification", item["reference"])
    ]
    ages = await get(platform, "/v1/work/ages")
    assert {k["kind"]: k["waiting"] for k in ages["kinds"]}["clarification"] == 1


async def test_what_the_state_withdrew_leaves_the_queue(platform: Platform) -> None:
    await platform.declare(XAL, data(SITE))
    await platform.settled()
    await platform.declare(XAL, data(withdrawal(SITE)))
    await platform.settled()
    assert (await get(platform, "/v1/work"))["items"] == []
    (item,) = (await get(platform, "/v1/work", status="done"))["items"]
    detail = await get(platform, f"/v1/work/{item['id']}")
    assert [one["act"] for one in detail["acts"]] == ["put", "drop"]
