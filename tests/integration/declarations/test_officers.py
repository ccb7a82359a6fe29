"""What officers see, who else does not, and the line each read leaves."""

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Engine, event

from sextant_declarations.settings import DATABASE
from sextant_declarations.storage.roles import ROLES
from sextant_shared.encoding import b64u, b64u_decode, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import parse_entry
from sextant_shared.models.party import RegistryProof
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.envelope import open_bytes, verify_content
from sextant_shared.protocol.logproof import verify_proof
from sextant_shared.protocol.manifest import parse_manifest, read_manifest, verify_manifest
from sextant_shared.protocol.parties import Registry
from sextant_shared.protocol.receipts import verify_custody
from sextant_shared.protocol.registry_state import verify_registry_proof
from tests.integration.declarations.accessing import given
from tests.integration.declarations.contents import declaration
from tests.support.parties import registrars
from tests.support.platform import XAL, XBO, Deposited, Platform, open_platform
from tests.support.platform_files import SEC, URLS

pytestmark = pytest.mark.anyio
LIST_BUDGET = 1  # statements for a page of a list, however long
OWED_BUDGET = 2  # what messages demand, and receipts on their way
QUEUE_BUDGET = 2  # what is owed, and the alarms
TRIES = 25  # of a page, until nothing else was asked beside it


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """Seven declarations of two States, one of them amended, one returned, one letter."""
    async with open_platform(tmp_path_factory.mktemp("officers")) as opened:
        for number in range(5):
            content = declaration("XAL", declaration_id=f"XAL-{number}")
            await opened.declare(XAL, content)
            await opened.settled()
        await opened.declare(XAL, declaration("XAL", declaration_id="XAL-0", version=2))
        await opened.declare(XBO, declaration("XBO"))
        await opened.declare(XBO, declaration("XAL", declaration_id="XBO-2"))
        await opened.declare(XBO, b"We will answer soon.", type="correspondence", cty="text/plain")
        await opened.settled()
        yield opened
        await opened.check()


async def get(platform: Platform, path: str, **params: Any) -> Any:
    return (await platform.officer("GET", path, params=params)).json()


async def newest(platform: Platform, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await get(platform, "/v1/declarations", **params))["declarations"][0]
    return found


# --- who may --------------------------------------------------------------------------------------


def routes(platform: Platform) -> list[tuple[str, str]]:
    paths = platform.apps["declarations"].openapi()["paths"]
    place = {"id_": "x", "n": 1, "which": 1, "sender": XAL, "seq": 1, "index": 1}
    place |= {"state": "XAL", "year": 2025, "number": 1, "code": "x", "older": "x", "newer": "y"}
    return [
        (method.upper(), path.format(**place))
        for path, operations in paths.items()
        if path.startswith("/v1/")
        for method, operation in operations.items()
        if operation["x-sextant-action"] != "open"
    ]


async def test_every_closed_route_refuses_the_anonymous_and_every_other_role(
    platform: Platform,
) -> None:
    checked = routes(platform)
    assert len(checked) >= 10
    other, officer = (platform.client(c, "declarations") for c in ("auditor-1", "officer-1"))
    transport = platform.wires["declarations"]
    async with httpx.AsyncClient(transport=transport, base_url=URLS["declarations"]) as stranger:
        for method, path in checked:
            if method == "GET" and path.startswith("/v1/grants"):
                continue  # both may read who is cleared for what
            assert (await stranger.request(method, path)).status_code == 401, path
            caller = officer if path == "/v1/accesses" else other
            with pytest.raises(PlatformError) as raised:
                await caller.request(method, path)
            assert raised.value.code is Code.FORBIDDEN, path


# --- lists ----------------------------------------------------------------------------------------


async def test_pages_show_each_declaration_once_newest_first(platform: Platform) -> None:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await get(platform, "/v1/declarations", limit=3, **cursor)
        seen += [line["declaration_id"] for line in page["declarations"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(seen) == ["XAL-0", "XAL-1", "XAL-2", "XAL-3", "XAL-4", "XBO-2", "XBO-2025-NIL"]
    assert seen[-5:] == ["XAL-4", "XAL-3", "XAL-2", "XAL-1", "XAL-0"]


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"state": "XAL"}, 5),
        ({"state": "XBO", "verdict": "RETURNED"}, 1),
        ({"kind": "NIL"}, 7),
        ({"year": 1999}, 0),
        ({"verdict": "REGISTERED"}, 6),
    ],
)
async def test_filters_narrow_the_list(
    platform: Platform, params: dict[str, Any], count: int
) -> None:
    assert len((await get(platform, "/v1/declarations", **params))["declarations"]) == count


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 201},
        {"cursor": "nonsense"},
        {"verdict": "GUESSED"},
        {"year": "soon"},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    platform: Platform, params: dict[str, Any]
) -> None:
    with pytest.raises(PlatformError) as raised:
        await get(platform, "/v1/declarations", **params)
    assert raised.value.code is Code.MALFORMED


