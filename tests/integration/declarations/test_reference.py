"""The reference routes: open to all, cacheable, and the same as what is published."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from sextant_shared.models.declaration import KINDS
from tests.support.platform import open_platform

DOCS = Path(__file__).resolve().parents[3] / "docs" / "schemas"
pytestmark = pytest.mark.anyio


@pytest.fixture
async def stranger(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with open_platform(tmp_path) as platform:
        transport = httpx.ASGITransport(platform.apps["declarations"])
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            yield client


@pytest.mark.parametrize("kind", ["S9_AND", "s2_and", "..%2Fx"])
async def test_an_unknown_kind_is_not_found(stranger: httpx.AsyncClient, kind: str) -> None:
    answer = await stranger.get(f"/v1/schemas/{kind}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "E_NOT_FOUND"


async def test_the_list_leads_to_each_published_schema(stranger: httpx.AsyncClient) -> None:
    listed = (await stranger.get("/v1/schemas")).json()["kinds"]
    assert [line["kind"] for line in listed] == list(KINDS)
    for line in listed:
        answer = await stranger.get(f"/v1/schemas/{line['kind']}")
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.text == (DOCS / f"{line['kind']}.json").read_text()
        assert json.loads(answer.text)["$id"] == line["urn"]


@pytest.mark.parametrize("path", ["/v1/schemas", "/v1/schemas/S2_AND"])
async def test_who_holds_a_copy_gets_no_second_one(stranger: httpx.AsyncClient, path: str) -> None:
    first = await stranger.get(path)
    assert first.headers["cache-control"] == "public, max-age=3600"
    again = await stranger.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await stranger.get(path, headers={"If-None-Match": '"another"'})
    assert other.content == first.content
