"""What officers see of a State's filings: what was compared, amended, withdrawn and answered."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.folding import plain
from sextant_shared.rules import check, rule_pack_id
from sextant_shared.rules.filings import Filings
from tests.integration.declarations.accessing import given
from tests.support.platform import XAL, Platform, open_platform
from tests.unit.shared.rules.filed import amendment, data, national, read, site, withdrawal

pytestmark = pytest.mark.anyio
CAS = "/plants/0/chemicals/0/chemical/cas"
REASON = "Samples of less than a kilogram went by post."
ANSWERED = national(
    answers=[
        {"rule": "X4", "place": "/records/[2B 111-48-8]/exported", "reason": REASON, "until": 2025}
    ]
)
BAD = amendment(site(), (CAS, "111-48-8", "111-84-8"), number="XAL-BAD")
GOOD = amendment(site(), ("/name", site()["name"], "Renamed"), number="XAL-GOOD")
GONE = withdrawal(ANSWERED)
SENT = (site(), ANSWERED, BAD, GOOD, GONE)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """Everything sent at once: its order is that of acceptance."""
    async with open_platform(tmp_path_factory.mktemp("filings")) as opened:
        for document in SENT:
            await opened.declare(XAL, data(document))
        await opened.settled()
        yield opened
        await opened.check()


async def view(platform: Platform, document: dict[str, Any]) -> dict[str, Any]:
    listed = (await platform.officer("GET", "/v1/declarations")).json()["declarations"]
    (id_,) = [d["id"] for d in listed if d["declaration_id"] == document["declaration_id"]]
    found: dict[str, Any] = (await platform.officer("GET", f"/v1/declarations/{id_}")).json()
    return found


async def test_a_bad_result_of_an_amendment_returns_it_and_names_the_version(
    platform: Platform,
) -> None:
    found = await view(platform, BAD)
    (version,) = found["versions"]
    assert version["verdict"] == "RETURNED"
    assert [(f["rule"], f["pointer"], f["document"]) for f in version["findings"]] == [
        ("F1", CAS, f"{site()['declaration_id']} version 2")
    ]


async def test_a_registered_amendment_gives_the_version_in_force(platform: Platform) -> None:
    found = await view(platform, site())
    assert (found["declaration"]["version"], found["declaration"]["in_force"]) == (1, 2)
    (revision,) = found["revisions"]
    assert (revision["declaration_id"], revision["version"], revision["result"]) == (
        "XAL-GOOD",
        1,
        2,
    )
    by = (await platform.officer("GET", f"/v1/declarations/{revision['by']}")).json()
    assert by["declaration"]["registration"] == revision["registration"]


async def test_what_is_in_force_is_read_folded_and_leaves_a_line(platform: Platform) -> None:
    id_ = (await view(platform, site()))["declaration"]["id"]
    answer = await platform.officer("GET", f"/v1/declarations/{id_}/in-force")
    folded = answer.json()
    assert (folded["name"], folded["version"]) == ("Renamed", 2)
    assert plain(folded) == plain({**site(), "name": "Renamed", "version": 2})
    gives, about = given(platform)[-1]
    assert gives == "in-force"
    assert len(about.split()) == 2  # the first version and the amendment


async def test_what_is_not_in_force_is_not_found(platform: Platform) -> None:
    for document in (ANSWERED, BAD):
        id_ = (await view(platform, document))["declaration"]["id"]
        with pytest.raises(PlatformError) as raised:
            await platform.officer("GET", f"/v1/declarations/{id_}/in-force")
        assert raised.value.code is Code.NOT_FOUND
    with pytest.raises(PlatformError) as raised:
        await platform.officer("GET", "/v1/declarations/nothing/in-force")
    assert raised.value.code is Code.NOT_FOUND


async def test_what_was_withdrawn_is_in_force_no_more(platform: Platform) -> None:
    found = await view(platform, ANSWERED)
    assert found["declaration"]["in_force"] is None
    assert [(r["declaration_id"], r["result"]) for r in found["revisions"]] == [
        (GONE["declaration_id"], None)
    ]


async def test_an_answer_travels_to_officers_and_back_in_the_receipt(platform: Platform) -> None:
    (version,) = (await view(platform, ANSWERED))["versions"]
    (finding,) = version["findings"]
    assert (finding["rule"], finding["answer"], finding["way"]) == ("X4", REASON, "range")
    assert finding["args"]["field"] == "exported"
    outcomes = [r for r in await platform.replies(XAL) if r["kind"] == "outcome"]
    assert [f for r in outcomes for f in r["findings"] if f["rule"] == "X4"] == [finding]


async def test_what_was_compared_is_stored_and_gives_the_same_findings_again(
    platform: Platform,
) -> None:
    documents = {(d["declaration_id"], b64u(sha256(canonical_json(d)))): d for d in SENT}
    before: list[str] = []
    for document in SENT:
        found = await view(platform, document)
        (version,) = found["versions"]
        keys = [(c["declaration_id"], c["content"]) for c in version["compared"]]
        assert [number for number, _ in keys] == before[::-1]
        filed = Filings(read(*(documents[key] for key in reversed(keys))))
        again = check(data(document), filings=filed)
        assert [f.message for f in again.findings] == [f["message"] for f in version["findings"]]
        assert version["rules"]["digest"] == rule_pack_id().digest
        if version["verdict"] == "REGISTERED":
            before.append(document["declaration_id"])
