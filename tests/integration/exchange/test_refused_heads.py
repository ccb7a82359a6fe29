"""Steps 1 to 4 of a deposit (envelope §2.7): caller, length, share, room, and the head's form."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sextant_shared.protocol.access import Role, Subject
from sextant_shared.protocol.tokens import (
    issue_access_token,
    make_dpop_proof,
    make_token_request,
)
from tests.integration.exchange.containers import (
    XAL,
    XBO,
    Container,
    sealed,
)
from tests.integration.exchange.refusals import code_of, protected, refused, signature
from tests.integration.exchange.world import BASE_URL, World, static_signer

pytestmark = pytest.mark.anyio


def payload_with(more: str) -> Callable[[Any], None]:
    """Write the same payload in another base64."""
    return lambda jws: jws.update(payload=jws["payload"] + more)


def spare_bit(payload: dict[str, Any]) -> None:
    """Set the lowest bit of the last character of a 32-byte value, which must be zero."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    payload["pc"] = payload["pc"][:-1] + alphabet[alphabet.index(payload["pc"][-1]) | 1]


# --- step 1: who is calling -----------------------------------------------------------------------


async def test_nobody_deposits_without_a_token(world: World) -> None:
    answer = await world.send("POST", "/v1/envelopes", content=sealed().data)
    assert (answer.status_code, code_of(answer)) == (401, "E_AUTH")


async def test_a_proof_for_another_address_is_refused(world: World) -> None:
    caller = world.caller(XAL)
    await caller.get("/v1/parties")
    headers = {
        "Authorization": f"DPoP {caller.token}",
        "DPoP": caller._proof("POST", "/v1/mailbox"),
    }
    answer = await world.send("POST", "/v1/envelopes", content=sealed().data, headers=headers)
    assert (answer.status_code, code_of(answer)) == (401, "E_AUTH")


async def test_a_proof_is_good_for_one_request(world: World) -> None:
    caller = world.caller(XAL)
    await caller.get("/v1/parties")
    proof = caller._proof("POST", "/v1/envelopes")
    headers = {"Authorization": f"DPoP {caller.token}", "DPoP": proof}
    first, again = [
        await world.send("POST", "/v1/envelopes", content=sealed().data, headers=headers)
        for _ in range(2)
    ]
    assert (first.status_code, again.status_code, code_of(again)) == (201, 401, "E_AUTH")


async def test_a_token_of_another_service_is_refused(world: World) -> None:
    caller = world.caller(XAL)
    subject = Subject(caller.client_id, Role.PARTY, XAL)
    same_key = static_signer("issuer")  # nothing but the name of the issuer differs
    caller.token = issue_access_token(
        subject, caller.key.kid, "http://audit.example", same_key, world.clock()
    )
    assert await refused(world, sealed()) == (401, "E_AUTH")
    caller.token = issue_access_token(subject, caller.key.kid, BASE_URL, same_key, world.clock())
    assert (await caller.deposit(sealed())).status_code == 201


async def test_an_assertion_for_another_service_gets_no_token(world: World) -> None:
    caller = world.caller(XAL)
    now, url = world.clock(), f"{BASE_URL}/oauth/token"
    form, proof = make_token_request(caller.client_id, "http://audit.example", url, caller.key, now)
    answer = await world.send("POST", "/oauth/token", data=form, headers={"DPoP": proof})
    assert (answer.status_code, code_of(answer)) == (401, "E_AUTH")
    assert "another audience" in answer.json()["detail"]


@pytest.mark.parametrize("offset_s", [-61, 61], ids=["stale", "from the future"])
async def test_a_proof_by_a_clock_that_is_off_is_refused(world: World, offset_s: int) -> None:
    caller = world.caller(XAL)
    await caller.get("/v1/parties")
    when = world.clock() + offset_s
    proof = make_dpop_proof("POST", f"{BASE_URL}/v1/envelopes", caller.key, when, caller.token)
    headers = {"Authorization": f"DPoP {caller.token}", "DPoP": proof}
    answer = await world.send("POST", "/v1/envelopes", content=sealed().data, headers=headers)
    assert (answer.status_code, code_of(answer)) == (401, "E_AUTH")


@pytest.mark.parametrize("client", ["registrar-1", "operator-1"])
async def test_only_parties_deposit(world: World, client: str) -> None:
    assert await refused(world, sealed(), by=client) == (403, "E_FORBIDDEN")


