"""Calls to witnesses are bounded: in time, in size, and in where they lead."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine

import httpx
import pytest

from sextant_audit.clients.witnesses import MAX_ANSWER_BYTES, HttpWitnesses
from sextant_audit.domain.ports import WitnessAnswer, WitnessCall
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.errors import Code, PlatformError

pytestmark = pytest.mark.anyio
Answering = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


async def called(
    answer: Answering, url: str = "https://w.example/prefix/", timeout_s: float = 0.1
) -> WitnessAnswer:
    witnesses = HttpWitnesses(Telemetry("audit"), timeout_s, httpx.MockTransport(answer))
    try:
        return await witnesses.call(WitnessCall("w", url, b"old 0\n", 1))
    finally:
        await witnesses.close()


async def refused(answer: Answering, url: str = "https://w.example") -> str:
    with pytest.raises(PlatformError) as caught:
        await called(answer, url)
    assert caught.value.code is Code.UNAVAILABLE
    return caught.value.detail


async def ok(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"line\n", headers={"Content-Type": "text/plain; x=y"})


async def test_a_witness_that_hangs_is_given_up() -> None:
    async def hangs(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        return httpx.Response(200)

    assert await refused(hangs) == "does not answer within 0.1 s"


async def test_a_witness_that_trickles_is_given_up() -> None:
    async def trickle() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.02)
            yield b"x"

    async def answers(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=trickle())

    assert await refused(answers) == "does not answer within 0.1 s"


async def test_an_answer_without_end_is_cut_off() -> None:
    async def flood() -> AsyncIterator[bytes]:
        while True:
            yield bytes(4096)

    async def answers(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=flood())

    assert await refused(answers) == "answers without end"
    assert MAX_ANSWER_BYTES >= 60 * 1000


@pytest.mark.parametrize(
    "url", ["ftp://w.example", "w.example", "http://", "http://[", "http://a b"]
)
async def test_an_address_that_is_none_is_a_fault_of_that_witness_alone(url: str) -> None:
    async def fails(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody listens", request=request)

    assert "does not answer" in await refused(fails, url)


async def test_nobody_is_followed_to_another_address() -> None:
    asked: list[str] = []

    async def elsewhere(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "https://other.example/"})

    assert (await called(elsewhere)).status == 302
    assert asked == ["https://w.example/prefix/add-checkpoint"]


async def test_an_answer_comes_with_its_type_alone() -> None:
    assert await called(ok) == WitnessAnswer(200, "text/plain", b"line\n")
