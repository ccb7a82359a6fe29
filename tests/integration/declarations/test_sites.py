"""Dossiers and identities on a whole platform: proposed, said by a person, taken back, logged."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import DecisionEntry
from tests.support.platform import XAL, Platform, open_platform
from tests.unit.shared.rules.filed import amendment, data, site

pytestmark = pytest.mark.anyio
OLD, NEW = "XAL-PS-0007", "XAL-PS-0099"
BOTH, WORDS = {"older": OLD, "newer": NEW}, "/v1/identities/XAL/words"
PAIR = f"/v1/identities/XAL/{OLD}/{NEW}"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """One platform for all; tests that change what is said put it back."""
    first = site(reporting_year=2024)
    for row in (row for plant in first["plants"] for row in plant["chemicals"]):
        for before, earlier in enumerate(row["earlier"], start=1):
            earlier["year"] = 2024 - before
    renamed = site(
        reporting_year=2025, declaration_id="XAL-2025-NEW", plant_site_code=NEW, name="Alba West"
    )
    async with open_platform(tmp_path_factory.mktemp("sites")) as opened:
        for document in (first, amendment(first, ("/name", first["name"], "Alba East")), renamed):
            await opened.declare(XAL, data(document))
            await opened.settled()
        yield opened
        await opened.settled()
        await opened.check()


async def get(platform: Platform, path: str, **params: Any) -> Any:
    return (await platform.officer("GET", path, params=params)).json()


async def say(platform: Platform, word: str, tag: str | None = None) -> dict[str, Any]:
    tag = tag or (await platform.officer("GET", PAIR)).headers["etag"]
    said = await platform.officer(
        "POST", WORDS, json={**BOTH, "word": word, "reason": "The State said so."},
        headers={"If-Match": tag},
    )  # fmt: skip
    return dict(said.json())


async def refused(platform: Platform, method: str, path: str, **options: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await platform.officer(method, path, **options)
    return caught.value


async def test_what_is_not_there_or_moved_on_is_refused(platform: Platform) -> None:
    missing = await refused(platform, "GET", "/v1/sites/XAL/NOWHERE/dossier")
    assert missing.code is Code.NOT_FOUND
    other = await refused(platform, "GET", f"/v1/sites/XBO/{OLD}/dossier")
    assert other.code is Code.NOT_FOUND
    before = {"known_on": "2020-01-01"}
    early = await refused(platform, "GET", f"/v1/sites/XAL/{OLD}/dossier", params=before)
    assert early.code is Code.NOT_FOUND
    turned = await refused(platform, "GET", f"/v1/identities/XAL/{NEW}/{OLD}")
    assert turned.code is Code.MALFORMED
    nothing = await refused(
        platform, "POST", WORDS, json={**BOTH, "word": "WITHDRAWN", "reason": "None."},
        headers={"If-Match": '"0"'},
    )  # fmt: skip
    assert nothing.code is Code.STATE
    stale = await refused(
        platform, "POST", WORDS, json={**BOTH, "word": "CONFIRMED", "reason": "Yes."},
        headers={"If-Match": '"7"'},
    )  # fmt: skip
    assert stale.code is Code.PRECONDITION


async def test_a_dossier_tells_what_became_known_and_when(platform: Platform) -> None:
    found = await get(platform, f"/v1/sites/XAL/{OLD}/dossier")
    assert [line["names"] for line in found["codes"]] == [{"Alba East": 2024}]
    lanes = [one["lane"] for one in found["events"]]
    assert {"declarations", "amendments"} <= set(lanes)
    amended = next(one for one in found["events"] if one["lane"] == "amendments")
    assert (amended["on"], amended["known"]) == ("2024-12-31", "2026-11-24")
    drawn = await platform.officer("GET", f"/v1/sites/XAL/{OLD}/dossier/picture")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.startswith("<svg")
    assert "Alba East" in drawn.text
    known = dt.date.fromisoformat(found["known_on"])
    assert (await get(platform, f"/v1/sites/XAL/{OLD}/dossier", known_on=f"{known}")) == found


async def test_a_confirmed_pair_is_one_dossier_until_it_is_taken_back(platform: Platform) -> None:
    page = await get(platform, "/v1/identities/XAL")
    (found,) = page["proposals"]
    assert (found["older"]["code"], found["newer"]["code"]) == (OLD, NEW)
    assert float(found["probability"]) > 0.9
    assert {part["question"] for part in found["parts"]} >= {"place", "name", "years"}
    assert page["mark"] == "P"

    said = await say(platform, "CONFIRMED")
    assert said["word"]["word"] == "CONFIRMED"
    for code in (OLD, NEW):
        together = await get(platform, f"/v1/sites/XAL/{code}/dossier")
        assert [line["code"] for line in together["codes"]] == [OLD, NEW]
        assert together["sources"] == 3
    await say(platform, "WITHDRAWN")
    apart = await get(platform, f"/v1/sites/XAL/{NEW}/dossier")
    assert [line["code"] for line in apart["codes"]] == [NEW]

    await say(platform, "REJECTED")
    await platform.settled()
    view = await get(platform, PAIR)
    assert view["word"]["word"] == "REJECTED"
    entries = await platform.entries()
    assert isinstance(entries[view["word"]["index"]], DecisionEntry)
    await say(platform, "WITHDRAWN")
