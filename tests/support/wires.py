"""Joins the services of one process, without a network."""

import asyncio
from collections.abc import Callable
from contextvars import Context

import httpx
from fastapi import FastAPI

from sextant_shared.chassis.application import gated


class Wire(httpx.AsyncBaseTransport):
    """Joins a caller to a service of this process, as long as it is not cut.

    `lose` answers are lost on the way back: the service did the work and the caller never hears.
    `address` is where the service sees its caller.
    """

    def __init__(self, find: Callable[[], FastAPI | None]) -> None:
        self._find = find
        self.is_cut = False
        self.lose = 0
        self.address = "127.0.0.1"
        self.calls: list[tuple[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        app = self._find()
        if app is None or self.is_cut:
            raise httpx.ConnectError("nobody listens")
        self.calls.append((request.method, request.url.path))
        transport = httpx.ASGITransport(
            gated(app), raise_app_exceptions=False, client=(self.address, 123)
        )
        # In a context of its own, as if the service were another process: no span leaks over.
        serving = asyncio.create_task(transport.handle_async_request(request), context=Context())
        response = await _answer(serving)
        if self.lose:
            self.lose -= 1
            raise httpx.ReadError("the answer was lost")
        return response


async def _answer(serving: asyncio.Task[httpx.Response]) -> httpx.Response:
    """Return the answer; a service that gives the request up ends the connection, not its caller.

    Raises:
        httpx.ReadError: where it gave it up.
    """
    try:
        return await serving
    except asyncio.CancelledError:
        caller = asyncio.current_task()
        if caller is None or caller.cancelling():
            raise
        raise httpx.ReadError("the service gave the request up") from None
