"""Exports over what a platform holds: ordered, made beside, fetched by who ordered them alone."""

import asyncio
import base64
import csv
import hashlib
import io
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook

from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.accessing import given
from tests.integration.declarations.contents import declaration
from tests.integration.declarations.test_pictures import NATIONAL
from tests.integration.declarations.test_transfers import analysed
from tests.support.platform import PATIENCE_S, XAL, XBO, Platform, open_platform
from tests.unit.shared.rules.filed import amendment, data, site

pytestmark = pytest.mark.anyio
RENAMED = amendment(site(), ("/name", site()["name"], "=Renamed"), number="XAL-RENAMED")
KIND = site()["kind"]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    folder, at_once = tmp_path_factory.mktemp("exports"), {"analysis_pause_s": 0.0}
    async with open_platform(folder, declarations=at_once) as opened:
        for content in (data(site()), data(RENAMED), data(NATIONAL)):
            await opened.declare(XAL, content)
        await opened.declare(XBO, declaration("XBO"))
        await opened.settled()
        await analysed(opened)
        yield opened
        await opened.settled()
        await opened.check()


async def order(platform: Platform, what: str, form: str = "csv", **filters: Any) -> dict[str, Any]:
    body = {"what": what, "format": form, "filters": filters}
    answer = await platform.officer("POST", "/v1/exports", json=body)
    assert answer.status_code == 202
    view: dict[str, Any] = answer.json()
    assert answer.headers["location"] == view["links"]["self"]
    return view


async def ended(platform: Platform, view: dict[str, Any], state: str) -> dict[str, Any]:
    """Return an export once it stands there."""
    tries = 0
    while view["state"] != state:
        await asyncio.sleep(0.01)
        view = (await platform.officer("GET", view["links"]["self"])).json()
        tries += 1
        assert tries < PATIENCE_S * 100, view
        assert view["state"] != "failed", view
    return view


async def ready(platform: Platform, view: dict[str, Any]) -> dict[str, Any]:
    return await ended(platform, view, "ready")


async def fetched(platform: Platform, what: str, form: str = "csv", **filters: Any) -> bytes:
    """Return the file of an export, held against its digest, and remove it."""
    view = await ready(platform, await order(platform, what, form, **filters))
    answer = await platform.officer("GET", view["links"]["file"])
    digest = hashlib.sha256(answer.content).digest()
    assert view["digest"] == digest.hex()
    assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    assert view["size"] == len(answer.content)
    await platform.officer("DELETE", view["links"]["self"])
    return answer.content


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


async def refused(platform: Platform, method: str, path: str, **options: Any) -> PlatformError:
    with pytest.raises(PlatformError) as raised:
        await platform.officer(method, path, **options)
    return raised.value


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"what": "everything"}, "records"),
        ({"what": "records"}, "always kind"),
        ({"what": "timeliness", "filters": {"state": "XAL"}}, "kind"),
        ({"what": "declarations", "filters": {"status": "missing"}}, "state"),
    ],
)
async def test_a_table_that_there_is_not_or_is_not_narrowed_so_is_refused(
    platform: Platform, body: dict[str, Any], word: str
) -> None:
    error = await refused(platform, "POST", "/v1/exports", json=body)
    assert error.code is Code.MALFORMED
    assert word in error.expected


async def test_declared_rows_are_not_exported_without_a_purpose(platform: Platform) -> None:
    before = given(platform)
    body = {"what": "records", "filters": {"kind": KIND}}
    client = platform.client("officer-1", "declarations")
    with pytest.raises(PlatformError, match="purpose"):
        await client.request("POST", "/v1/exports", json=body)
    assert given(platform) == before


async def test_an_export_is_its_officers_alone(platform: Platform) -> None:
    view = await ready(platform, await order(platform, "declarations"))
    other = platform.client("officer-2", "declarations")
    for method, path in (
        ("GET", view["links"]["self"]),
        ("GET", view["links"]["file"]),
        ("DELETE", view["links"]["self"]),
    ):
        with pytest.raises(PlatformError) as raised:
            await other.request(method, path)
        assert raised.value.code is Code.NOT_FOUND
        assert raised.value.detail == "you have no such export"
    assert (await other.request("GET", "/v1/exports")).json()["exports"] == []
    await platform.officer("DELETE", view["links"]["self"])


async def test_the_list_of_declarations_gives_no_content_and_leaves_no_access(
    platform: Platform,
) -> None:
    before = given(platform)
    content = await fetched(platform, "declarations", state="XAL")
    found = rows_of(content)
    assert {one["state"] for one in found} == {"XAL"}
    assert site()["declaration_id"] in {one["declaration_id"] for one in found}
    assert site()["owner_operator"] not in content.decode()
    assert given(platform) == before


