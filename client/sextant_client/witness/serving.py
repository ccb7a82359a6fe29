"""Runs a witness on an address until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable

from sextant_client.witness.http import HttpAnswer, HttpRequest, HttpServer
from sextant_client.witness.service import Witness
from sextant_shared.errors import Code, PlatformError


def serve(witness: Witness, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is told the address once it listens.

    Raises:
        PlatformError: `E_UNAVAILABLE` when the address cannot be used.
    """
    asyncio.run(_serve(witness, host, port, announce))


async def _serve(witness: Witness, host: str, port: int, announce: Callable[[str], None]) -> None:
    async def handle(request: HttpRequest) -> HttpAnswer:
        return await asyncio.to_thread(witness.answer, request)

    server = HttpServer(handle)
    try:
        found = await server.start(host, port)
    except OSError as error:
        raise PlatformError(
            Code.UNAVAILABLE,
            f"cannot listen on {host}:{port}: {error.strerror}",
            fix="Choose another --host or --port.",
        ) from error
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    announce(f"http://{host}:{found}")
    await stopped.wait()
    await server.close()