# --- step 2: length, rate, room -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"Content-Length": "-1"}, (411, "E_LENGTH_REQUIRED"), id="negative"),
        pytest.param({"Content-Length": "1e3"}, (411, "E_LENGTH_REQUIRED"), id="not digits"),
        pytest.param({"Content-Length": "117506057"}, (413, "E_TOO_LARGE"), id="one byte too many"),
        pytest.param({"Content-Length": "1" * 30}, (413, "E_TOO_LARGE"), id="absurd"),
    ],
)
async def test_a_length_that_cannot_be_is_refused_before_anything_is_read(
    world: World, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    answer = await world.caller(XAL).send("POST", "/v1/envelopes", content=b"junk", headers=headers)
    assert (answer.status_code, code_of(answer)) == expected


async def test_a_body_without_a_length_is_refused(world: World) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield sealed().data

    answer = await world.caller(XAL).send("POST", "/v1/envelopes", content=pieces())
    assert (answer.status_code, code_of(answer)) == (411, "E_LENGTH_REQUIRED")


async def test_a_party_beyond_its_share_waits_and_others_do_not(stopped: World) -> None:
    await stopped.start(deposits_per_s=0.5, deposit_burst=1)
    caller = stopped.caller(XAL)
    assert (await caller.deposit(sealed(1))).status_code == 201
    answer = await caller.deposit(sealed(2))
    assert (answer.status_code, code_of(answer)) == (429, "E_RATE")
    assert answer.headers["retry-after"] == "2"
    assert (await stopped.caller(XBO).deposit(sealed(3, sender=XBO))).status_code == 201
    stopped.clock.now += 2
    assert (await caller.deposit(sealed(2))).status_code == 201


async def test_the_reserve_of_the_disk_is_never_used_for_new_envelopes(stopped: World) -> None:
    await stopped.start(disk_reserve_bytes=1 << 62)
    assert await refused(stopped, sealed()) == (503, "E_UNAVAILABLE")
    ready = await stopped.send("GET", "/readyz")
    assert (ready.status_code, ready.json()["checks"]["store"]) == (503, "ok")


# --- steps 3 and 4: the head ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bend", "expected"),
    [
        pytest.param(lambda _c: b"PK\x03\x04" + b"x" * 100, "E_MALFORMED", id="not a container"),
        pytest.param(lambda c: b"DXE2" + c.data[4:], "E_VERSION", id="a later container"),
        pytest.param(lambda c: c.data[:7], "E_LENGTH", id="cut in the prefix"),
        pytest.param(lambda c: c.data[:500], "E_LENGTH", id="cut in the manifest"),
        pytest.param(lambda c: b"DXE1\x00\x01\x00\x01" + c.data[8:], "E_TOO_LARGE", id="long head"),
        pytest.param(lambda c: Container(b"{}", c.body), "E_MALFORMED", id="an empty manifest"),
        pytest.param(lambda c: Container(b"[" * 60_000, c.body), "E_MALFORMED", id="deep JSON"),
        pytest.param(
            lambda c: Container(c.manifest[:-1] + rb',"x":"\u0000"}', c.body),
            "E_MALFORMED",
            id="NUL in a text",
        ),
        pytest.param(lambda c: c.bent(header=lambda h: h.update(v=2)), "E_VERSION", id="v 2"),
        pytest.param(lambda c: c.bent(header=lambda h: h.update(enc="C2")), "E_VERSION", id="enc"),
        pytest.param(
            lambda c: c.bent(header=lambda h: h.update(extra=1)), "E_MALFORMED", id="unknown member"
        ),
        pytest.param(
            lambda c: c.bent(header=lambda h: h.pop("created")), "E_MALFORMED", id="no created"
        ),
        pytest.param(
            lambda c: c.bent(header=lambda h: h.update(to=h["to"] * 2)), "E_MALFORMED", id="twice"
        ),
        pytest.param(
            lambda c: c.bent(payload=lambda p: p.update(len=71)), "E_MALFORMED", id="body too short"
        ),
        pytest.param(
            lambda c: c.bent(payload=lambda p: p.update(slots=p["slots"] * 2)),
            "E_MALFORMED",
            id="a slot for nobody",
        ),
        pytest.param(
            lambda c: c.bent(jws=lambda j: j["signatures"].pop()), "E_MALFORMED", id="one signature"
        ),
        pytest.param(
            lambda c: c.bent(jws=lambda j: j["signatures"].reverse()), "E_MALFORMED", id="reversed"
        ),
        pytest.param(
            lambda c: c.bent(jws=signature(0, protected(typ="dxe-party+json"))),
            "E_MALFORMED",
            id="signed as something else",
        ),
        pytest.param(
            lambda c: c.bent(jws=signature(0, protected(alg="none"))), "E_KEY", id="alg none"
        ),
        pytest.param(
            lambda c: Container(c.manifest[:-1] + b',"payload":""}', c.body),
            "E_MALFORMED",
            id="a member twice",
        ),
        pytest.param(lambda c: c.bent(jws=payload_with("=")), "E_MALFORMED", id="padded base64"),
        pytest.param(lambda c: c.bent(jws=payload_with(" ")), "E_MALFORMED", id="spaced base64"),
        pytest.param(lambda c: c.bent(payload=spare_bit), "E_MALFORMED", id="spare bits"),
        pytest.param(
            lambda c: c.bent(payload=lambda p: p.update(len=str(p["len"]))),
            "E_MALFORMED",
            id="a number as text",
        ),
        pytest.param(
            lambda c: Container(c.manifest[:-1] + b',"x":1.5}', c.body), "E_MALFORMED", id="a float"
        ),
        pytest.param(
            lambda c: Container(c.manifest[:-1] + b',"x":"\xff"}', c.body),
            "E_MALFORMED",
            id="bad UTF-8",
        ),
    ],
)
async def test_a_head_that_is_not_strict_is_refused(
    world: World, bend: Callable[[Container], Container | bytes], expected: str
) -> None:
    _, code = await refused(world, bend(sealed()))
    assert code == expected