async def test_declared_rows_hold_as_amended_by_one_access_to_all_that_went_out(
    platform: Platform,
) -> None:
    before = len(given(platform))
    found = rows_of(await fetched(platform, "records", kind=KIND))
    assert {one["name"] for one in found} == {"'=Renamed"}, "and no spreadsheet computes it"
    assert {one["declaration_id"] for one in found} == {site()["declaration_id"]}
    ((gives, about),) = given(platform, before)
    assert gives == "export"
    assert len(about.split()) == 2, "the declaration and its amendment"


async def test_transfers_go_out_with_both_sides_by_one_access_to_what_they_stand_on(
    platform: Platform,
) -> None:
    before = len(given(platform))
    found = rows_of(await fetched(platform, "transfers", state="XAL"))
    listed = (await platform.officer("GET", "/v1/transfers/pairs")).json()["pairs"]
    assert sorted(one["id"] for one in found) == sorted(one["id"] for one in listed)
    assert all((one["exported_kg"] == "") is (one["exporter"] != "XAL") for one in found)
    gives, about = given(platform, before)[0]
    assert gives == "export"
    assert len(about.split()) == 1
    assert rows_of(await fetched(platform, "transfers", state="XCE")) == []


async def test_a_workbook_keeps_texts_as_texts_and_figures_as_numbers(platform: Platform) -> None:
    content = await fetched(platform, "records", "xlsx", kind="S2_AND", state="XAL")
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    head, *rows = list(sheet.iter_rows())
    named = {str(cell.value): n for n, cell in enumerate(head)}
    cas = [row[named["records.chemical.cas"]] for row in rows]
    assert {cell.data_type for cell in cas if cell.value is not None} == {"s"}
    amounts = [name for name in named if f"{name}.unit" in named]
    figures = [row[named[name]] for row in rows for name in amounts]
    assert {cell.data_type for cell in figures if cell.value is not None} == {"n"}


async def test_parquet_has_the_types_of_the_columns(platform: Platform, tmp_path: Path) -> None:
    path = tmp_path / "records.parquet"
    path.write_bytes(await fetched(platform, "records", "parquet", kind="S2_AND", state="XAL"))
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT * FROM '{path}'")
        types = dict(zip(found.columns, map(str, found.types), strict=True))
        values = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    assert types["records.chemical.cas"] == "VARCHAR"
    assert types["reporting_year"] == "BIGINT"
    amounts = [name for name in types if f"{name}.unit" in types]
    assert amounts
    assert any(isinstance(row[name], Decimal) for row in values for name in amounts)
    assert len(values) == len(rows_of(await fetched(platform, "records", kind="S2_AND")))


async def test_publishable_counts_withhold_small_ones_and_name_them(platform: Platform) -> None:
    found = rows_of(await fetched(platform, "timeliness"))
    for one in found:
        named = set(one["withheld"].split("; ")) - {""}
        counts = {k: v for k, v in one.items() if k not in {"kind", "year", "withheld", "smallest"}}
        assert {name for name, value in counts.items() if value == ""} == named
        assert not [v for v in counts.values() if v and 0 < int(v) < int(one["smallest"])]


async def test_obligations_are_those_of_the_list(platform: Platform) -> None:
    listed = (await platform.officer("GET", "/v1/obligations", params={"limit": 200})).json()
    found = rows_of(await fetched(platform, "obligations"))
    assert [one["id"] for one in found] == [one["id"] for one in listed["obligations"]]


async def test_what_is_cancelled_or_over_has_no_file_and_says_so(platform: Platform) -> None:
    view = await order(platform, "declarations")
    cancelled = (await platform.officer("DELETE", view["links"]["self"])).json()
    assert cancelled["state"] == "cancelled"
    error = await refused(platform, "GET", f"{view['links']['self']}/file")
    assert error.code is Code.GONE
    view = await ready(platform, await order(platform, "declarations"))
    platform.clock.move(86_401)
    error = await refused(platform, "GET", view["links"]["file"])
    assert (error.code, error.received) == (Code.GONE, "expired")
    await ended(platform, view, "expired")
    folder = platform.declarations_settings().exports
    assert list(folder.iterdir()) == [], "no file stays behind"


async def test_one_officer_has_only_so_many_files_at_once(platform: Platform) -> None:
    limit = platform.declarations_settings().exports_open
    views = [await order(platform, "declarations") for _ in range(limit)]
    error = await refused(platform, "POST", "/v1/exports", json={"what": "declarations"})
    assert error.code is Code.STATE
    for view in views:
        await platform.officer("DELETE", view["links"]["self"])
