"""Every check of a deposit (envelope §2.7): its code, its place in the order, nothing left."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.keys import Alg
from sextant_shared.encoding import b64u, b64u_decode, canonical_json
from sextant_shared.models.party import KeyStatus
from sextant_shared.protocol.manifest import format_prefix
from sextant_shared.protocol.parties import sign_party_document, verify_party_document
from tests.integration.exchange.containers import (
    KEYS,
    SEC,
    XAL,
    XBO,
    Container,
    sealed,
    sealing_key,
)
from tests.integration.exchange.world import REGISTRAR, World
from tests.support.logs import NOW
from tests.support.parties import S2, next_version, pair, registrars

pytestmark = pytest.mark.anyio
DAY_S = 86_400
LARGE = b"x" * 300_000


def code_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["code"])


async def refused(world: World, container: Container | bytes, by: str = XAL) -> tuple[int, str]:
    """Deposit and return what it was refused with; nothing may have stayed."""
    answer = await world.caller(by).deposit(container)
    assert world.rows("SELECT number FROM envelope") == []
    assert world.files() == []
    assert world.audit.entries[4:] == []
    assert answer.json()["fix"]
    return answer.status_code, code_of(answer)


def mutated(member: str, change: Callable[[bytes], bytes]) -> Callable[[dict[str, Any]], None]:
    def apply(members: dict[str, Any]) -> None:
        members[member] = b64u(change(b64u_decode(members[member])))

    return apply


def flip(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def signature(index: int, change: Callable[[dict[str, Any]], object]) -> Callable[[Any], object]:
    return lambda jws: change(jws["signatures"][index])


def protected(**changes: str) -> Callable[[dict[str, Any]], None]:
    """Claim other things in a protected header, without signing them."""

    def apply(one: dict[str, Any]) -> None:
        one["protected"] = b64u(
            canonical_json({**json.loads(b64u_decode(one["protected"])), **changes})
        )

    return apply


def slot(change: Callable[[bytes], bytes]) -> Callable[[Any], object]:
    return lambda payload: mutated("ct", change)(payload["slots"][0])


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
    ],
)
async def test_a_head_that_is_not_strict_is_refused(
    world: World, bend: Callable[[Container], Container | bytes], expected: str
) -> None:
    _, code = await refused(world, bend(sealed()))
    assert code == expected


# --- steps 5 to 7: keys, signatures, sender -------------------------------------------------------


async def test_a_pair_that_is_not_registered_is_refused(world: World) -> None:
    assert await refused(world, sealed(signers=pair("nobody"))) == (422, "E_KEY")


async def test_another_profile_than_the_registered_pairs_is_refused(world: World) -> None:
    assert await refused(world, sealed(signers=pair("NA-XAL/other", S2))) == (422, "E_KEY")


async def test_a_party_nobody_enrolled_is_refused(world: World) -> None:
    stranger = sealed(sender="NA-XZZ", signers=pair("NA-XZZ/sig"))
    assert await refused(world, stranger) == (422, "E_KEY")


@pytest.mark.parametrize("half", [0, 1])
async def test_one_good_signature_is_not_enough(world: World, half: int) -> None:
    bent = sealed().bent(jws=signature(half, mutated("signature", flip)))
    assert await refused(world, bent) == (422, "E_SIGNATURE")


async def test_another_payload_under_the_signatures_is_refused(world: World) -> None:
    donor, container = json.loads(sealed(2).manifest), sealed(1)
    bent = container.bent(jws=lambda j: j.update(payload=donor["payload"]))
    assert await refused(world, bent) == (422, "E_SIGNATURE")


async def test_a_party_cannot_send_what_another_signed(world: World) -> None:
    assert await refused(world, sealed(), by=XBO) == (403, "E_SENDER")


async def test_a_revoked_key_signs_nothing_more(world: World) -> None:
    held = await world.caller(REGISTRAR).get(f"/v1/parties/{XAL}")
    before = verify_party_document(held.content, registrars(), None)
    revoked = [
        key.model_copy(update={"status": KeyStatus.REVOKED, "changed": timestamp_s(NOW)})
        if key.kid == KEYS[XAL].sig[1].kid
        else key
        for key in before.document.keys
    ]
    raw = sign_party_document(next_version(before, keys=revoked), KEYS[XAL].root)
    assert (await world.give_document(XAL, raw, [])).status_code == 201
    world.audit.log.leaves.pop()  # not an envelope's
    assert await refused(world, sealed()) == (422, "E_KEY")


# --- step 8: recipients and policy ----------------------------------------------------------------


async def test_a_recipient_nobody_enrolled_is_refused(world: World) -> None:
    bent = sealed(recipients=[("NA-XZZ", sealing_key(SEC))])
    assert await refused(world, bent) == (422, "E_RECIPIENT")


async def test_a_sealing_key_of_another_party_is_refused(world: World) -> None:
    bent = sealed(recipients=[(SEC, sealing_key(XBO))])
    assert await refused(world, bent) == (422, "E_RECIPIENT")


@pytest.mark.parametrize("change", [lambda ct: ct + b"x", lambda ct: ct[:-1]], ids=["long", "cut"])
async def test_a_slot_of_another_length_than_its_key_gives_is_refused(
    world: World, change: Callable[[bytes], bytes]
) -> None:
    assert await refused(world, sealed().bent(payload=slot(change))) == (422, "E_RECIPIENT")


async def test_the_highest_class_needs_the_stronger_sealing_key(world: World) -> None:
    assert KEYS[SEC].kem is Alg.K1
    assert await refused(world, sealed(classification="C3")) == (422, "E_POLICY")


async def test_a_content_type_that_is_not_carried_is_refused(world: World) -> None:
    assert await refused(world, sealed(cty="application/zip")) == (422, "E_POLICY")


async def test_a_body_beyond_the_operators_limit_is_refused_by_its_head(stopped: World) -> None:
    await stopped.start(max_body_bytes=4000)
    assert await refused(stopped, sealed()) == (413, "E_TOO_LARGE")


# --- step 9: the clock ----------------------------------------------------------------------------


@pytest.mark.parametrize("offset_s", [-DAY_S - 1, DAY_S + 1], ids=["too old", "from the future"])
async def test_an_envelope_of_another_day_is_refused(world: World, offset_s: int) -> None:
    bent = sealed(created=timestamp_s(NOW + offset_s))
    assert await refused(world, bent) == (422, "E_CLOCK")


@pytest.mark.parametrize("offset_s", [-DAY_S + 1, DAY_S - 1])
async def test_an_envelope_within_a_day_is_taken(world: World, offset_s: int) -> None:
    answer = await world.caller(XAL).deposit(sealed(created=timestamp_s(NOW + offset_s)))
    assert answer.status_code == 201


# --- step 11: the body ----------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["in a row", "in a blob"])
@pytest.mark.parametrize(
    ("bend", "code"),
    [
        pytest.param(lambda c: c.data[:-1], "E_LENGTH", id="one byte short"),
        pytest.param(lambda c: c.data + b"x", "E_LENGTH", id="one byte long"),
        pytest.param(lambda c: format_prefix(c.manifest) + c.manifest, "E_LENGTH", id="no body"),
        pytest.param(lambda c: Container(c.manifest, flip(c.body)), "E_DIGEST", id="another body"),
    ],
)
async def test_another_body_than_the_signed_one_is_refused(
    world: World, content: bytes, bend: Callable[[Container], Container | bytes], code: str
) -> None:
    assert await refused(world, bend(sealed(content=content))) == (422, code)


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["in a row", "in a blob"])
@pytest.mark.parametrize("size", [-1, 1], ids=["ends early", "goes on"])
async def test_a_body_that_belies_its_length_is_refused(
    world: World, content: bytes, size: int
) -> None:
    container = sealed(content=content)
    data = (container.data + b"x")[: len(container.data) + size]
    length = {"Content-Length": str(len(container.data))}
    answer = await world.caller(XAL).send("POST", "/v1/envelopes", content=data, headers=length)
    assert (answer.status_code, code_of(answer)) == (422, "E_LENGTH")
    assert world.files() == []


# --- the order ------------------------------------------------------------------------------------


def stale(container: Container) -> Container:
    return container.bent(header=lambda h: h.update(created="2020-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("container", "by", "code"),
    [
        pytest.param(lambda: sealed(signers=pair("x")), XBO, "E_KEY", id="key before sender"),
        pytest.param(
            lambda: sealed().bent(jws=signature(0, mutated("signature", flip))),
            XBO,
            "E_SIGNATURE",
            id="signature before sender",
        ),
        pytest.param(
            lambda: sealed(recipients=[(SEC, sealing_key(XBO))]), XBO, "E_SENDER", id="recipient"
        ),
        pytest.param(
            lambda: sealed(recipients=[(SEC, sealing_key(XBO))], cty="application/zip"),
            XAL,
            "E_RECIPIENT",
            id="recipient before policy",
        ),
        pytest.param(
            lambda: stale(sealed(cty="application/zip")), XAL, "E_POLICY", id="policy before clock"
        ),
        pytest.param(
            lambda: Container(stale(sealed()).manifest, b"short"), XAL, "E_CLOCK", id="clock, body"
        ),
    ],
)
async def test_of_two_faults_the_earlier_step_speaks(
    world: World, container: Callable[[], Container], by: str, code: str
) -> None:
    assert (await refused(world, container(), by=by))[1] == code


async def test_a_known_id_is_answered_before_the_body_is_looked_at(world: World) -> None:
    first, caller = sealed(), world.caller(XAL)
    receipt = (await caller.deposit(first)).content
    again = await caller.deposit(Container(first.manifest, first.body + b"more"))
    assert (again.status_code, again.content) == (200, receipt)
    other = sealed(content=b"other content")
    assert other.id == first.id
    conflict = await caller.deposit(Container(other.manifest, b""))
    assert (conflict.status_code, code_of(conflict)) == (409, "E_DUPLICATE")


async def test_a_refusal_names_its_trace_type_and_remedy(world: World) -> None:
    stale_one = sealed(created="2020-01-01T00:00:00Z")
    problem = (await world.caller(XAL).deposit(stale_one)).json()
    assert problem["type"] == "urn:dxe:error:E_CLOCK"
    assert "clock" in problem["fix"]
    assert "2020-01-01" in problem["received"]
