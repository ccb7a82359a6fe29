"""Steps 5 to 11 of a deposit (envelope §2.7): keys to body, and that the earlier step speaks."""

import json
from collections.abc import Callable

import pytest

from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.keys import Alg
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
from tests.integration.exchange.refusals import (
    code_of,
    flip,
    mutated,
    refused,
    signature,
    slot,
)
from tests.integration.exchange.world import REGISTRAR, World
from tests.support.logs import NOW
from tests.support.parties import S2, next_version, pair, registrars

pytestmark = pytest.mark.anyio
DAY_S = 86_400
LARGE = b"x" * 300_000


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
