"""People at a guarded route, signed in by a provider of Keycloak's shape."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from sextant_shared.chassis.application import (
    About,
    Health,
    create_application,
    gated,
    timekeeper_of,
)
from sextant_shared.chassis.identity import Identity, StaticDirectory
from sextant_shared.chassis.people import STALE_S, Discovery, People
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import PlatformError
from sextant_shared.protocol.access import Action
from sextant_shared.protocol.tokens import make_dpop_proof
from tests.support.parties import signer
from tests.support.provider import ISSUER, NOW, PROVIDER, Served, claims, token

pytestmark = pytest.mark.anyio
URL = "http://room.example"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def people_of(served: Served, now: list[float] | None = None) -> People:
    at = now or [NOW]
    return People(PROVIDER, Discovery(ISSUER, served.transport), lambda: at[0], 300.0)


def make_app(folder: Path, people: People | None) -> FastAPI:
    settings = ServiceSettings.model_validate({"data_dir": folder, "port": 1, "base_url": URL})
    router = guarded_router()

    @router.get("/closed", **action(Action.DECLARATION_LIST))
    async def closed(request: Request) -> dict[str, str]:
        return {"client": subject_of(request).client_id}

    @router.get("/accesses", **action(Action.ACCESS_READ))
    async def accesses() -> dict[str, str]:
        return {}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    async def checks() -> dict[str, str]:
        return {"store": "ok"}

    def clock() -> float:
        return NOW

    return create_application(
        "room",
        settings,
        about=About("a room for tests"),
        routers=[router],
        lifespan=lifespan,
        identity=Identity(
            issuer=URL,
            signer=signer("room", Alg.ED25519),
            directory=StaticDirectory([]),
            clock=clock,
            people=people,
        ),
        telemetry=Telemetry("room"),
        health=Health(checks, timekeeper_of(settings, clock)),
    )


async def get(app: FastAPI, path: str = "/closed", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(gated(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
        return await http.get(path, headers=headers)


async def signed_in(folder: Path, served: Served | None = None) -> FastAPI:
    people = people_of(served or Served())
    await people.refresh()
    return make_app(folder, people)


FORGED: list[dict[str, Any]] = [
    {"exp": NOW - 60},
    {"iss": "https://sso.example/realms/other"},
    {"aud": "account"},
    {"typ": "ID"},
    {"realm_access": {"roles": []}},
]


@pytest.mark.parametrize("changed", FORGED)
async def test_a_token_that_does_not_fit_is_401_with_the_ways_to_sign_in(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    app = await signed_in(tmp_path)
    answer = await get(app, authorization=f"Bearer {token(claims(**changed))}")
    assert (answer.status_code, answer.json()["code"]) == (401, "E_AUTH")
    assert answer.headers["www-authenticate"] == f'DPoP algs="Ed25519", Bearer realm="{URL}"'


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "DPoP x"]
)
async def test_what_is_no_token_is_401(tmp_path: Path, shown: str) -> None:
    assert (await get(await signed_in(tmp_path), authorization=shown)).status_code == 401


async def test_where_no_provider_is_set_no_bearer_token_is_taken(tmp_path: Path) -> None:
    answer = await get(make_app(tmp_path, None), authorization=f"Bearer {token(claims())}")
    assert answer.status_code == 401
    assert "Bearer" not in answer.headers["www-authenticate"]


async def test_a_person_is_let_in_by_name_of_the_provider_and_in_one_role(tmp_path: Path) -> None:
    app = await signed_in(tmp_path)
    officer = {"authorization": f"Bearer {token(claims())}"}
    assert (await get(app, **officer)).json() == {"client": f"oidc:{claims()['sub']}"}
    assert (await get(app, "/accesses", **officer)).status_code == 403


async def test_a_bound_token_needs_a_fresh_proof_by_its_key_each_time(tmp_path: Path) -> None:
    app = await signed_in(tmp_path)
    own, other = signer("own", Alg.ED25519), signer("other", Alg.ED25519)
    text = token(claims(cnf={"jkt": own.kid}))

    def shown(by: Any = own, url: str = f"{URL}/closed") -> dict[str, str]:
        proof = make_dpop_proof("GET", url, by, NOW, text)
        return {"authorization": f"DPoP {text}", "dpop": proof}

    once = shown()
    assert (await get(app, **once)).status_code == 200
    assert (await get(app, **once)).status_code == 401, "a proof is used once"
    assert (await get(app, **shown(other))).status_code == 401
    assert (await get(app, **shown(url=f"{URL}/accesses"))).status_code == 401
    assert (await get(app, authorization=f"DPoP {text}")).status_code == 401
    assert (await get(app, authorization=f"Bearer {text}")).status_code == 401, "not as a bearer"
    plain = {**shown(), "authorization": f"DPoP {token(claims())}"}
    assert (await get(app, **plain)).status_code == 401


async def test_a_new_key_counts_after_the_next_look_and_an_old_one_no_more() -> None:
    served = Served("RS256")
    people = people_of(served)
    await people.refresh()
    with pytest.raises(PlatformError, match="does not list"):
        people.authenticate(token(claims(), "ES256"))
    served.algs = ("ES256",)
    await people.refresh()
    assert people.authenticate(token(claims(), "ES256")).via == ISSUER
    with pytest.raises(PlatformError, match="does not list"):
        people.authenticate(token(claims(), "RS256"))


async def test_keys_stay_in_use_while_the_provider_is_away_but_not_for_ever() -> None:
    served, now = Served(), [float(NOW)]
    people = people_of(served, now)
    await people.refresh()
    served.away = True
    with pytest.raises(PlatformError, match="answers 503"):
        await people.refresh()
    assert people.authenticate(token(claims())).via == ISSUER
    now[0] += STALE_S + 1
    fresh = token(claims(exp=int(now[0]) + 60, iat=int(now[0]), auth_time=int(now[0])))
    with pytest.raises(PlatformError, match="keys of the sign-in provider are not known"):
        people.authenticate(fresh)


async def test_before_the_first_look_the_answer_is_to_come_again(tmp_path: Path) -> None:
    app = make_app(tmp_path, people_of(Served()))
    answer = await get(app, authorization=f"Bearer {token(claims())}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"issuer": f"{ISSUER}/"}, "another issuer"),
        ({"jwks_uri": "http://sso.example/certs"}, "not reached by https"),
        ({"jwks_uri": None}, "not reached by https"),
    ],
)
async def test_a_discovery_document_that_does_not_fit_gives_no_keys(
    changed: dict[str, Any], why: str
) -> None:
    with pytest.raises(PlatformError, match=why):
        await people_of(Served(**changed)).refresh()
