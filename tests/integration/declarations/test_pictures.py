"""Pictures over what a platform holds: each form says the same, and only who may sees figures."""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.accessing import given
from tests.integration.declarations.exchanging import send
from tests.integration.declarations.test_transfers import analysed
from tests.support.platform import XAL, Platform, open_platform
from tests.unit.shared.rules.filed import amendment, data, site

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "kinds"
RENAMED = amendment(site(), ("/name", site()["name"], "Renamed works"), number="XAL-RENAMED")
SITE = {"state": "XAL", "site": site()["plant_site_code"]}
PNG = b"\x89PNG\r\n\x1a\n"


def example(kind: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((EXAMPLES / f"{kind}.json").read_text())
    return {**read, "state_code": "XAL", "declaration_id": f"XAL-{kind}"}


NATIONAL, FACILITY = example("S2_AND"), example("S1_SSSF_ADPA")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    folder, at_once = tmp_path_factory.mktemp("pictures"), {"analysis_pause_s": 0.0}
    async with open_platform(folder, declarations=at_once) as opened:
        for content in (data(site()), data(RENAMED), data(NATIONAL), data(FACILITY)):
            await opened.declare(XAL, content)
        await opened.settled()
        await analysed(opened)
        yield opened
        await opened.settled()
        await opened.check()


async def drawn(
    platform: Platform, kind: str, params: Mapping[str, object], form: str = "text/csv"
) -> str:
    answer = await platform.officer(
        "GET", f"/v1/pictures/{kind}", params=params, headers={"Accept": form}
    )
    assert answer.headers["content-type"].startswith(form)
    return answer.text


async def table(platform: Platform, kind: str, **params: object) -> list[list[str]]:
    return list(csv.reader(io.StringIO(await drawn(platform, kind, params), newline="")))


@pytest.mark.parametrize("accept", ["image/gif", "application/json", "image/png;q=0"])
async def test_a_form_that_no_picture_has_is_refused_with_those_there_are(
    platform: Platform, accept: str
) -> None:
    before = given(platform)
    with pytest.raises(PlatformError) as raised:
        await drawn(platform, "dossier", SITE, accept)
    assert raised.value.code is Code.MALFORMED
    assert "image/svg+xml" in raised.value.expected
    assert given(platform) == before


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("dossier", {"state": "XBO", "site": SITE["site"]}),
        ("mass-balance", {**SITE, "chemical": "50-00-0", "year": 2025}),
    ],
)
async def test_of_what_was_not_declared_there_is_no_picture(
    platform: Platform, kind: str, params: dict[str, object]
) -> None:
    with pytest.raises(PlatformError) as raised:
        await drawn(platform, kind, params)
    assert raised.value.code is Code.NOT_FOUND
    assert raised.value.fix


async def test_every_form_of_a_picture_says_the_same(platform: Platform) -> None:
    svg = await drawn(platform, "dossier", SITE, "image/svg+xml")
    html = await drawn(platform, "dossier", SITE, "text/html")
    rows = await table(platform, "dossier", **SITE)
    answer = await platform.officer(
        "GET", "/v1/pictures/dossier", params=SITE, headers={"Accept": "image/png"}
    )
    assert answer.content.startswith(PNG)
    assert len(answer.content) > 10_000
    assert answer.headers["vary"] == "Accept, Authorization"
    assert "script" not in answer.headers["content-security-policy"]
    assert "Renamed works" in svg
    assert html.count("<tr>") == len(rows)
    assert [row[2] for row in rows if row[1] == "name"] == ["Renamed works"]
    assert {row[1] for row in rows[1:]} >= {"declarations", "amendments"}


async def test_a_matrix_and_its_scatter_show_the_side_that_declared(platform: Platform) -> None:
    record = NATIONAL["records"][0]
    cas, year = record["chemical"]["cas"], NATIONAL["reporting_year"]
    for kind in ("transfer-matrix", "transfer-scatter"):
        head, *rows = await table(platform, kind, chemical=cas, year=year)
        assert head[:2] == ["exporter", "importer"]
        assert rows
        assert all("XAL" in row[:2] for row in rows)
        assert all((row[2] == "") is (row[0] != "XAL") for row in rows), rows


async def test_a_facility_has_stocks_and_a_plant_site_has_none(platform: Platform) -> None:
    row = FACILITY["chemicals"][0]
    of_facility = {
        "state": "XAL",
        "site": FACILITY["facility"]["facility_code"],
        "chemical": row["chemical"]["cas"],
        "year": FACILITY["reporting_year"],
    }
    steps = dict((await table(platform, "mass-balance", **of_facility))[1:])
    assert steps["opening stock"] == "", "the year before is not declared"
    assert steps["declared closing stock"] != ""
    chemical = site()["plants"][0]["chemicals"][0]["chemical"]["cas"]
    of_site = {**SITE, "chemical": chemical, "year": site()["reporting_year"]}
    steps = dict((await table(platform, "mass-balance", **of_site))[1:])
    assert (steps["opening stock"], steps["declared closing stock"]) == ("", "")
    assert "residual" not in steps


async def test_queue_and_clock_name_what_waits_and_give_no_declared_figure(
    platform: Platform,
) -> None:
    before = given(platform)
    waiting = await table(platform, "queue-age", state="XAL")
    assert any(site()["declaration_id"] in row[0] for row in waiting[1:])
    assert await table(platform, "queue-age", state="XBO") == waiting[:1]
    assert given(platform) == before
    listed = (await platform.officer("GET", "/v1/declarations")).json()["declarations"]
    (id_,) = [d["id"] for d in listed if d["declaration_id"] == site()["declaration_id"]]
    asking = {"declaration": id_, "questions": [{"pointer": "/name", "text": "Why renamed?"}]}
    await send(platform, "clarification.request", about=asking)
    await platform.settled()
    head, thread = await table(platform, "clarification-clock", state="XAL")
    assert head[2] == "whose turn"
    assert thread[2] == "State"
    assert (await table(platform, "clarification-clock", state="XBO"))[1:] == []


async def test_timeliness_is_one_picture_by_both_routes(platform: Platform) -> None:
    one = await drawn(platform, "timeliness", {}, "image/svg+xml")
    assert one == (await platform.officer("GET", "/v1/obligations/heat-map")).text