@pytest.mark.parametrize(
    ("path", "cursor"),
    [
        ("/v1/declarations", "gAAAAAAAAAA"),  # more by one than a row's number can be
        ("/v1/grants", "inspections"),  # is base64url
        ("/v1/anomalies/notes", "__________8"),
        ("/v1/anomalies", b64u(f"{'9' * 19}\n1.0\n2025\nx".encode())),
        ("/v1/work", b64u(f"{'9' * 19}|2026-10-01T09:00:00.000Z|1".encode())),
        ("/v1/work", b64u(f"1|2026-10-01T09:00:00.000Z|{'9' * 19}".encode())),
    ],
)
async def test_a_cursor_beyond_what_a_row_can_have_is_refused(
    platform: Platform, path: str, cursor: str
) -> None:
    with pytest.raises(PlatformError, match="no page gave this cursor") as raised:
        await get(platform, path, cursor=cursor)
    assert raised.value.code is Code.MALFORMED


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(connection: Connection, *rest: Any) -> None:
        url = connection.engine.url
        if str(url).endswith(DATABASE) or url.username in ROLES.logins:
            statements.append(rest[1])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("path", "budget"),
    [
        ("/v1/declarations", LIST_BUDGET),
        ("/v1/declarations?state=XAL&verdict=REGISTERED", LIST_BUDGET),
        ("/v1/envelopes", LIST_BUDGET),
        ("/v1/envelopes?nature=correspondence", LIST_BUDGET),
        ("/v1/queue", QUEUE_BUDGET),
        ("/v1/owed", OWED_BUDGET),
    ],
)
async def test_lists_keep_to_their_budget_of_statements(
    platform: Platform, path: str, budget: int
) -> None:
    platform.own_wires["exchange"].is_cut = path == "/v1/queue"  # count our own statements only
    await platform.until(quiet(platform))
    name, _, query = path.partition("?")
    params = dict(pair.split("=") for pair in query.split("&") if pair)
    asked: list[list[str]] = []
    while len(asked) < TRIES:  # what tasks ask meanwhile only adds: the fewest are the list's own
        with counted() as statements:
            await get(platform, name, **params)
        asked.append([s for s in statements if not s.startswith(("BEGIN", "PRAGMA")) and _ours(s)])
        if 1 <= len(asked[-1]) <= budget:
            break
    platform.own_wires["exchange"].is_cut = False
    own = min(asked, key=len)
    assert 1 <= len(own) <= budget, own


def quiet(platform: Platform) -> Any:
    return platform.is_settled if not platform.own_wires["exchange"].is_cut else lambda: True


def _ours(statement: str) -> bool:
    background = (
        "owed_entries.leaf",
        "note.position",
        "owed_replies.container",
        "accesses.leaf",
        "sent_messages.container",
        "log_head",
        "FROM exports",
        "FROM cases",
        "FROM case_",
        "FROM transfers",
        "FROM analyses",
        "FROM owed_analyses",
        "FROM anomaly_",
        "prematches",
    )
    return not any(name in statement for name in background) and "FROM" in statement


async def test_refused_envelopes_and_letters_are_listed_too(platform: Platform) -> None:
    page = await get(platform, "/v1/envelopes", nature="correspondence")
    (letter,) = page["envelopes"]
    assert (letter["sender"], letter["type"]) == (XBO, "correspondence")
    place = f"/v1/envelopes/{letter['sender']}/{letter['id']}"
    response = await platform.officer("GET", f"{place}/content")
    assert response.content == b"We will answer soon."
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment")


# --- one declaration ------------------------------------------------------------------------------


async def test_a_declaration_shows_all_versions_with_findings(platform: Platform) -> None:
    line = await newest(platform, state="XBO", verdict="RETURNED")
    view = await get(platform, f"/v1/declarations/{line['id']}")
    (version,) = view["versions"]
    assert version["verdict"] == "RETURNED"
    assert [finding["rule"] for finding in version["findings"]] == ["REG-1"]
    amended = (await get(platform, "/v1/declarations", state="XAL"))["declarations"][-1]
    view = await get(platform, f"/v1/declarations/{amended['id']}")
    assert [(v["n"], v["version"]) for v in view["versions"]] == [(1, 1), (2, 2)]
    assert view["declaration"] == amended
    assert amended["versions"] == 2


async def test_the_content_of_a_version_is_what_was_sent(platform: Platform) -> None:
    line = (await get(platform, "/v1/declarations", state="XAL"))["declarations"][-1]
    for n in (1, 2):
        response = await platform.officer("GET", f"/v1/declarations/{line['id']}/versions/{n}")
        assert response.content == declaration("XAL", declaration_id="XAL-0", version=n)


