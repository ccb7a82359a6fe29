"""People who sign in at an OpenID Connect provider: its keys, kept fresh beside the requests.

Responsible for finding the provider's keys (OpenID Connect Discovery 1.0 §4) and for holding them.
Not responsible for what a token must say (`sextant_shared.protocol.people`). No request waits for
the provider: an unknown key id wakes the loop that fetches keys, and the caller comes again.
Keys that cannot be fetched stay in use for `STALE_S`; then nobody is let in by them.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import structlog

from sextant_shared.clock import Clock
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.people import (
    DISCOVERY,
    MAX_JWKS_BYTES,
    Principal,
    Provider,
    ProviderKey,
    check_address,
    key_id_of,
    read_keys,
    verify_person,
)

FETCH_TIMEOUT_S = 5.0
STALE_S = 86_400
AGAIN_S = 10.0  # after an unknown key id at the earliest: strangers cannot make us call more often
MAX_DISCOVERY_BYTES = 65_536
RETRY_S = 2
_log = structlog.get_logger()
FetchKeys = Callable[[], Awaitable[dict[str, ProviderKey]]]


@dataclass(frozen=True, slots=True)
class Discovery:
    """Fetches the provider's keys by its discovery document."""

    issuer: str
    transport: httpx.AsyncBaseTransport | None = None

    async def __call__(self) -> dict[str, ProviderKey]:
        """Return the keys.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_POLICY`, `E_KEY`, `E_MALFORMED`, `E_TOO_LARGE`.
        """
        check_address(self.issuer, "provider")
        async with httpx.AsyncClient(
            transport=self.transport, timeout=FETCH_TIMEOUT_S, follow_redirects=False
        ) as client:
            found = await _get(client, f"{self.issuer}{DISCOVERY}", MAX_DISCOVERY_BYTES)
            document = parse_json(found, max_bytes=MAX_DISCOVERY_BYTES)
            if document.get("issuer") != self.issuer:
                raise PlatformError(
                    Code.POLICY,
                    "the discovery document is of another issuer",
                    expected=self.issuer,
                    received=str(document.get("issuer"))[:120],
                )
            place = str(document.get("jwks_uri"))
            check_address(place, "place of the provider's keys")
            return read_keys(await _get(client, place, MAX_JWKS_BYTES))


@dataclass
class People:
    """Says who a person is; `keep` runs beside and holds the provider's keys."""

    provider: Provider
    fetch: FetchKeys
    clock: Clock
    every_s: float
    _keys: dict[str, ProviderKey] = field(default_factory=dict)
    _fetched: float = 0.0
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def authenticate(self, token: str) -> Principal:
        """Return who the token speaks of.

        Raises:
            PlatformError: `E_AUTH`; `E_UNAVAILABLE` while the provider's keys are not known.
        """
        kid, now = key_id_of(token), self.clock()
        if not self._keys or now - self._fetched > STALE_S:
            self._wanted.set()
            raise PlatformError(
                Code.UNAVAILABLE,
                "the keys of the sign-in provider are not known",
                retry_after_s=RETRY_S,
            )
        key = self._keys.get(kid)
        if key is None:
            self._wanted.set()
            raise PlatformError(
                Code.AUTH,
                "the token is by a key that the provider does not list",
                received=kid[:64],
                fix="Sign in again; a key that is new to the provider is known in a moment.",
            )
        return verify_person(token, key, self.provider, now)

    async def refresh(self) -> None:
        """Fetch the keys; those that are no longer listed count no more.

        Raises:
            PlatformError: what fetching raises; the keys stay as they were.
        """
        keys = await self.fetch()
        self._keys, self._fetched = keys, self.clock()

    async def keep(self) -> None:
        """Fetch keys for ever: every `every_s`, and soon after an unknown key id."""
        while True:
            self._wanted.clear()
            try:
                await self.refresh()
            except (PlatformError, httpx.HTTPError) as error:
                _log.warning("people.keys", error=str(error)[:200])
            await asyncio.sleep(min(AGAIN_S, self.every_s))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self.every_s)


async def _get(client: httpx.AsyncClient, url: str, max_bytes: int) -> bytes:
    body = b""
    async with client.stream("GET", url) as response:
        if response.status_code != httpx.codes.OK:
            raise PlatformError(
                Code.UNAVAILABLE, f"the sign-in provider answers {response.status_code}"
            )
        async for block in response.aiter_bytes():
            body += block
            if len(body) > max_bytes:
                raise PlatformError(Code.TOO_LARGE, "the sign-in provider's answer is too long")
    return body
