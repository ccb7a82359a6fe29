"""Deposits through the HTTP interface of the whole platform: refusals in the specified order."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_shared.chassis.http import ServiceClient
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.models.party import KeyStatus
from sextant_shared.protocol.parties import sign_party_document, verify_party_document
from sextant_shared.protocol.receipts import verify_custody
from tests.support.envelopes import join, split
from tests.support.parties import PartyKeys, next_version, opener, registrars
from tests.support.platform import Platform, open_platform

pytestmark = pytest.mark.anyio
NIL = (Path(__file__).parents[3] / "examples" / "NA-XAL" / "nil-2025.json").read_bytes()


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path) as opened:
        yield opened
        await opened.settled()
        await opened.check()


async def post(platform: Platform, container: bytes, client_id: str = "NA-XAL/test") -> Any:
    headers = {"Content-Type": MEDIA_TYPE}
    client = platform.client(client_id)
    return await client.request("POST", "/v1/envelopes", content=container, headers=headers)


async def refused(
    platform: Platform, container: bytes, code: Code, client_id: str = "NA-XAL/test"
) -> PlatformError:
    before = await stored(platform)
    with pytest.raises(PlatformError) as caught:
        await post(platform, container, client_id)
    assert caught.value.code is code, caught.value
    assert caught.value.fix
    assert await stored(platform) == before, "a refusal left something behind"
    return caught.value


async def stored(platform: Platform) -> list[str]:
    """Return the names of all files below the exchange's folder but the database's own."""
    folder = platform.folder / "exchange"
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and "exchange.db" not in p.name)


async def test_each_damage_is_refused_with_its_code_and_leaves_nothing(
    platform: Platform,
) -> None:
    container, _ = platform.seal("NA-XAL", NIL)
    raw, body = split(container)
    flipped = bytearray(raw)
    flipped[raw.index(b"signature") + 20] ^= 1
    for damaged, codes in (
        (b"", {Code.MALFORMED, Code.LENGTH}),
        (container[:6], {Code.MALFORMED, Code.LENGTH}),
        (b"DXE9" + container[4:], {Code.VERSION}),
        (b"PK\x03\x04" + container[4:], {Code.MALFORMED}),
        (container[:100], {Code.LENGTH}),
        (container[:-1], {Code.LENGTH}),
        (container + b"x", {Code.LENGTH}),
        (join(raw, body[:-1] + bytes([body[-1] ^ 1])), {Code.DIGEST}),
        (join(bytes(flipped), body), {Code.MALFORMED, Code.SIGNATURE, Code.KEY}),
        (b"DXE1\x00\x00\x00\x02{}" + body, {Code.MALFORMED}),
        (b"DXE1\xff\xff\xff\xff" + body, {Code.TOO_LARGE}),
    ):
        before = await stored(platform)
        with pytest.raises(PlatformError) as caught:
            await post(platform, damaged)
        assert caught.value.code in codes, caught.value
        assert await stored(platform) == before


async def test_an_envelope_of_another_party_is_refused(platform: Platform) -> None:
    container, _ = platform.seal("NA-XBO", NIL)
    await refused(platform, container, Code.SENDER)


async def test_a_stale_clock_is_refused(platform: Platform) -> None:
    container, _ = platform.seal("NA-XAL", NIL, created="2020-01-01T00:00:00Z")
    error = await refused(platform, container, Code.CLOCK)
    assert "clock" in error.fix


async def test_keys_that_are_not_registered_are_refused(platform: Platform) -> None:
    stranger = PartyKeys("NA-XZZ")
    container, _ = platform.seal("NA-XAL", NIL, signers=stranger.sig)
    await refused(platform, container, Code.KEY)


async def test_a_sealing_key_that_is_not_the_recipients_is_refused(platform: Platform) -> None:
    foreign = SealingKey.from_jwk(opener("nobody", Alg.K1).jwk)
    container, _ = platform.seal("NA-XAL", NIL, recipients=[("SEC", foreign)])
    await refused(platform, container, Code.RECIPIENT)


async def test_a_content_type_that_is_not_carried_is_refused(platform: Platform) -> None:
    container, _ = platform.seal("NA-XAL", NIL, cty="application/zip")
    await refused(platform, container, Code.POLICY)


async def test_a_missing_or_boastful_length_is_refused_before_the_body(
    platform: Platform,
) -> None:
    client = platform.client("NA-XAL/test")
    container, _ = platform.seal("NA-XAL", NIL)

    async def stream() -> AsyncIterator[bytes]:
        yield container

    pieces: Any = stream

    for headers, code in (
        ({"Transfer-Encoding": "chunked"}, Code.LENGTH_REQUIRED),
        ({"Content-Length": "99999999999"}, Code.TOO_LARGE),
        ({"Content-Length": "-5"}, Code.LENGTH_REQUIRED),
    ):
        with pytest.raises(PlatformError) as caught:
            await client.request(
                "POST",
                "/v1/envelopes",
                content=pieces(),
                headers=headers,
                repeatable=False,
            )
        assert caught.value.code is code


async def test_a_repeat_gives_the_same_receipt_byte_for_byte(platform: Platform) -> None:
    container, manifest = platform.seal("NA-XAL", NIL)
    first = await post(platform, container)
    again = [await post(platform, container) for _ in range(3)]
    assert first.status_code == 201
    assert {answer.status_code for answer in again} == {200}
    assert {answer.content for answer in again} == {first.content}
    receipt = verify_custody(first.content, manifest.digest, manifest.header.id, platform.log_keys)
    path = f"/v1/envelopes/NA-XAL/{manifest.header.id}"
    status = (await platform.client("NA-XAL/test").request("GET", path)).json()
    assert status["index"] == receipt.index
    looked_up = await platform.client("NA-XAL/test").request(
        "GET", "/v1/envelopes", params={"manifest": b64u(manifest.digest)}
    )
    assert looked_up.json()["id"] == manifest.header.id


async def test_many_repeats_at_once_are_one_deposit(platform: Platform) -> None:
    container, _ = platform.seal("NA-XAL", NIL)
    answers = await asyncio.gather(*(post(platform, container) for _ in range(12)))
    assert len({answer.content for answer in answers}) == 1
    assert max(answer.status_code for answer in answers) == 201


async def test_the_same_id_with_other_content_is_a_conflict(platform: Platform) -> None:
    container, manifest = platform.seal("NA-XAL", NIL)
    await post(platform, container)
    other, _ = platform.seal("NA-XAL", NIL + b" ", id=manifest.header.id)
    await refused(platform, other, Code.DUPLICATE)


async def test_while_the_log_is_away_intake_goes_on_and_the_receipt_follows(
    platform: Platform,
) -> None:
    await platform.stop("audit")
    container, manifest = platform.seal("NA-XAL", NIL)
    answer = await post(platform, container)
    assert answer.status_code == 202
    assert answer.headers["retry-after"]
    assert answer.json()["state"] == "pending"
    await platform.start("audit")

    async def receipt() -> bytes | None:
        path = f"/v1/envelopes/NA-XAL/{manifest.header.id}/receipt"
        got = await platform.client("NA-XAL/test").request("GET", path)
        return got.content if got.status_code == 200 else None

    await platform.until(receipt)
    raw = await receipt()
    assert raw == (await post(platform, container)).content


async def test_a_body_beyond_a_row_goes_to_the_blob_store_and_comes_back_whole(
    platform: Platform,
) -> None:
    content = bytes(range(256)) * 2048
    container, manifest = platform.seal(
        "NA-XAL", content, type="correspondence", cty="application/octet-stream"
    )
    await post(platform, container)
    path = f"/v1/envelopes/NA-XAL/{manifest.header.id}/content"
    got = await platform.client("NA-XAL/test").request("GET", path)
    assert got.content == container


async def test_what_belongs_to_others_is_not_found(platform: Platform) -> None:
    container, manifest = platform.seal("NA-XAL", NIL)
    await post(platform, container)
    stranger: ServiceClient = platform.client("NA-XBO/test")
    for tail in ("", "/receipt", "/content", "/events"):
        path = f"/v1/envelopes/NA-XAL/{manifest.header.id}{tail}"
        with pytest.raises(PlatformError) as caught:
            await stranger.request("GET", path)
        assert caught.value.code is Code.NOT_FOUND
    params = {"manifest": b64u(manifest.digest)}
    with pytest.raises(PlatformError) as caught:
        await stranger.request("GET", "/v1/envelopes", params=params)
    assert caught.value.code is Code.NOT_FOUND


async def test_a_replayed_proof_is_refused(platform: Platform) -> None:
    app = platform.apps["exchange"]
    client = platform.client("NA-XAL/test")
    headers = await client._headers("GET", "/v1/parties")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=client._base_url) as raw:
        assert (await raw.get("/v1/parties", headers=headers)).status_code == 200
        again = await raw.get("/v1/parties", headers=headers)
        assert again.status_code == 401
        assert "used before" in again.json()["detail"]
        other = await raw.get("/v1/mailbox", headers=headers)
        assert other.status_code == 401


async def test_a_revoked_key_signs_and_enters_no_more(platform: Platform) -> None:
    keys, registrar = platform.parties["NA-XBO"], platform.client("registrar-1")
    in_force = await registrar.request("GET", "/v1/parties/NA-XBO")
    before = verify_party_document(in_force.content, registrars(), None)
    lines = [
        key.model_copy(update={"status": KeyStatus.REVOKED, "changed": "2026-11-24T00:00:00Z"})
        if key.kid in {keys.sig[0].kid, keys.api.kid}
        else key
        for key in before.document.keys
    ]
    container, _ = platform.seal("NA-XBO", NIL)
    party = platform.client("NA-XBO/test")
    await party.request("GET", "/v1/parties")
    raw = sign_party_document(next_version(before, keys=lines), list(keys.root))
    body = {"document": raw.decode(), "possession": []}
    await registrar.request("POST", "/v1/parties/NA-XBO/documents", json=body)
    await refused(platform, container, Code.KEY, "NA-XBO/test")
