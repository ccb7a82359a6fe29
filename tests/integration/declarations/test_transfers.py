"""Whole: two States declare a transfer, the service compares it, and officers read what differs."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.rules.filings import document_of
from tests.integration.declarations.accessing import given, tamper
from tests.integration.declarations.exchanging import get
from tests.support.platform import XAL, Platform, open_platform
from tests.unit.declarations.analysis.transfers.stating import chemical, national

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "kinds"
TOTALS = ("produced", "processed", "consumed", "imported", "exported")
PAIRS = "/v1/transfers/pairs"
TDG = "111-48-8"
PAIR = f"2025.{TDG}.XAL.XBO"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path, declarations={"analysis_pause_s": 0.0}) as opened:
        yield opened
        await opened.settled()
        await opened.check()


async def declared(platform: Platform, state: str, way: str, kg: str, version: int = 1) -> None:
    """Register what a State sends to, or receives from, the other one of TDG in 2025."""
    partner = {"XAL": "XBO", "XBO": "XAL"}[state]
    amount = {"value": kg, "unit": "kg"}
    row = {"state_code": partner, "qualifier": "EXACT", "quantity": amount}
    none: dict[str, Any] = {name: {"nothing": "nil"} for name in TOTALS}
    record = {"chemical": chemical(TDG), **none, way: [row], f"{way[:-1]}ed": amount}
    content = document_of(national(state, 2025, [record], version=version))
    party = f"NA-{state}"
    done = await platform.declare(party, json.dumps(content).encode())
    await platform.settled()
    receipts = await platform.replies(party, done)
    assert "REGISTERED" in [one.get("verdict") for one in receipts], json.dumps(receipts, indent=1)


async def analysed(platform: Platform) -> dict[str, Any]:
    """Return the list of pairs once nothing is owed to the analyses, and the task is done."""

    def is_done() -> bool:
        (state,) = platform.stored(
            "SELECT (SELECT count(*) FROM owed_analyses) AS owed, (SELECT position FROM analyses"
            " WHERE name = 'transfers') AS position, (SELECT max(position) FROM facts"
            " WHERE analysis = 'transfers') AS newest"
        )
        return not state["owed"] and (state["position"] or 0) >= (state["newest"] or 0)

    await platform.until(is_done)
    page: dict[str, Any] = await get(platform, PAIRS)
    return page


async def test_a_difference_is_shown_with_both_rows_and_goes_when_a_state_amends(
    platform: Platform,
) -> None:
    await declared(platform, "XAL", "exports", "12400")
    (alone,) = (await analysed(platform))["pairs"]
    assert (alone["id"], alone["class"]) == (PAIR, "PENDING")

    await declared(platform, "XBO", "imports", "1240")
    page = await analysed(platform)
    (pair,) = page["pairs"]
    assert (pair["class"], pair["more"], page["owed"], page["unread"]) == (
        "QUANTITY_MISMATCH", "XAL", 0, [],
    )  # fmt: skip
    detail = await get(platform, f"{PAIRS}/{PAIR}")
    body = detail["body"]
    assert page["marking"] == detail["marking"] == "OPCW_RESTRICTED"
    assert [row["kg"] for side in ("export", "import") for row in body[side]["rows"]] == [
        "12400", "1240",
    ]  # fmt: skip
    assert body["export"]["rows"][0]["place"] == {
        "state": "XAL", "declaration_id": "XAL-2025-S2", "version": 1,
        "pointer": "/records/0/exports/0",
    }  # fmt: skip
    assert ("TYPO", True) in [(one["kind"], one["closes"]) for one in body["explanations"]]
    assert [step["class"] for step in detail["steps"]] == ["QUANTITY_MISMATCH", "PENDING"]

    await declared(platform, "XBO", "imports", "12400", version=2)
    (pair,) = (await analysed(platform))["pairs"]
    assert (pair["class"], pair["more"], pair["gap"]) == ("MATCH", None, "0")

    await accounted(platform)
    await noticed(platform)
    await refused(platform)
    await made_again(platform)


async def noticed(platform: Platform) -> None:
    """A notice of one State alone is shown as one, with the day of its custody receipt."""
    notice = (EXAMPLES / "S1_TRANSFER_NOTIF.json").read_bytes()
    sent = await platform.declare(XAL, notice, type="declaration.notification")
    await platform.settled()
    await analysed(platform)
    (pair,) = (await get(platform, "/v1/transfers/notices"))["notices"]
    assert given(platform)[-1] == ("transfers", sent.id)
    alone = pair["sent"] or pair["received"]
    assert alone["received"] == timestamp_ms(platform.clock())[:10]
    assert len([one for one in pair["findings"] if one.endswith("_SILENT")]) == 1
    silent = await get(platform, "/v1/transfers/notices", finding="QUANTITY")
    assert silent["notices"] == []


async def made_again(platform: Platform) -> None:
    """Facts of an earlier method: all is read again from the register, and gives the same pairs."""
    wanted = "SELECT id, klass, since, body, digest FROM transfers"
    before = platform.stored(wanted)
    await platform.stop("declarations")
    tamper(platform, "UPDATE analyses SET method = 'of before'")
    tamper(platform, "UPDATE facts SET method = 'of before'")
    tamper(platform, "UPDATE transfers SET digest = :none, body = ''", {"none": b""})
    await platform.start("declarations")
    await get(platform, "/v1/transfers/notices")  # also while all is read again
    await platform.until(lambda: platform.stored(wanted) == before)


async def accounted(platform: Platform) -> None:
    """What is shown of transfers is an access to the declarations of both States."""
    every = platform.stored("SELECT envelope_id FROM inbox WHERE verdict = 'REGISTERED'")
    count = len(given(platform))
    listed = await platform.officer("GET", PAIRS, purpose="reconciliation")
    await get(platform, f"{PAIRS}/{PAIR}")
    await get(platform, "/v1/transfers/notices")
    told = given(platform, after=count)
    assert [gives for gives, _ in told] == ["transfers"] * 3
    names = {row["envelope_id"] for row in every}
    assert [set(about.split()) for _, about in told] == [names, names, set()]

    tag = {"If-None-Match": listed.headers["ETag"]}
    with pytest.raises(PlatformError, match="304"):  # the client of services expects a body
        await platform.officer("GET", PAIRS, headers=tag)
    assert len(given(platform, after=count)) == len(told)

    own = platform.stored("SELECT purpose, role FROM accesses WHERE gives = 'analysis'")
    assert {(row["purpose"], row["role"]) for row in own} == {("analysis", "service")}


async def refused(platform: Platform) -> None:
    """Nothing is given without a purpose, nor of a pair that is not there."""
    count = len(given(platform))
    for path in (PAIRS, f"{PAIRS}/{PAIR}", f"{PAIRS}/none", "/v1/transfers/notices"):
        with pytest.raises(PlatformError) as raised:
            await platform.officer("GET", path, purpose="curiosity")
        assert raised.value.code is Code.MALFORMED
    with pytest.raises(PlatformError) as raised:
        await platform.officer("GET", f"{PAIRS}/none")
    assert raised.value.code is Code.NOT_FOUND
    assert len(given(platform)) == count
