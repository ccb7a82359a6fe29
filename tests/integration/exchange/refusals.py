"""How a deposit is bent, and what it is refused with."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from sextant_shared.encoding import b64u, b64u_decode, canonical_json
from sextant_shared.models.entries import EnvelopeRefusedEntry
from tests.integration.exchange.containers import XAL, Container
from tests.integration.exchange.world import World


def code_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["code"])


async def refused(world: World, container: Container | bytes, by: str = XAL) -> tuple[int, str]:
    """Deposit and return what it was refused with; nothing may have stayed but its own refusal."""
    answer = await world.caller(by).deposit(container)
    assert world.rows("SELECT number FROM envelope") == []
    assert world.files() == []
    refusals = [e for e in world.audit.entries[4:] if isinstance(e, EnvelopeRefusedEntry)]
    assert world.audit.entries[4:] == refusals
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
