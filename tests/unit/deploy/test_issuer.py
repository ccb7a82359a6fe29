"""The provider for development: its whole flow, and its tokens at the code that takes them."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deploy.local.issuer import AUDIENCE, CLIENT, CODE_LIFE_S, PEOPLE, SESSION_S, create_issuer
from deploy.local.stack import Stack
from sextant_shared.chassis.people import Discovery, People
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import PlatformError
from sextant_shared.protocol.access import Role
from sextant_shared.protocol.people import Provider

pytestmark = pytest.mark.anyio
URL, BACK, VERIFIER = "http://127.0.0.1:9300", "http://127.0.0.1:4711/back", "v" * 43
ASKED = {
    "response_type": "code",
    "client_id": CLIENT,
    "redirect_uri": BACK,
    "code_challenge": b64u(sha256(VERIFIER.encode())),
    "code_challenge_method": "S256",
    "state": "s",
}
NOW = [1_750_000_000.0]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def wire() -> httpx.ASGITransport:
    return httpx.ASGITransport(create_issuer(URL, {}, lambda: NOW[0]))


@pytest.fixture
async def http(wire: httpx.ASGITransport) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=wire, base_url=URL) as client:
        yield client


async def code_of(http: httpx.AsyncClient, person: str) -> str:
    answer = await http.get("/authorize", params={**ASKED, "person": person})
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    said = parse_qs(back.query)
    assert said["state"] == ["s"]
    return said["code"][0]


async def redeem(http: httpx.AsyncClient, code: str, **changed: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    return await http.post(
        "/token", data={**form, "client_id": CLIENT, "code_verifier": VERIFIER, **changed}
    )


@pytest.mark.parametrize("service", ["DECLARATIONS", "EXCHANGE", "AUDIT"])
def test_it_does_not_start_in_production(service: str) -> None:
    with pytest.raises(PlatformError, match="production"):
        create_issuer(URL, {f"SEXTANT_{service}_ENVIRONMENT": "production"}, lambda: 0)


@pytest.mark.parametrize("url", ["http://0.0.0.0:1", "https://sso.example"])
def test_it_does_not_start_where_others_reach_it(url: str) -> None:
    with pytest.raises(PlatformError, match="loopback"):
        create_issuer(url, {}, lambda: 0)


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://elsewhere.example/"},
        {"redirect_uri": "http://127.0.0.1.elsewhere.example/"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
        {"response_type": "token"},
        {"client_id": "other"},
    ],
)
async def test_a_request_that_does_not_fit_sends_nobody_anywhere(
    http: httpx.AsyncClient, changed: dict[str, str]
) -> None:
    asked = {**ASKED, "person": PEOPLE[0].sub, **changed}
    answer = await http.get("/authorize", params=asked)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "changed", [{"code_verifier": "w" * 43}, {"redirect_uri": f"{BACK}2"}, {"client_id": "other"}]
)
async def test_a_code_is_redeemed_by_who_asked_for_it_alone(
    http: httpx.AsyncClient, changed: dict[str, str]
) -> None:
    code = await code_of(http, PEOPLE[0].sub)
    assert (await redeem(http, code, **changed)).status_code == 400
    assert (await redeem(http, code)).status_code == 400, "a code that was tried is spent"


async def test_a_code_ends_and_serves_once(http: httpx.AsyncClient) -> None:
    code = await code_of(http, PEOPLE[0].sub)
    assert (await redeem(http, code)).status_code == 200
    assert (await redeem(http, code)).status_code == 400
    late = await code_of(http, PEOPLE[0].sub)
    NOW[0] += CODE_LIFE_S + 1
    assert (await redeem(http, late)).status_code == 400


async def test_its_tokens_let_made_up_people_in_and_its_id_tokens_do_not(
    http: httpx.AsyncClient, wire: httpx.ASGITransport
) -> None:
    roles = {"sextant-officer": Role.OFFICER, "sextant-auditor": Role.AUDITOR}
    provider = Provider(issuer=URL, audience=AUDIENCE, role_claim="realm_access.roles", roles=roles)
    people = People(provider, Discovery(URL, wire), lambda: NOW[0], 300.0)
    await people.refresh()
    page = (await http.get("/authorize", params=ASKED)).text
    for person in PEOPLE:
        assert person.name in page
        answer = (await redeem(http, await code_of(http, person.sub))).json()
        principal = people.authenticate(answer["access_token"])
        assert principal.id == f"oidc:{person.sub}"
        assert principal.role is roles[person.roles[0]]
        with pytest.raises(PlatformError, match="another"):
            people.authenticate(answer["id_token"])


async def test_what_renews_serves_once_and_ends_with_the_session(http: httpx.AsyncClient) -> None:
    first = (await redeem(http, await code_of(http, PEOPLE[0].sub))).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "client_id": CLIENT}
    second = (await http.post("/token", data={**form, "refresh_token": first})).json()
    assert (await http.post("/token", data={**form, "refresh_token": first})).status_code == 400
    assert (await http.post("/revoke", data={"token": second["refresh_token"]})).status_code == 200
    again = await http.post("/token", data={**form, "refresh_token": second["refresh_token"]})
    assert again.status_code == 400
    late = (await redeem(http, await code_of(http, PEOPLE[0].sub))).json()["refresh_token"]
    NOW[0] += SESSION_S + 1
    assert (await http.post("/token", data={**form, "refresh_token": late})).status_code == 400


def test_a_local_platform_with_people_tells_its_provider_what_environment_it_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEXTANT_EXCHANGE_ENVIRONMENT", "production")
    provider = Stack(tmp_path, people=True).provider
    with pytest.raises(PlatformError, match="production"):
        create_issuer(provider.url, provider.settings, lambda: 0)
    assert "sign-in" not in Stack(tmp_path).processes
