"""Whole: States declare, the service looks for anomalies, officers read cards and explain them."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_shared import codelists
from sextant_shared.errors import Code, PlatformError
from sextant_shared.rules.filings import document_of
from tests.integration.declarations.accessing import given
from tests.integration.declarations.exchanging import get
from tests.support.platform import Platform, open_platform
from tests.unit.declarations.analysis.transfers.stating import chemical, national, nil
from tests.unit.shared.rules.filed import amendment, site

pytestmark = pytest.mark.anyio
TOTALS = ("produced", "processed", "consumed", "imported", "exported")
CARDS = "/v1/anomalies"
TDG = "111-48-8"
NEW = "2387495-99-8"
EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "kinds"
SETTINGS = {"analysis_pause_s": 0.0, "anomalies_quiet_s": 3600.0}


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path, declarations=SETTINGS) as opened:
        yield opened
        await opened.settled()
        await opened.check()


async def sent(platform: Platform, document: dict[str, Any]) -> str:
    """Send a declaration; return the verdict once there is one."""
    party = f"NA-{document['state_code']}"
    done = await platform.declare(party, json.dumps(document).encode())
    await platform.settled()
    verdicts = [one["verdict"] for one in await platform.replies(party, done) if "verdict" in one]
    return (
        verdicts[-1] if verdicts[-1] == "REGISTERED" else str(await platform.replies(party, done))
    )


def trade(state: str, way: str, kg: str, id_: str = "", version: int = 1) -> dict[str, Any]:
    """Return what a State sends to, or receives from, the other one of TDG in 2023."""
    partner = {"XAL": "XBO", "XBO": "XAL"}[state]
    amount = {"value": kg, "unit": "kg"}
    row = {"state_code": partner, "qualifier": "EXACT", "quantity": amount}
    none: dict[str, Any] = {name: {"nothing": "nil"} for name in TOTALS}
    record = {"chemical": chemical(TDG), **none, way: [row], f"{way[:-1]}ed": amount}
    return document_of(national(state, 2023, [record], id_, version))


def scheduled_in_june() -> dict[str, Any]:
    """Return a facility's year in which its chemical came into Schedule 1."""
    found = json.loads((EXAMPLES / "S1_OTHER_ADPA.json").read_text())
    (record, *_) = found["chemicals"]
    listed = codelists.chemicals_by_cas()[NEW]
    record["chemical"] = {"name": listed.name, "cas": NEW, "schedule": "1A", "entry": 13}
    del record["precursors"]
    return {**found, "reporting_year": 2020, "declaration_id": "XAL-S1-2020", "chemicals": [record]}


def site_of(year: int, code: str) -> dict[str, Any]:
    """Return the same plant site for a year, under a code."""
    text = json.dumps(site()).replace(site()["plant_site_code"], code)
    away = site()["reporting_year"] - year
    moved = re.sub(r"\b20[12][0-9]\b", lambda found: f"{int(found[0]) - away}", text)
    document: dict[str, Any] = json.loads(moved)
    return {**document, "declaration_id": f"XAL-SITE-{year}"}


async def analysed(platform: Platform) -> dict[str, Any]:
    """Order a run once nothing is owed to the analyses; return it when it is done."""
    owed = "SELECT count(*) AS owed FROM owed_analyses"
    await platform.until(lambda: platform.stored(owed)[0]["owed"] == 0)
    ordered = await platform.officer("POST", f"{CARDS}/runs")
    assert ordered.status_code == 202
    number = ordered.json()["number"]
    assert ordered.headers["Location"] == f"{CARDS}/runs/{number}"
    state = f"SELECT state FROM anomaly_runs WHERE position = {number}"
    await platform.until(lambda: platform.stored(state)[0]["state"] in {"DONE", "FAILED"})
    run: dict[str, Any] = await get(platform, f"{CARDS}/runs/{number}")
    assert run["state"] == "DONE", run["error"]
    return run


async def listed(platform: Platform, **wanted: Any) -> list[dict[str, Any]]:
    page = await get(platform, CARDS, **wanted)
    found: list[dict[str, Any]] = page["anomalies"]
    return found


async def waiting(platform: Platform) -> list[str]:
    """Return the cards that wait in the officers' queue."""
    page = await get(platform, "/v1/work", kind="anomaly", state="XBO")
    return [item["reference"] for item in page["items"]]


async def act(
    platform: Platform, path: str, tag: str, code: Code | None = None, **body: str
) -> Any:
    """Accept or withdraw with the tag; expect a refusal of this code, if one is given."""
    order = platform.officer("POST", f"{CARDS}/{path}", json=body, headers={"If-Match": tag})
    if code is None:
        return await order
    with pytest.raises(PlatformError) as raised:
        await order
    assert raised.value.code is code
    return None