@pytest.mark.parametrize("path", ["/v1/declarations/nope", "/v1/declarations/nope/evidence"])
async def test_an_unknown_declaration_leaves_no_line(platform: Platform, path: str) -> None:
    before = given(platform)
    with pytest.raises(PlatformError) as raised:
        await get(platform, path)
    assert raised.value.code is Code.NOT_FOUND
    assert given(platform) == before


# --- evidence -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def evidence(platform: Platform) -> dict[str, Any]:
    line = (await get(platform, "/v1/declarations", state="XAL"))["declarations"][-1]
    found: dict[str, Any] = await get(platform, f"/v1/declarations/{line['id']}/evidence", n=1)
    return found


def sent(platform: Platform, evidence: dict[str, Any]) -> Deposited:
    return next(handed for handed in platform.handed if handed.id == evidence["envelope"])


async def test_evidence_holds_what_was_sent_and_its_receipt_byte_for_byte(
    platform: Platform, evidence: dict[str, Any]
) -> None:
    handed = sent(platform, evidence)
    assert b64u_decode(evidence["container"]) == handed.container
    assert b64u_decode(evidence["manifest"]) == handed.manifest.raw
    assert b64u_decode(evidence["custody"]) == handed.custody
    fetched = await platform.officer("GET", evidence["container_path"])
    assert fetched.content == handed.container


async def test_evidence_proves_the_sender_without_the_network(
    platform: Platform, evidence: dict[str, Any]
) -> None:
    manifest = parse_manifest(b64u_decode(evidence["manifest"]))
    receipt = verify_custody(
        b64u_decode(evidence["custody"]), manifest.digest, evidence["envelope"], platform.log_keys
    )
    registry = evidence["registry"]
    assert registry["at"] == receipt.reg
    states = {
        name: verify_registry_proof(
            read_model(RegistryProof, registry[name]), registrars(), platform.log_keys
        )
        for name in ("sender", "secretariat")
    }
    assert {state.index for state in states.values()} == {receipt.reg}
    parties = Registry({state.party.document.party: state.party for state in states.values()})
    verify_manifest(manifest, parties.signing_pair(XAL, manifest.header.skid))


async def test_evidence_proves_each_act_and_what_its_entry_commits_to(
    platform: Platform, evidence: dict[str, Any]
) -> None:
    assert [entry["act"] for entry in evidence["entries"]] == [
        "declaration.opened",
        "declaration.outcome",
    ]
    for shown in evidence["entries"]:
        leaf = b64u_decode(shown["entry"])
        assert verify_proof(leaf, shown["proof"], platform.log_keys).index == shown["index"]
        salt, detail = b64u_decode(shown["salt"]), b64u_decode(shown["detail"])
        commit = sha256(b"audit-commit/v1" + salt + detail)
        assert b64u_decode(parse_entry(leaf).commit) == commit  # type: ignore[union-attr]


async def test_evidence_proves_each_reply_also_without_a_key(
    platform: Platform, evidence: dict[str, Any]
) -> None:
    registry = Registry(platform.documents)
    details = [b64u_decode(shown["detail"]) for shown in evidence["entries"]]
    for shown, detail in zip(evidence["replies"], details, strict=True):
        source = io.BytesIO(b64u_decode(shown["container"]))
        manifest = read_manifest(source)
        verified = verify_manifest(manifest, registry.signing_pair(SEC, manifest.header.skid))
        verify_custody(
            b64u_decode(shown["custody"]), manifest.digest, shown["id"], platform.log_keys
        )
        assert (manifest.header.irt, manifest.header.type) == (evidence["envelope"], shown["type"])
        verify_content(io.BytesIO(detail), b64u_decode(shown["kpc"]), manifest)
        content, _ = open_bytes(source.read(), verified, platform.parties[XAL].seal, XAL)
        assert content == detail


async def test_a_large_container_is_left_out_of_the_answer(platform: Platform) -> None:
    line = await newest(platform, state="XAL")
    platform.overrides["declarations"] = {"evidence_inline_bytes": 100}
    await platform.restart("declarations")
    found = await get(platform, f"/v1/declarations/{line['id']}/evidence")
    assert found["container"] is None
    assert (await platform.officer("GET", found["container_path"])).content[:4] == b"DXE1"
    del platform.overrides["declarations"]
    await platform.restart("declarations")


async def test_a_canonical_form_has_the_digest_the_register_shows(platform: Platform) -> None:
    line = await newest(platform, state="XAL")
    view = await get(platform, f"/v1/declarations/{line['id']}")
    replies = await platform.replies(XAL)
    said = {reply["content"] for reply in replies if reply["kind"] == "outcome"}
    assert view["versions"][0]["content"] in said
