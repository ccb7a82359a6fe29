"""People of a provider at the whole service: what they read stands in the log under their name."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_shared.models.purposes import PURPOSE_HEADER
from tests.integration.declarations.contents import declaration
from tests.support.platform import Platform, running
from tests.support.provider import ISSUER, Served, claims, token

pytestmark = pytest.mark.anyio
SETTINGS: dict[str, Any] = {
    "people_issuer": ISSUER,
    "people_roles": {"verification-officer": "officer", "auditor": "auditor"},
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def shown(platform: Platform, role: str, **changed: Any) -> dict[str, str]:
    now = int(platform.clock())
    times = {"exp": now + 60, "iat": now, "auth_time": now}
    own = claims(**{**times, "sub": role, "realm_access": {"roles": [role]}, **changed})
    return {"authorization": f"Bearer {token(own)}", PURPOSE_HEADER: "examination"}


async def test_what_a_person_reads_stands_in_the_accesses_under_the_persons_name(
    tmp_path: Path,
) -> None:
    people = Served().transport
    overrides = {"declarations": SETTINGS}
    async with running(Platform(tmp_path, overrides=overrides, people=people)) as platform:
        await platform.declare("NA-XAL", declaration("XAL"))
        await platform.settled()
        wire = httpx.ASGITransport(platform.apps["declarations"])
        base = platform.declarations_settings().base_url
        async with httpx.AsyncClient(transport=wire, base_url=base) as http:

            async def get(path: str, role: str, **changed: Any) -> httpx.Response:
                return await http.get(path, headers=shown(platform, role, **changed))

            listed = await get("/v1/declarations", "verification-officer")
            while listed.status_code == httpx.codes.SERVICE_UNAVAILABLE:  # keys are on their way
                await asyncio.sleep(0)
                listed = await get("/v1/declarations", "verification-officer")
            id_ = listed.json()["declarations"][0]["id"]
            refused = await get(f"/v1/declarations/{id_}", "verification-officer", aud="account")
            other = await get(f"/v1/declarations/{id_}", "auditor")
            given = await get(f"/v1/declarations/{id_}", "verification-officer")
            accesses = (await get("/v1/accesses", "auditor")).json()
        assert [one.status_code for one in (refused, other, given)] == [401, 403, 200]
        assert "Bearer" in refused.headers["www-authenticate"]
        assert "oidc:verification-officer" in {one["client"] for one in accesses["accesses"]}
        await platform.settled()
        await platform.check()