async def test_a_difference_is_listed_read_explained_and_comes_back_when_figures_change(
    platform: Platform,
) -> None:
    assert await listed(platform) == []
    await sent(platform, trade("XAL", "exports", "12400"))
    await sent(platform, trade("XBO", "imports", "1240"))
    run = await analysed(platform)
    assert (run["counts"]["read"], run["counts"]["open"], run["last_year"]) == (
        2,
        1,
        run["last_year"],
    )
    whole = await platform.officer("GET", CARDS)
    assert not any(text in whole.text for text in ("1240", TDG, "factor"))
    (line,) = whole.json()["anomalies"]
    assert (line["method"], line["states"], line["kept"]) == ("SLIP", ["XAL", "XBO"], "OPEN")

    assert await waiting(platform) == [line["id"]]
    tag = await shown(platform, line["id"])
    await refused(platform, line["id"], tag)
    path = f"{line['id']}/explanations"
    done = await act(platform, path, tag, reason="SCOPE", text="Mixtures count in one alone.")
    assert (done.json()["kept"], await listed(platform)) == ("ACCEPTED", [])
    assert await waiting(platform) == []
    again = await analysed(platform)
    assert again["run"] == run["run"], "the same versions and methods, the same name"
    (accepted,) = await listed(platform, kept="ACCEPTED")
    assert accepted["since_run"] == line["since_run"], "what did not change is not stored again"

    await sent(platform, trade("XBO", "imports", "1241", version=2))
    await analysed(platform)
    (back,) = await listed(platform)
    assert (back["id"], back["accepted_before"]) == (line["id"], 1)
    assert await waiting(platform) == [line["id"]], "its figures changed"
    assert back["rank"] == pytest.approx(line["rank"] / 2)
    found = await platform.officer("GET", f"{CARDS}/{line['id']}")
    (before,) = found.json()["explanations"]
    assert (before["reason"], before["holds"], before["withdrawn"]) == ("SCOPE", False, None)
    assert [span["until_run"] for span in found.json()["history"]] == [None, 3]
    await withdrawn(platform, line["id"], found.headers["ETag"], before["number"])
    assert (await listed(platform))[0]["rank"] == line["rank"]

    # Accepted for these figures it waits for nobody, and taken back it waits again.
    card = f"{CARDS}/{line['id']}"
    tag = (await platform.officer("GET", card)).headers["ETag"]
    await act(platform, path, tag, reason="SCOPE", text="It does, after all.")
    assert await waiting(platform) == []
    found = await platform.officer("GET", card)
    number = found.json()["explanations"][-1]["number"]
    await act(platform, f"{path}/{number}/withdrawal", found.headers["ETag"], text="It does not.")
    assert await waiting(platform) == [line["id"]]


async def shown(platform: Platform, id_: str) -> str:
    """A card in full is an access to all that it stands on; a State sees its own figures."""
    count = len(given(platform))
    answer = await platform.officer("GET", f"{CARDS}/{id_}", purpose="reconciliation")
    card = answer.json()["card"]
    assert answer.json()["marking"] == "OPCW_RESTRICTED"
    assert {one["text"] for one in card["figures"]} == {"12400 kg", "1240 kg"}
    assert card["tried"][0] == {"name": "a factor of 10", "closes": False, "left": "0 kg"}
    assert card["clears"]
    every = platform.stored("SELECT envelope_id FROM inbox WHERE verdict = 'REGISTERED'")
    (told,) = given(platform, after=count)
    assert (told[0], set(told[1].split())) == ("anomaly", {row["envelope_id"] for row in every})
    for state, own, hidden in (("XAL", "12400 kg", "1240 kg"), ("XBO", "1240 kg", "12400 kg")):
        seen = await platform.officer("GET", f"{CARDS}/{id_}", params={"seen_by": state})
        assert f'"{own}"' in seen.text
        assert f'"{hidden}"' not in seen.text
        assert "SLIP" not in seen.text
    with pytest.raises(PlatformError) as raised:
        await platform.officer("GET", f"{CARDS}/{id_}", params={"seen_by": "XCO"})
    assert raised.value.code is Code.NOT_FOUND
    return str(answer.headers["ETag"])


async def refused(platform: Platform, id_: str, tag: str) -> None:
    """An explanation needs the newest tag, a code, and a card."""
    path = f"{id_}/explanations"
    await act(platform, path, '"1.9.9"', Code.PRECONDITION, reason="SCOPE", text="late")
    await act(platform, path, tag, Code.MALFORMED, reason="WHIM", text="no such code")
    await act(platform, path, tag, Code.MALFORMED, reason="SCOPE", text="")
    await act(
        platform, f"AN-{'0' * 16}/explanations", tag, Code.NOT_FOUND, reason="SCOPE", text="x"
    )
    await act(platform, f"{path}/7/withdrawal", tag, Code.NOT_FOUND, text="none")
    assert platform.stored("SELECT * FROM anomaly_explanations") == []
    with pytest.raises(PlatformError) as raised:
        await platform.officer("GET", f"{CARDS}/{id_}", purpose="curiosity")
    assert raised.value.code is Code.MALFORMED


