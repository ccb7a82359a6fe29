"""Need-to-know on a whole platform: every route, several officers; grants by two persons."""

import datetime as dt
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.chassis.routing import GuardedRoute
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.clearances import cleared_in
from sextant_shared.models.entries import AccessRefusedEntry
from sextant_shared.models.purposes import PURPOSE_HEADER
from sextant_shared.protocol.access import TABLE, Role
from tests.integration.declarations.exchanging import answer, letters
from tests.support.platform import XAL, XBO, Platform, open_platform
from tests.support.platform_files import client_signer
from tests.unit.shared.rules.filed import data, site

pytestmark = pytest.mark.anyio
HIGHEST = "OPCW_HIGHLY_PROTECTED"
SITE = site()
_SWAPPED = json.dumps(SITE).replace("XBO", "?").replace("XAL", "XBO").replace("?", "XAL")
THEIRS = {**json.loads(_SWAPPED), "name": "Works of XBO"}
NUMBER = THEIRS["declaration_id"]
LINES = {  # officer: States, kinds, ceiling, messages
    "officer-1": (["*"], ["*"], HIGHEST, True),
    "xal": (["XAL"], ["*"], HIGHEST, True),
    "kinds": (["*"], ["S3_*"], HIGHEST, False),
    "low": (["XBO"], ["*"], "UNCLASSIFIED", True),
}
OFFICERS = [*LINES, "none", "grantor-1", "grantor-2"]
NARROW = ["xal", "kinds", "low", "none"]
UNKNOWN = "0193a3c0-0000-7000-8000-00000000abcd"


def line(person: str) -> dict[str, Any]:
    states, kinds, ceiling, messages = LINES[person]
    told = {"states": states, "kinds": kinds, "ceiling": ceiling, "messages": messages}
    return {"person": person, **told}


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    clients = [
        {"client_id": one, "role": role, "party": None, "jwk": client_signer(one).jwk}
        for one, role in [*((o, "officer") for o in OFFICERS), ("auditor-1", "auditor")]
    ]
    (tmp_path / "officers.json").write_text(json.dumps(clients))
    need = {"grantors": ["grantor-1", "grantor-2"], "standing": [line(one) for one in LINES]}
    (tmp_path / "need.json").write_text(json.dumps(need))
    settings = {"clients_file": tmp_path / "officers.json", "need_file": tmp_path / "need.json"}
    async with open_platform(tmp_path / "platform", declarations=settings) as opened:
        yield opened
        await opened.settled()
        await opened.check()


async def call(platform: Platform, who: str, method: str, path: str, **options: Any) -> Any:
    """Return the status and body of an answer, also of a refusal."""
    headers = {PURPOSE_HEADER: "examination", **options.pop("headers", {})}
    client = platform.client(who, "declarations")
    path, _, query = path.partition("?")
    options["params"] = dict(part.split("=") for part in query.split("&") if part)
    try:
        found = await client.request(method, path, headers=headers, repeatable=False, **options)
    except PlatformError as error:
        return error.code, error.detail, error.expected, error.received, error.fix
    return found.status_code, found.text


def routes(platform: Platform) -> Iterator[tuple[str, str]]:
    """Yield method and path of each route that officers may ask."""
    stack: list[Any] = list(platform.apps["declarations"].routes)
    while stack:
        route = stack.pop()
        if isinstance(route, GuardedRoute) and (route.action, Role.OFFICER) in TABLE:
            yield from ((method, route.path) for method in route.methods or ())
        inner = getattr(route, "original_router", None)
        stack += list(getattr(route, "routes", None) or getattr(inner, "routes", None) or [])


def filled(path: str, names: dict[str, str]) -> str:
    """Return a route's path with names in its places; what is not named is the first of all."""
    first = path.split("/")[2]
    named = {"id_": names.get(first, names["envelope"]), **names}
    return re.sub(r"\{(\w+)\}", lambda found: named.get(found[1], "1"), path)


def unnamed(told: str, names: dict[str, str]) -> str:
    """Return an answer without the names that were asked for."""
    for name in sorted(names.values(), key=len, reverse=True):
        told = told.replace(name, "NAME")
    return told


