"""Nobody reads declared content without an entry in the log, whichever way is tried."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import AccessEntry, parse_entry
from sextant_shared.models.purposes import PURPOSE_HEADER, PURPOSES
from sextant_shared.protocol.access import Action
from tests.integration.declarations.accessing import FILE, asked, filled, given, place_of
from tests.integration.declarations.exchanging import content, send
from tests.support.platform import XAL, Platform
from tests.unit.shared.rules.filed import site

pytestmark = pytest.mark.anyio
# Every route that asks an action of content, and what it gives. A new one has to be added here or
# to METADATA, and docs/access-log.md says the same to people.
GIVES = {
    "GET /v1/declarations/{id_}": "findings",
    "GET /v1/declarations/{id_}/in-force": "in-force",
    "GET /v1/declarations/{id_}/differences": "differences",
    "GET /v1/declarations/{id_}/provenance": "provenance",
    "GET /v1/declarations/{id_}/versions/{n}": "content",
    "GET /v1/declarations/{id_}/evidence": "evidence",
    "GET /v1/declarations/{id_}/versions/{n}/attachments": "attachments",
    "GET /v1/declarations/{id_}/versions/{n}/attachments/{which}": "attachment",
    "GET /v1/envelopes/{sender}/{id_}/content": "content",
    "GET /v1/envelopes/{sender}/{id_}/container": "container",
    "GET /v1/envelopes/{sender}/{id_}/evidence": "evidence",
    "GET /v1/envelopes/{sender}/{id_}/attachments": "attachments",
    "GET /v1/envelopes/{sender}/{id_}/attachments/{which}": "attachment",
    "GET /v1/messages/{id_}/content": "message",
    "GET /v1/messages/{id_}/evidence": "evidence",
    "GET /v1/threads/{sender}/{id_}": "thread",
    "GET /v1/obligations/{id_}": "obligation",
    "GET /v1/pictures/transfer-matrix": "picture",
    "GET /v1/pictures/transfer-scatter": "picture",
    "GET /v1/pictures/mass-balance": "picture",
    "GET /v1/pictures/dossier": "picture",
    "GET /v1/transfers/pairs": "transfers",
    "GET /v1/transfers/notices": "transfers",
    "GET /v1/cases": "case",
    "GET /v1/anomalies/notes": "anomaly",
    "GET /v1/sites/{state}/{code}/dossier": "dossier",
    "GET /v1/sites/{state}/{code}/dossier/picture": "dossier",
    "GET /v1/identities/{state}": "identity",
    "POST /v1/messages": "sending",
}
# Their accesses are held elsewhere: test_obligations, test_transfers, test_clarifications,
# test_cases, test_anomalies, test_need_to_know, test_exports, test_inspections, test_sites.
BATCHES = {
    "POST /v1/reminders",
    "GET /v1/anomalies/{id_}",
    "GET /v1/transfers/pairs/{id_}",
    "POST /v1/clarifications/drafts",
    "POST /v1/clarifications",
    "GET /v1/clarifications/{id_}",
    "POST /v1/clarifications/{id_}/extensions",
    "GET /v1/cases/export",
    "GET /v1/cases/{number}",
    "GET /v1/cases/{number}/views/{state}",
    "GET /v1/cases/{number}/messages",
    "POST /v1/cases/{number}/messages",
    "POST /v1/cases/{number}/requests",
    "POST /v1/grants/{id_}/acts",
    "POST /v1/grants/cleared/{state}",
    "POST /v1/exports",
    "GET /v1/exports/{id_}/file",
    "POST /v1/selections",
    "GET /v1/selections/{id_}",
    "GET /v1/selections/{id_}/verification",
    "GET /v1/inspections/{number}/comments",
    "POST /v1/inspections/{number}/steps",
    "GET /v1/inspections/{number}/mandate",
    "GET /v1/identities/{state}/{older}/{newer}",
    "POST /v1/identities/{state}/words",
}
METADATA = {
    "GET /v1/declarations",
    "GET /v1/declarations/{id_}/life",
    "GET /v1/declarations/{id_}/steps",
    "POST /v1/declarations/{id_}/steps",
    "GET /v1/years",
    "GET /v1/years/{state}/{year}",
    "POST /v1/years/{state}/{year}/closing",
    "GET /v1/envelopes",
    "GET /v1/messages/{id_}",
    "GET /v1/owed",
    "GET /v1/obligations",
    "GET /v1/obligations/summary",
    "GET /v1/obligations/statistics",
    "GET /v1/obligations/export",
    "GET /v1/obligations/heat-map",
    "GET /v1/pictures/timeliness",
    "GET /v1/pictures/queue-age",
    "GET /v1/pictures/clarification-clock",
    "GET /v1/exports",
    "GET /v1/exports/{id_}",
    "DELETE /v1/exports/{id_}",
    "GET /v1/reminders",
    "GET /v1/clarifications",
    "GET /v1/cases/statistics",
    "GET /v1/cases/{number}/steps",
    "POST /v1/cases/{number}/steps",
    "GET /v1/selections",
    "GET /v1/inspections",
    "POST /v1/inspections",
    "GET /v1/inspections/{number}",
    "POST /v1/inspections/{number}/grants",
    "GET /v1/anomalies",
    "GET /v1/anomalies/runs",
    "POST /v1/anomalies/runs",
    "GET /v1/anomalies/runs/{number}",
    "POST /v1/anomalies/{id_}/explanations",
    "POST /v1/anomalies/{id_}/explanations/{number}/withdrawal",
    "GET /v1/queue",
    "GET /v1/dead-letters",
    "POST /v1/dead-letters/{seq}/replay",
    "POST /v1/entries/{index}/shred",
    "POST /v1/dead-letters/{seq}/discard",
    "GET /v1/accesses",
    "GET /v1/work",
    "GET /v1/work/ages",
    "POST /v1/work/next",
    "GET /v1/work/{id_}",
    "POST /v1/work/{id_}/acts",
    "GET /v1/grants",
    "POST /v1/grants",
    "GET /v1/grants/{id_}",
    "GET /v1/grants/cleared/{state}",
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with filled(tmp_path_factory.mktemp("accesses")) as opened:
        yield opened


def operations(platform: Platform) -> dict[str, str]:
    """Return every closed operation, and the action that it asks."""
    paths = platform.apps["declarations"].openapi()["paths"]
    return {
        f"{method.upper()} {path}": operation["x-sextant-action"]
        for path, found in paths.items()
        if path.startswith("/v1/")
        for method, operation in found.items()
        if operation["x-sextant-action"] != "open"
    }


# --- each way to content --------------------------------------------------------------------------


async def test_every_route_is_known_to_give_content_or_only_metadata(platform: Platform) -> None:
    found = operations(platform)
    assert set(found) == set(GIVES) | METADATA | BATCHES
    content_actions = {Action.DECLARATION_READ, Action.MESSAGE_SEND}
    assert {name for name, action in found.items() if action in content_actions} <= {
        *GIVES,
        *BATCHES,
    }


async def test_every_route_that_gives_content_says_in_its_description_that_it_asks_why(
    platform: Platform,
) -> None:
    paths = platform.apps["declarations"].openapi()["paths"]
    for name in GIVES:
        method, _, path = name.partition(" ")
        (header,) = [
            p for p in paths[path][method.lower()]["parameters"] if p["name"] == PURPOSE_HEADER
        ]
        assert header["required"] is (method == "GET"), name
        assert header["schema"]["enum"] == list(PURPOSES), name


@pytest.mark.parametrize("route", GIVES)
async def test_each_read_of_content_leaves_exactly_one_entry(
    platform: Platform, route: str
) -> None:
    method, _, path = route.partition(" ")
    at = await place_of(platform, "XAL-P" if "attachments" in path else site()["declaration_id"])
    at |= {"state": "XAL", "code": site()["plant_site_code"]}
    options: dict[str, Any] = {}
    if path.startswith(("/v1/envelopes", "/v1/threads")):
        at["id_"] = at["env"]
    elif path.startswith("/v1/obligations/"):
        listed = (await platform.officer("GET", "/v1/obligations")).json()["obligations"]
        at["id_"] = next(one["id"] for one in listed if one["has_subject"])
    elif path.startswith("/v1/pictures/"):
        options["params"] = pictured(path)
    elif path.startswith("/v1/messages/"):
        at["id_"] = (await send(platform, "correspondence"))["message"]
    elif method == "POST":
        options["json"] = {
            "type": "correspondence",
            "to": XAL,
            "content": content("correspondence"),
        }
        options["headers"] = {"Idempotency-Key": "one-entry"}
    await platform.settled()
    before, entries = len(given(platform)), len(await logged(platform))
    answer = await platform.officer(method, path.format(**at), purpose="support", **options)
    assert answer.status_code in {200, 201}
    found = given(platform, before)
    assert [gives for gives, _ in found] == [GIVES[route]]
    await platform.settled()
    assert len(await logged(platform)) == entries + 1
    line = (await asked(platform, officer="officer-1"))[0]
    assert (line["client"], line["role"], line["purpose"]) == ("officer-1", "officer", "support")
    assert line["verifies"]
    entry = parse_entry(b64u_decode(line["entry"]))
    assert isinstance(entry, AccessEntry)
    about = [item["envelope"] for item in line["items"]]
    assert about == found[0][1].split()
    if len(about) == 1 and line["items"][0]["custody"] is not None:
        assert (entry.env, entry.ref) == (about[0], line["items"][0]["custody"])
    else:
        assert (entry.env, entry.ref) == (None, None)


def pictured(path: str) -> dict[str, str | int]:
    """Return what a picture of the plant site, or of its chemical, is asked with."""
    declared = site()
    place: dict[str, str | int] = {"state": "XAL", "site": declared["plant_site_code"]}
    cas = declared["plants"][0]["chemicals"][0]["chemical"]["cas"]
    flow: dict[str, str | int] = {"chemical": cas, "year": declared["reporting_year"]}
    if path.endswith("mass-balance"):
        return place | flow
    return place if path.endswith("dossier") else flow


async def logged(platform: Platform) -> list[AccessEntry]:
    """Return the accesses of people in the log: examinations are those of our own."""
    own = {
        row["leaf"] for row in platform.stored("SELECT leaf FROM accesses WHERE role = 'service'")
    }
    ours = {parse_entry(leaf).id for leaf in own}
    return [e for e in await platform.entries() if isinstance(e, AccessEntry) and e.id not in ours]


@pytest.mark.parametrize("path", ["/v1/declarations", "/v1/envelopes", "/v1/queue", "/v1/owed"])
async def test_lists_of_facts_give_no_content_and_leave_none(platform: Platform, path: str) -> None:
    before = given(platform)
    answer = await platform.officer("GET", path)
    declared = (site()["name"], site()["owner_operator"], site()["address"]["city"])
    assert [word for word in declared if word in answer.text] == []
    assert given(platform) == before


async def test_the_service_leaves_an_entry_for_each_content_it_examines(platform: Platform) -> None:
    lines = await asked(platform, role="service", party=XAL)
    assert {line["purpose"] for line in lines} == {"examination"}
    assert {line["gives"] for line in lines} == {"examination"}
    assert len(lines) == 3
    assert all(line["verifies"] and line["index"] is not None for line in lines)


# --- who reads around it --------------------------------------------------------------------------


async def raw(platform: Platform, method: str, path: str, **headers: str) -> httpx.Response:
    """Return the answer, whatever it is, to an officer who sends just these headers."""
    client = platform.client("officer-1", "declarations")
    try:
        return await client.request(method, path, headers=headers)
    except PlatformError as error:
        text = json.dumps([error.detail, error.expected, error.received, error.fix, str(error)])
        text += json.dumps([[f.pointer, f.message, f.expected] for f in error.findings])
        return httpx.Response(400, text=f"{error.code} {text}")


@pytest.mark.parametrize("purpose", [None, "", "curiosity", "EXAMINATION", "examination "])
async def test_without_a_known_purpose_nothing_is_given(
    platform: Platform, purpose: str | None
) -> None:
    at = await place_of(platform, site()["declaration_id"])
    before = given(platform)
    for route in GIVES:
        method, _, path = route.partition(" ")
        if method == "GET":
            headers = {} if purpose is None else {PURPOSE_HEADER: purpose}
            answer = await raw(
                platform,
                "GET",
                path.format(**{**at, "id_": at["env"], "state": "XAL", "code": "X"}),
                **headers,
            )
            assert answer.status_code == 400
            assert "E_MALFORMED" in answer.text or "E_NOT_FOUND" in answer.text
            assert site()["name"] not in answer.text
            assert FILE.decode() not in answer.text
    assert given(platform) == before


async def test_pieces_and_probes_leave_an_access_each_or_give_nothing(platform: Platform) -> None:
    at = await place_of(platform, site()["declaration_id"])
    path = f"/v1/envelopes/{XAL}/{at['env']}/content"
    why = {PURPOSE_HEADER: "examination"}
    before = len(given(platform))
    whole = await raw(platform, "GET", path, **why)
    piece = await raw(platform, "GET", path, **why, Range="bytes=0-9")
    assert piece.content == whole.content[:10]
    again = await raw(platform, "GET", path, **why, **{"If-None-Match": whole.headers["etag"]})
    assert again.status_code in {200, 304}
    assert len(given(platform, before)) == 3
    for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        refused = await raw(platform, method, path, **why)
        assert refused.status_code >= 400
        assert not set(refused.headers) & {"etag", "content-length-of-content", "last-modified"}
        assert site()["name"] not in refused.text
    assert len(given(platform, before)) == 3


async def test_a_question_about_findings_is_an_access_also_when_it_is_refused(
    platform: Platform,
) -> None:
    at = await place_of(platform, site()["declaration_id"])
    before = len(given(platform))
    asking = {"questions": [{"pointer": "", "rule": "X4"}], "declaration": at["id_"]}
    body = {"type": "clarification.request", "about": asking}
    headers = {"Idempotency-Key": "probe-for-x4"}
    with pytest.raises(PlatformError) as raised:
        await platform.officer("POST", "/v1/messages", json=body, headers=headers)
    assert raised.value.code is Code.MALFORMED
    assert [gives for gives, _ in given(platform, before)] == ["question"]
