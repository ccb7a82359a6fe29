"""How these tests exchange messages: as an officer by REST, as a State by envelopes."""

import copy
import itertools
from typing import Any

from sextant_shared.encoding import canonical_json
from sextant_shared.models.messages import MESSAGE_CTY
from tests.support.messages import MESSAGES
from tests.support.platform import XAL, Deposited, Platform, Received

KEYS = itertools.count()


def content(type_: str, **changes: Any) -> dict[str, Any]:
    return copy.deepcopy(MESSAGES[type_]) | changes


async def send(platform: Platform, type_: str, key: str = "", **order: Any) -> dict[str, Any]:
    """Send a message as an officer and return its view once it is in custody."""
    body = {"type": type_, "to": XAL, **order}
    if not {"content", "document", "about"} & set(order):
        body["content"] = content(type_)
    headers = {"Idempotency-Key": key or f"order-{next(KEYS):04d}"}
    answer = await platform.officer("POST", "/v1/messages", json=body, headers=headers)
    await platform.settled()
    view: dict[str, Any] = await get(platform, f"/v1/messages/{answer.json()['message']}")
    assert view["state"] == "in custody"
    return view


async def answer(platform: Platform, type_: str, irt: str | None, **changes: Any) -> Deposited:
    """Send a message as the State and wait until the Secretariat decided about it."""
    party = changes.pop("party", XAL)
    sent = await platform.declare(
        party, canonical_json(content(type_, **changes)), type=type_, cty=MESSAGE_CTY, irt=irt
    )
    await platform.settled()
    return sent


async def get(platform: Platform, path: str, **params: Any) -> Any:
    return (await platform.officer("GET", path, params=params)).json()


async def dues(platform: Platform, thread: str, **params: Any) -> list[dict[str, Any]]:
    """Return what the list of all that is owed says of the thread that this envelope began."""
    page = await get(platform, "/v1/owed", **params, limit=200)
    return [due for due in page["owed"] if due["thread"]["id"] == thread]


async def owed(platform: Platform, thread: str, **params: Any) -> list[tuple[str, str, str]]:
    """Return what is owed in a thread: by whom, which answer, in which state."""
    found = await dues(platform, thread, **params)
    return [(due["by"], due["answer"], due["state"]) for due in found]


async def letters(platform: Platform, party: str = XAL) -> list[Received]:
    """Return what the party received that is no receipt."""
    found = await platform.received(party)
    return [one for one in found if not one.manifest.header.type.startswith("receipt.")]


async def verdicts(platform: Platform, sent: Deposited, party: str = XAL) -> list[str]:
    return [f"{r['kind']} {r['verdict']}" for r in await platform.replies(party, sent)]