async def file(platform: Platform) -> dict[str, str]:
    """Let both States declare and write; return the names of what is XBO's."""
    await platform.declare(XAL, data(SITE))
    await platform.declare(XBO, data(THEIRS))
    sent = await answer(platform, "correspondence", None, party=XBO)
    await platform.settled()
    _, listed = await call(platform, "officer-1", "GET", "/v1/declarations?state=XBO")
    (declared,) = json.loads(listed)["declarations"]
    _, queued = await call(platform, "officer-1", "GET", "/v1/work?state=XBO")
    (item,) = json.loads(queued)["items"]
    _, owed = await call(platform, "officer-1", "GET", "/v1/obligations?state=XBO")
    return {
        "declarations": declared["id"],
        "work": item["id"],
        "obligations": json.loads(owed)["obligations"][0]["id"],
        "envelope": sent.id,
        "sender": XBO,
        "state": "XBO",
        "year": str(THEIRS["reporting_year"]),
        "tag": item["tag"],
    }


async def test_a_narrow_officer_learns_nothing_of_what_is_out_of_sight_nor_that_it_is_there(
    platform: Platform,
) -> None:
    theirs = await file(platform)
    await no_route_tells(platform, theirs)
    await counts_cursors_and_exports_are_of_what_is_in_sight(platform)
    await nobody_writes_to_a_state_that_he_is_not_cleared_for(platform)
    await each_is_noted_alike(platform, theirs)


async def no_route_tells(platform: Platform, theirs: dict[str, str]) -> None:
    """Ask every route for what is there and what is not: every word of the answers is the same."""
    known = {"sender": "NA-XZZ", "state": "XZZ", "year": theirs["year"]}
    nothing = {**dict.fromkeys(theirs, UNKNOWN), **known}
    marks = [theirs["declarations"], theirs["work"], theirs["envelope"], NUMBER, "Works of XBO"]
    tried = 0
    seen_by_all = 0
    for method, path in sorted(routes(platform)):
        if path.startswith(("/v1/dead-letters", "/v1/entries", "/v1/grants")):
            continue  # below; the log's entries; who is cleared, which is no secret among officers
        options: dict[str, Any] = {}
        if method == "POST":
            options = {"json": {}, "headers": {"If-Match": f'"{theirs["tag"]}"'}}
        there, not_there = filled(path, theirs), filled(path, nothing)
        if method == "GET":
            _, whole = (*await call(platform, "officer-1", method, there), "")[:2]
            seen_by_all += any(mark in str(whole) for mark in marks)
        for who in NARROW:
            found = await call(platform, who, method, there, **options)
            told = str(found)
            tried += 1
            for mark in marks:
                if mark not in there:
                    assert mark not in told, (who, method, path)
            # That a State owes something has no marking: who is cleared low may know of that.
            is_known = (who, path[:15]) == ("low", "/v1/obligations")
            if there != not_there and not is_known:
                other = await call(platform, who, method, not_there, **options)
                assert unnamed(told, theirs) == unnamed(str(other), nothing), (who, method, path)
    assert tried > 120
    assert seen_by_all > 12  # the marks are there for who may know


async def counts_cursors_and_exports_are_of_what_is_in_sight(platform: Platform) -> None:
    for who in NARROW:
        for path, name in (
            ("/v1/declarations", "declarations"),
            ("/v1/envelopes", "envelopes"),
            ("/v1/work", "items"),
        ):
            _, page = await call(platform, who, "GET", f"{path}?limit=1")
            found = json.loads(page)
            assert len(found[name]) == (1 if who == "xal" else 0), (who, path)
            assert found["next"] is None, (who, path)
        _, export = await call(platform, who, "GET", "/v1/obligations/export")
        assert ("XBO" in export) is (who == "low")  # what is owed has no marking
        _, counted = await call(platform, who, "GET", "/v1/obligations/statistics")
        whole = await call(platform, "officer-1", "GET", "/v1/obligations/statistics")
        assert counted == whole[1]  # published counts are cut from one table


async def each_is_noted_alike(platform: Platform, theirs: dict[str, str]) -> None:
    before = len(await refusals(platform))
    platform.clock.move(86_400)  # entries of refusals come slowly
    for id_ in (theirs["declarations"], UNKNOWN):
        code, *_ = await call(platform, "none", "GET", f"/v1/declarations/{id_}")
        assert code is Code.NOT_FOUND
    assert len(await refusals(platform)) == before + 2


