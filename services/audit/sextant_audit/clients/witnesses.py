"""Calls witnesses over HTTP, bounded in time and size. Not responsible for what they say."""

import asyncio

import httpx
from opentelemetry.trace import SpanKind

from sextant_audit.domain.ports import WitnessAnswer, WitnessCall
from sextant_shared.chassis.telemetry import WITNESS, WITNESS_LAG, WITNESS_STATUS, Telemetry
from sextant_shared.errors import Code, PlatformError

MAX_ANSWER_BYTES = 65_536


class HttpWitnesses:
    """One pool of connections to all witnesses; they stay open between rounds."""

    def __init__(
        self,
        telemetry: Telemetry,
        timeout_s: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._telemetry = telemetry
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(
            transport=transport, timeout=timeout_s, trust_env=False, follow_redirects=False
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, call: WitnessCall) -> WitnessAnswer:
        """Return what a witness answers to `add-checkpoint`.

        Raises:
            PlatformError: `E_UNAVAILABLE` when it does not answer in time, or without end.
        """
        with self._telemetry.span(
            "audit.witness",
            kind=SpanKind.CLIENT,
            attributes={WITNESS: call.name, WITNESS_LAG: call.lag},
        ) as span:
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await self._post(call)
            except TimeoutError as error:
                raise _unavailable(f"does not answer within {self._timeout_s:g} s") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _unavailable(f"does not answer ({type(error).__name__})") from error
            span.set_attribute(WITNESS_STATUS, answer.status)
            return answer

    async def _post(self, call: WitnessCall) -> WitnessAnswer:
        url = f"{call.url.rstrip('/')}/add-checkpoint"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        async with self._http.stream("POST", url, content=call.body, headers=headers) as response:
            data = b""
            async for block in response.aiter_bytes():
                data += block
                if len(data) > MAX_ANSWER_BYTES:
                    raise _unavailable("answers without end")
        content_type = response.headers.get("content-type", "").partition(";")[0].strip()
        return WitnessAnswer(response.status_code, content_type, data)


def _unavailable(detail: str) -> PlatformError:
    return PlatformError(Code.UNAVAILABLE, detail)