async def withdrawn(platform: Platform, id_: str, tag: str, number: int) -> None:
    """What is taken back stays in the history; both acts stand in the log as decisions."""
    path = f"{id_}/explanations/{number}/withdrawal"
    done = await act(platform, path, tag, text="The State says otherwise.")
    assert done.json()["accepted_before"] == 0
    await act(platform, path, done.headers["ETag"], Code.POLICY, text="once more")
    view = await get(platform, f"{CARDS}/{id_}")
    assert view["explanations"][0]["withdrawn"]
    await platform.settled()
    entries = platform.stored(
        "SELECT n.type, n.log_index FROM anomaly_explanations e JOIN note n ON n.position = e.entry"
    )
    assert [(row["type"], row["log_index"] is not None) for row in entries] == [
        ("decision", True), ("decision", True),
    ]  # fmt: skip


def with_terms(platform: Platform, *lines: tuple[str, str | None, str | None]) -> None:
    """Name a file of terms in the settings."""
    names = ("state", "joined", "left")
    terms = [{**dict(zip(names, line, strict=True)), "source": "C.N.1.2023"} for line in lines]
    file = platform.folder / "terms.json"
    file.write_text(json.dumps({"terms": terms}))
    platform.overrides["declarations"] = {**SETTINGS, "terms_file": file}


async def refuses_terms(platform: Platform) -> None:
    """The service does not start with terms that cannot be so, and says all that is amiss."""
    await platform.stop("declarations")
    with_terms(platform, ("ABC", "2022-07-01", None), ("XAL", "2022-07-01", "2022-01-01"))
    with pytest.raises(PlatformError) as raised:
        await platform.start("declarations")
    assert raised.value.code is Code.MALFORMED
    assert [one.pointer for one in raised.value.findings] == ["/terms/0/state", "/terms/1/left"]


async def joined_and_left(platform: Platform, before: dict[str, Any]) -> None:
    """A State joined in a year and another left: years, pairs and dues go by it, and say so."""
    with_terms(
        platform,
        ("XAL", "2022-07-01", None), ("XBO", None, "2023-06-01"), ("XCO", "2026-12-01", None),
    )  # fmt: skip
    await platform.start("declarations")
    run = await analysed(platform)
    assert (run["counts"]["read"], run["run"] == before["run"]) == (before["counts"]["read"], False)
    notes = (await get(platform, f"{CARDS}/notes"))["notes"]
    found = {(one["code"], one["state"], one["year"]) for one in notes}
    assert found >= {("OUT", "XAL", 2020), ("JOINED", "XAL", 2022), ("LEFT", "XBO", 2023)}
    left = next(one for one in notes if one["code"] == "LEFT")
    assert "The State left" in left["sentence"]
    assert [place["state"] for place in left["places"]] == ["XBO"]
    pair = await get(platform, f"/v1/transfers/pairs/2023.{TDG}.XAL.XBO")
    assert "LEFT_IN_YEAR" in pair["body"]["notes"]
    owed = (await get(platform, "/v1/obligations", state="XCO", kind="A3_CW"))["obligations"]
    assert [(one["because"], one["due"]) for one in owed] == [("entry", "2026-12-31")]
    owed = (await get(platform, "/v1/obligations", state="XBO"))["obligations"]
    assert owed == [], "it left before anything fell due to this register"


async def test_bad_data_ends_in_cards_and_notes_that_an_officer_can_act_on(
    platform: Platform,
) -> None:
    code = site()["plant_site_code"]
    old, moved = site_of(2022, code), site_of(2023, "XAL-NEW")
    documents = [
        old, moved,
        trade("XAL", "exports", "12400"), trade("XAL", "exports", "12400", "XAL-TWICE"),
        scheduled_in_june(),
        document_of(nil("XBO", 2023, "AND_S2", "AND_S3", "OCPF", "S1")),
    ]  # fmt: skip
    for document in documents:
        assert await sent(platform, document) == "REGISTERED"
    change = ("/records/0/exported/value", "12400", "12401")
    first, second = (amendment(documents[2], change, number=f"XAL-A{n}") for n in (1, 2))
    assert await sent(platform, first) == "REGISTERED"
    assert "REG-4" in await sent(platform, second), "what contradicts it is returned, with why"
    run = await analysed(platform)
    assert run["counts"]["read"] == len(documents) + 1
    methods = {line["method"] for line in await listed(platform)}
    assert "RENAMED" in methods
    dossier = await get(platform, "/v1/sites/XAL/XAL-NEW/dossier")
    of_cards = {one["card"]: one["what"] for one in dossier["events"] if one["card"]}
    assert any("RENAMED" in what and card in what for card, what in of_cards.items())
    notes = (await get(platform, f"{CARDS}/notes"))["notes"]
    twice, part = sorted(notes, key=lambda note: str(note["code"]))
    assert (twice["code"], part["code"], part["year"]) == ("DECLARED_TWICE", "SCHEDULED", 2020)
    assert [one["declaration_id"] for one in twice["places"]] == ["XAL-2023-S2", "XAL-TWICE"]

    await platform.stop("declarations")
    await platform.start("declarations")
    assert {line["method"] for line in await listed(platform)} == methods
    page = await get(platform, f"{CARDS}/runs", limit=1)
    assert (page["runs"][0]["number"], page["next"]) == (run["number"], None)
    await refuses_terms(platform)
    await joined_and_left(platform, run)