async def refusals(platform: Platform) -> list[Any]:
    await platform.settled()
    return [one for one in await platform.entries() if isinstance(one, AccessRefusedEntry)]


async def nobody_writes_to_a_state_that_he_is_not_cleared_for(platform: Platform) -> None:
    letter = {"v": 1, "type": "correspondence", "subject": "s", "text": "t"}
    order = {"type": "correspondence", "to": XBO, "content": letter}
    for who in NARROW:
        headers = {"Idempotency-Key": f"letter-{who}"}
        code, *_ = await call(platform, who, "POST", "/v1/messages", json=order, headers=headers)
        assert code is Code.FORBIDDEN, who
    await platform.settled()
    assert "subject" not in {name for one in await letters(platform, XBO) for name in one.body}


# --- grants ---------------------------------------------------------------------------------------


def grant(platform: Platform) -> dict[str, Any]:
    now = dt.datetime.fromtimestamp(platform.clock(), dt.UTC)
    return {
        "person": "none",
        "function": "evaluator",
        "state": "XBO",
        "kinds": ["S2_*"],
        "ceiling": "OPCW_PROTECTED",
        "until": str((now + dt.timedelta(days=300)).date()),
        "reason": "DUTY",
    }


async def grant_act(platform: Platform, who: str, view: dict[str, Any], act: str, why: str) -> Any:
    path, headers = f"/v1/grants/{view['id']}/acts", {"If-Match": f'"{view["tag"]}"'}
    body = {"act": act, "reason": why}
    return await call(platform, who, "POST", path, json=body, headers=headers)


async def test_two_persons_give_a_grant_the_state_is_told_and_it_holds_thirty_days_later(
    platform: Platform,
) -> None:
    theirs = await file(platform)
    path = f"/v1/declarations/{theirs['declarations']}"
    status, body = await call(platform, "grantor-1", "POST", "/v1/grants", json=grant(platform))
    view = json.loads(body)
    assert (status, view["standing"], view["begins"]) == (201, "requested", None)
    for who in ("grantor-1", "officer-1"):  # who asked, and who gives no grants
        code, *_ = await grant_act(platform, who, view, "approve", "DUTY")
        assert code in {Code.POLICY, Code.FORBIDDEN}
    status, body = await grant_act(platform, "grantor-2", view, "approve", "DUTY")
    assert status == 201
    await platform.settled()
    (letter,) = [one for one in await letters(platform, XBO) if "subject" in one.body]
    (told,) = cleared_in(letter.body["text"])
    assert (told.number, told.function, told.kinds) == (1, "evaluator", ["S2_*"])
    assert "none" not in letter.body["text"]  # the name of the person
    pending = json.loads((await call(platform, "auditor-1", "GET", "/v1/grants"))[1])["grants"][0]
    assert (pending["standing"], pending["approved_by"]) == ("pending", "grantor-2")
    platform.clock.move(29 * 86_400)
    assert (await call(platform, "none", "GET", path))[0] is Code.NOT_FOUND
    platform.clock.move(86_400)
    status, body = await call(platform, "none", "GET", path)
    assert (status, NUMBER in body) == (200, True)
    cleared = json.loads((await call(platform, "officer-1", "GET", "/v1/grants/cleared/XBO"))[1])
    assert [(one["number"], one["standing"]) for one in cleared["cleared"]] == [(1, "holds")]
    headers = {"Idempotency-Key": "cleared-xbo"}
    sent = await call(platform, "grantor-1", "POST", "/v1/grants/cleared/XBO", headers=headers)
    assert sent[0] == 201
    read = await call(platform, "auditor-1", "GET", "/v1/accesses?officer=grantor-2")
    assert [one["gives"] for one in json.loads(read[1])["accesses"]] == ["sending"]
    held = json.loads((await call(platform, "officer-1", "GET", f"/v1/grants/{view['id']}"))[1])
    assert (await grant_act(platform, "grantor-1", held, "revoke", "LEFT"))[0] == 201
    assert (await call(platform, "none", "GET", path))[0] is Code.NOT_FOUND
    assert (await grant_act(platform, "grantor-1", held, "revoke", "LEFT"))[0] is Code.PRECONDITION
