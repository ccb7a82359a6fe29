"""Whole: one State is late with notice, one is missing, is reminded by a letter, and declares."""

import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.accessing import given
from tests.integration.declarations.contents import declaration
from tests.integration.declarations.exchanging import get, letters
from tests.support.platform import XAL, XBO, Platform, open_platform

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "kinds"
DAY = 86_400.0


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path) as opened:
        yield opened
        await opened.settled()
        await opened.check()


def example(kind: str, state: str, **changes: object) -> bytes:
    """Return the example of a kind as this State sends it."""
    members = json.loads((EXAMPLES / f"{kind}.json").read_text())
    named = {"state_code": state, "declaration_id": f"{state}-{kind}", **changes}
    return json.dumps(members | named).encode()


async def sent(platform: Platform, party: str, content: bytes) -> None:
    """Send a declaration and wait until it is registered."""
    done = await platform.declare(party, content)
    await platform.settled()
    verdicts = [r.get("verdict") for r in await platform.replies(party, done)]
    assert "REGISTERED" in verdicts, await platform.replies(party, done)


async def status(platform: Platform, state: str, year: int) -> tuple[str, int]:
    """Return where Article X(4) of a State stands for the due days of a year."""
    asked = {"state": state, "kind": "X4_PROTECTIVE", "year": year}
    (one,) = (await get(platform, "/v1/obligations", **asked))["obligations"]
    return one["status"], one["days_late"]


async def test_a_reminder_brings_what_is_missing_and_a_notice_is_honoured(
    platform: Platform,
) -> None:
    for party in (XAL, XBO):
        state = party.removeprefix("NA-")
        await sent(platform, party, declaration(state, language="fr"))
    today = dt.datetime.fromtimestamp(platform.clock(), dt.UTC).date()
    due = dt.date(today.year + (today >= dt.date(today.year, 4, 20)), 4, 30)
    about = due.year - 1
    assert await status(platform, "XBO", due.year) == ("not-due", 0)

    platform.clock.move(((due - today).days - 2) * DAY)
    ahead = (await get(platform, "/v1/reminders", state="XBO"))["reminders"]
    assert [(r["stage"], r["kind"]) for r in ahead if r["due"] == due.isoformat()] == [
        (-7, "X4_PROTECTIVE")
    ]
    notice = example(
        "LATE_NOTICE",
        "XAL",
        event_date=due.isoformat(),
        late_year=about,
        expected_date=(due + dt.timedelta(10)).isoformat(),
    )
    await sent(platform, XAL, notice)

    platform.clock.move(10 * DAY)
    assert await status(platform, "XAL", due.year) == ("promised", 8)
    assert await status(platform, "XBO", due.year) == ("missing", 8)
    batch = (await get(platform, "/v1/reminders"))["reminders"]
    (reminder,) = [r for r in batch if r["due"] == due.isoformat()]
    assert (reminder["to"], reminder["stage"], reminder["language"]) == (XBO, 7, "fr")
    assert not await letters(platform, XBO), "looking at the batch sends nothing"

    with pytest.raises(PlatformError, match="nothing was sent"):
        await approve(platform, reminder["key"], "remind-nothing")
    assert not await letters(platform, XBO)
    (message,) = await approve(platform, reminder["key"])
    assert await approve(platform, reminder["key"]) == [], "each is sent once"
    assert [gives for gives, _ in given(platform)] == ["sending"]
    await platform.settled()
    (letter,) = await letters(platform, XBO)
    assert letter.manifest.header.id == message["id"]
    said = json.loads(letter.content)
    assert said["subject"].startswith("Rappel")
    assert due.isoformat() in said["text"]
    left = (await get(platform, "/v1/reminders"))["reminders"]
    assert reminder["key"] not in [r["key"] for r in left]

    await sent(platform, XBO, example("X4_PROTECTIVE", "XBO", reporting_year=about))
    assert await status(platform, "XBO", due.year) == ("late", 8)
    await sent(platform, XAL, example("X4_PROTECTIVE", "XAL", reporting_year=about))
    assert await status(platform, "XAL", due.year) == ("late-with-notice", 8)


async def approve(platform: Platform, *keys: str) -> list[dict[str, Any]]:
    answer = await platform.officer("POST", "/v1/reminders", json={"keys": list(keys)})
    found: list[dict[str, Any]] = answer.json()["sent"]
    return found


async def test_a_cursor_that_no_page_gave_is_refused(platform: Platform) -> None:
    id_ = b64u(bytes(16))
    day = "2026-04-30"
    made_up = ("", "z", day, f"{day} ", f"{day} {id_}x", f"20260430 {id_}", f"2026-02-30 {id_}")
    cursors = [b64u(place.encode()) for place in (*made_up, f"{day}\u0660 {id_}")]
    for cursor in [*cursors, "not base64", "AAAA"]:
        with pytest.raises(PlatformError, match="no page gave this cursor") as refused:
            await get(platform, "/v1/obligations", cursor=cursor)
        assert refused.value.code is Code.MALFORMED
    page = await get(platform, "/v1/obligations", cursor=b64u(f"{day} {id_}".encode()))
    assert page["next"] is None


async def test_lists_page_cache_and_export_and_name_no_site(platform: Platform) -> None:
    site = example("S2_SITE_ADPA", "XAL")
    code = json.loads(site)["plant_site_code"]
    await sent(platform, XAL, site)
    whole = await platform.officer("GET", "/v1/obligations", params={"limit": 200})
    assert code not in whole.text
    tag = {"If-None-Match": whole.headers["etag"]}
    with pytest.raises(PlatformError, match="answered 304"):  # our client takes it for no answer
        await platform.officer("GET", "/v1/obligations", params={"limit": 200}, headers=tag)
    paged, cursor = [], None
    while True:
        params: dict[str, Any] = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = await get(platform, "/v1/obligations", **params)
        paged += page["obligations"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == whole.json()["obligations"]
    export = (await platform.officer("GET", "/v1/obligations/export")).text
    assert export.count("\r\n") == len(paged) + 1
    assert code not in export

    one = next(o for o in paged if o["has_subject"])
    detail = await get(platform, f"/v1/obligations/{one['id']}")
    assert detail["subject"] == code
    summary = (await get(platform, "/v1/obligations/summary", state="XAL"))["lines"]
    assert sum(line["expected"] for line in summary) == len(paged)
    counts = (await get(platform, "/v1/obligations/statistics"))["rows"]
    shown = [n for row in counts for n in row["counts"].values() if n is not None]
    assert not [n for n in shown if 0 < n < 5]


async def test_the_heat_map_says_in_words_what_it_shows(platform: Platform) -> None:
    await sent(platform, XAL, example("S2_SITE_ADPA", "XAL"))
    before = (await platform.officer("GET", "/v1/obligations/heat-map")).text
    assert "XAL" not in before, "nothing is due yet"
    platform.clock.move(400 * DAY)
    drawn = (await platform.officer("GET", "/v1/obligations/heat-map")).text
    root = ET.fromstring(drawn)
    titles = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}title")]
    lines = (await get(platform, "/v1/obligations/summary"))["lines"]
    due = {str(x["year"]): x["counts"]["missing"] for x in lines if x["counts"]["missing"]}
    assert due
    for year, missing in due.items():
        assert any(
            said.startswith(f"XAL {year}: ") and f"{missing} missing" in said for said in titles
        )
