"""SIGTERM in the middle of many deposits: everybody is answered, or was not accepted."""

import asyncio
import signal

import httpx
import pytest

from deploy.local.stack import SEC, Stack
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_shared.clock import system_clock, timestamp_s, uuid7
from sextant_shared.crypto.signing import Signer
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.envelope import SealRequest, seal_bytes
from sextant_shared.protocol.tokens import make_dpop_proof, make_token_request

pytestmark = pytest.mark.processes
SENDERS, BEFORE_STOP = 50, 5
NOT_SENT = None


def sealed(home: Home) -> list[bytes]:
    with Client(home) as client:
        recipient = client.parties.sealing_key(SEC, "C1")
        signers = client.home.keys.pair(KeyUse.SIG)
    return [
        seal_bytes(
            b"[" * 4000,
            SealRequest(
                id=uuid7(system_clock),
                sender="NA-XAL",
                signers=signers,
                recipients=[(SEC, recipient)],
                type="declaration.annual",
                cty="application/vnd.sextant.declaration+json",
                classification="C1",
                created=timestamp_s(system_clock()),
            ),
        )[0]
        for _ in range(SENDERS)
    ]


class Depositor:
    """Deposits over a connection of its own each time, as many different clients would."""

    def __init__(self, url: str, signer: Signer) -> None:
        self.url, self.signer, self.token = url, signer, ""
        self.answered = 0
        # One client, for its costly start; no connection is used twice.
        apart = httpx.Limits(max_connections=SENDERS, max_keepalive_connections=0)
        self.http = httpx.AsyncClient(limits=apart, timeout=30, trust_env=False)

    async def begin(self) -> None:
        address = f"{self.url}/oauth/token"
        now = system_clock()
        form, proof = make_token_request("NA-XAL/submit-1", self.url, address, self.signer, now)
        answer = await self.http.post(address, data=form, headers={"DPoP": proof})
        self.token = str(answer.json()["access_token"])

    async def deposit(self, container: bytes) -> httpx.Response | None:
        """Return the answer; None when the connection was refused or closed without one."""
        address = f"{self.url}/v1/envelopes"
        proof = make_dpop_proof("POST", address, self.signer, system_clock(), self.token)
        headers = {"Authorization": f"DPoP {self.token}", "DPoP": proof, "Content-Type": MEDIA_TYPE}
        try:
            answer = await self.http.post(address, content=container, headers=headers)
        except httpx.TransportError:
            return NOT_SENT
        self.answered += 1
        return answer


def test_a_stop_during_many_deposits_leaves_none_accepted_without_an_answer(stack: Stack) -> None:
    exchange, home = stack.services["exchange"], Home(stack.home("NA-XAL"))
    containers = sealed(home)
    signer = home.keys.api_signer()
    process = exchange.process
    assert process is not None

    async def stop_midway() -> list[httpx.Response | None]:
        depositor = Depositor(exchange.url, signer)
        await depositor.begin()
        sending = [asyncio.create_task(depositor.deposit(one)) for one in containers]
        async with asyncio.timeout(30):
            while depositor.answered < BEFORE_STOP:  # noqa: ASYNC110 -- counted by the tasks
                await asyncio.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        return await asyncio.gather(*sending)

    answers = asyncio.run(stop_midway())
    assert process.wait(20) in {0, -signal.SIGTERM}
    exchange.process = None
    exchange.start()
    exchange.wait_ready()

    async def again() -> list[httpx.Response | None]:
        await asyncio.sleep(1.1)  # a service that just started refuses proofs older than itself
        depositor = Depositor(exchange.url, signer)
        await depositor.begin()
        return [await depositor.deposit(one) for one in containers]

    repeated = asyncio.run(again())
    assert {a.status_code for a in answers if a is not None} <= {201, 202, 503}
    assert sum(a is not None and a.status_code == 201 for a in answers) >= BEFORE_STOP
    for first, second in zip(answers, repeated, strict=True):
        assert second is not None
        if first is None or first.status_code == 503:
            assert second.status_code == 201  # it was not accepted then, and is now
        else:
            assert second.status_code == 200
            assert first.status_code == 202 or second.content == first.content
