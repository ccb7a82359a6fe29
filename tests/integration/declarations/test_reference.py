"""The reference routes: open to all, cacheable, and the same as what is published."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from sextant_shared.codelists.search import NAMES, lines_of
from sextant_shared.models.declaration import KINDS
from sextant_shared.rules import list_rules, rule_pack_id
from sextant_shared.rules.wording import Language
from tests.support.platform import open_platform

DOCS = Path(__file__).resolve().parents[3] / "docs" / "schemas"
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def stranger(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token; nothing here changes the platform, so that one does for all."""
    async with open_platform(tmp_path_factory.mktemp("reference")) as platform:
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


@pytest.mark.parametrize("path", ["/v1/rules/X99", "/v1/rules/X4-nothing", "/v1/codelists/nothing"])
async def test_what_is_not_there_is_not_found(stranger: httpx.AsyncClient, path: str) -> None:
    answer = await stranger.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "E_NOT_FOUND"
    assert answer.json()["expected"]


async def test_a_language_that_is_none_of_the_six_is_refused(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/v1/rules", params={"lang": "tlh"})
    assert (answer.status_code, answer.json()["code"]) == (400, "E_MALFORMED")


async def test_every_rule_is_listed_and_explained(stranger: httpx.AsyncClient) -> None:
    listed = (await stranger.get("/v1/rules")).json()
    pack = rule_pack_id()
    assert (listed["version"], listed["digest"]) == (pack.version, pack.digest)
    assert {rule.id for rule in list_rules()} <= {line["id"] for line in listed["rules"]}
    for line in listed["rules"]:
        said = (await stranger.get(f"/v1/rules/{line['id']}")).json()
        assert {n: said[n] for n in line} == line
        assert said["why"]
        assert said["digest"] == pack.digest


async def test_a_rule_shows_the_finding_of_its_example(stranger: httpx.AsyncClient) -> None:
    said = (await stranger.get("/v1/rules/F1-mistyped")).json()
    (way,) = said["ways"]
    assert way["message"] == "The CAS number of {name} is mistyped."
    assert way["example"]["finding"]["received"] == "111-84-8"


@pytest.mark.parametrize(
    ("header", "lang", "spoken"),
    [
        ("", None, "en"),
        ("fr-CH, de;q=0.9", None, "fr"),
        ("de, es;q=0.4, ru;q=0.5", None, "ru"),
        ("fr;q=0, zh;q=nonsense, *", None, "en"),
        ("fr", "ar", "ar"),
    ],
)
async def test_the_language_is_the_one_named_else_the_best_accepted(
    stranger: httpx.AsyncClient, header: str, lang: str | None, spoken: Language
) -> None:
    params = {"lang": lang} if lang else {}
    headers = {"Accept-Language": header}
    answer = await stranger.get("/v1/rules/X4", params=params, headers=headers)
    said = answer.json()["language"]
    assert said == spoken
    assert answer.headers["content-language"] == said
    assert answer.headers["vary"] == "Accept-Language"


async def test_code_lists_are_whole(stranger: httpx.AsyncClient) -> None:
    for name in NAMES:
        listed = (await stranger.get(f"/v1/codelists/{name}")).json()
        assert [line["code"] for line in listed["lines"]] == [one.code for one in lines_of(name)]


@pytest.mark.parametrize(
    "path",
    ["/v1/schemas", "/v1/schemas/S2_AND", "/v1/rules", "/v1/rules/X4", "/v1/codelists/states"],
)
async def test_who_holds_a_copy_gets_no_second_one(stranger: httpx.AsyncClient, path: str) -> None:
    first = await stranger.get(path)
    assert first.headers["cache-control"] == "public, max-age=3600"
    again = await stranger.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await stranger.get(path, headers={"If-None-Match": '"another"'})
    assert other.content == first.content
