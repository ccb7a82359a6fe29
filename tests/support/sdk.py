"""The SDK against a platform in this process: it works in a thread, the services on the loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx

from sextant_client.client import Client
from sextant_client.home import Config, Home
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file
from sextant_shared.protocol.keyring import read_own_document
from tests.support.parties import PartyKeys, signer
from tests.support.platform import Platform
from tests.support.platform_files import URLS

T = TypeVar("T")


class Bridge(httpx.BaseTransport):
    """Carries a blocking call from a thread to a service on the loop."""

    def __init__(self, wire: httpx.AsyncBaseTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._wire = wire
        self._loop = loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run_coroutine_threadsafe(self._carry(request), self._loop).result()

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        carried = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.read()
        )
        try:
            response = await self._wire.handle_async_request(carried)
        except AssertionError as error:  # what httpx says of an answer that was not finished
            raise httpx.RemoteProtocolError("closed within the answer") from error
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)


@dataclass
class Desk:
    """A National Authority at work: its home, and the SDK over the platform's services."""

    platform: Platform
    home: Home
    told: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, platform: Platform, keys: PartyKeys, folder: Path) -> "Desk":
        """Set a home up with the keys of a party of the platform."""
        home = Home(folder)
        folder.mkdir(parents=True)
        (folder / "trust.json").write_text((platform.folder / "trust.json").read_text())
        config = {"v": 1, "party": keys.party, "client_id": f"{keys.party}/desk"}
        addresses = {"exchange": URLS["exchange"], "audit": URLS["audit"]}
        home.write_config(Config.model_validate(config | addresses))
        signing = [
            *((KeyUse.ROOT, half.alg) for half in keys.root),
            *((KeyUse.SIG, half.alg) for half in keys.sig),
            (KeyUse.API, keys.api.alg),
        ]
        held = [PrivateKey(use, signer(f"{keys.party}/{use}", alg)) for use, alg in signing]
        held.append(PrivateKey(KeyUse.SEAL, keys.seal))
        for key in held:
            name = f"{key.use}-{key.key.alg}-{key.kid[:8]}.json"
            write_key_file(home.keys.folder / name, key)
        return cls(platform, home)

    async def do(self, work: Callable[[Client], T], scenario: str | None = None) -> T:
        """Do something with the SDK, in a thread."""
        loop = asyncio.get_running_loop()

        def run() -> T:
            with Client(
                self.home,
                clock=self.platform.clock,
                transport=Bridge(self.platform.wires["exchange"], loop),
                audit_transport=Bridge(self.platform.wires["audit"], loop),
                scenario=scenario,
            ) as client:
                client.own.tell = lambda seen: self.told.append(seen.words)
                return work(client)

        return await asyncio.to_thread(run)

    def known_version(self) -> int:
        """Return the version of its own document that the home knows."""
        document = read_own_document(self.home.keys.folder)
        return document.ver if document else 0
