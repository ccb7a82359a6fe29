"""Whole: a State is asked in its language, gets more time by a logged letter, and answers late."""

import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.analysis.pictures.clock import Side
from sextant_declarations.domain.clarifications import ClarificationLine, thread_of
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import DecisionEntry
from sextant_shared.rules.filings import document_of
from tests.integration.declarations.accessing import given
from tests.integration.declarations.exchanging import answer, get, letters
from tests.support.platform import XAL, Platform, open_platform
from tests.unit.declarations.analysis.transfers.stating import chemical, national

pytestmark = pytest.mark.anyio
PATH = "/v1/clarifications"
DAY = 86_400.0


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path) as opened:
        yield opened
        await opened.settled()
        await opened.check()


async def declared(platform: Platform) -> str:
    """Register a French declaration whose exports are more than there was; return its id."""
    nil = {name: {"nothing": "nil"} for name in ("processed", "consumed", "imported")}
    row = {"state_code": "XBO", "qualifier": "EXACT", "quantity": {"value": "12", "unit": "t"}}
    record = {
        "chemical": chemical("111-48-8"), **nil, "produced": {"value": "2", "unit": "t"},
        "exported": {"value": "9", "unit": "t"}, "exports": [row],
    }  # fmt: skip
    content = document_of(national("XAL", 2025, [record])) | {"language": "fr"}
    await platform.declare(XAL, json.dumps(content).encode())
    await platform.settled()
    (one,) = (await get(platform, "/v1/declarations"))["declarations"]
    assert one["verdict"] == "REGISTERED"
    return str(one["id"])


async def posted(platform: Platform, path: str, body: Any, **headers: str) -> Any:
    answered = await platform.officer("POST", path, json=body, headers=headers)
    await platform.settled()
    return answered


async def refused(platform: Platform, path: str, body: Any, **headers: str) -> PlatformError:
    with pytest.raises(PlatformError) as raised:
        await platform.officer("POST", path, json=body, headers=headers)
    return raised.value


async def asked(platform: Platform, id_: str) -> dict[str, Any]:
    """Send the draft as it is, twice under one key, and return the clarification."""
    order = {"declaration": id_, "reason": "INCONSISTENT_FIGURES"}
    draft = (await posted(platform, f"{PATH}/drafts", order)).json()
    assert (draft["language"], draft["mark"], draft["to"]) == ("fr", "P", XAL)
    (question,) = draft["questions"]
    assert (question["pointer"], question["rule"]) == ("/records/0/exported", "X4")
    assert question["text"].splitlines()[1:] == [
        "attendu : 12 t",
        "reçu : 9 t",
        "Veuillez expliquer ce point ou envoyer une modification.",
    ]
    body = {name: draft[name] for name in ("declaration", "n", "reason", "questions", "answer_by")}
    first = await posted(platform, PATH, body, **{"Idempotency-Key": "order-0001"})
    again = await posted(platform, PATH, body, **{"Idempotency-Key": "order-0001"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["message"]["message"] == first.json()["message"]["message"]
    assert first.json()["life"] == "CLARIFICATION_REQUESTED"
    (listed,) = (await get(platform, PATH, state="XAL"))["clarifications"]
    assert listed["declaration"] == id_
    return dict(listed)


async def paged(platform: Platform) -> None:
    """A list goes on after a place that a page gave, and after no other."""
    for cursor, count in ((b"0.0 0", 1), (b"9000000000000000.0 0", 0)):
        page = await get(platform, PATH, ended=True, cursor=b64u(cursor))
        assert len(page["clarifications"]) == count
    with pytest.raises(PlatformError) as raised:
        await get(platform, PATH, cursor=b64u(b"nan 1"))
    assert raised.value.code is Code.MALFORMED


async def test_a_state_is_asked_in_its_language_gets_more_time_and_answers_late(
    platform: Platform,
) -> None:
    id_ = await declared(platform)
    one = await asked(platform, id_)
    path = f"{PATH}/{one['id']}"
    assert (one["questions"], one["stands"], one["because"]) == (1, "open", "asked")
    # The draft and the sending; the same key again gives nothing.
    assert [gives for gives, _ in given(platform)] == ["question", "question"]
    read = await platform.officer("GET", path)
    assert given(platform, after=2) == [("message", one["envelope"])]

    due = dt.datetime.fromisoformat(one["until"]).date()  # in UTC, at the end of the day before
    later = (due + dt.timedelta(30)).isoformat()
    more = {"until": later, "reason": "STATE_ASKED"}
    tag = {"If-Match": read.headers["ETag"]}
    unasked = await refused(platform, f"{path}/extensions", more, **tag)
    assert (unasked.code, [f.pointer for f in unasked.findings]) == (Code.POLICY, ["/asked_in"])
    strange = {"until": (due + dt.timedelta(400)).isoformat(), "reason": "BECAUSE"}
    found = (await refused(platform, f"{path}/extensions", strange, **tag)).findings
    assert [finding.pointer for finding in found] == ["/reason", "/until"]
    before = len(await letters(platform))

    plea = await answer(platform, "correspondence", one["envelope"])
    more["asked_in"] = plea.id
    count = len(given(platform))
    extended = await posted(platform, f"{path}/extensions", more, **tag)
    assert [gives for gives, _ in given(platform, after=count)] == ["sending", "message"]
    line = extended.json()["clarification"]
    assert (line["because"], line["until"][:10]) == ("extended", later)
    letter = (await letters(platform))[before]
    assert letter.body["subject"].startswith("Délai prolongé")
    assert later in letter.body["text"]
    assert (await refused(platform, f"{path}/extensions", more, **tag)).code is Code.PRECONDITION
    assert len(await letters(platform)) == before + 1
    (extension,) = (await get(platform, path))["extensions"]
    entry = (await platform.entries())[extension["index"]]
    assert isinstance(entry, DecisionEntry)
    assert entry.env == one["envelope"]

    assert (await get(platform, PATH, overdue=True))["clarifications"] == []
    platform.clock.move(100 * DAY)
    (late,) = (await get(platform, PATH, overdue=True))["clarifications"]
    assert late["stands"] == "overdue"
    assert late["days_over"] > 0

    reply = {
        "request": one["request"],
        "concerns": {"declaration_id": one["declaration_id"], "version": one["version"]},
        "replies": [{"n": 1, "text": "Une ligne manquait."}],
    }
    await answer(platform, "clarification.reply", one["envelope"], **reply)
    assert (await get(platform, PATH))["clarifications"] == []
    (done,) = (await get(platform, PATH, ended=True))["clarifications"]
    assert (done["stands"], done["examined"]) == ("answered", None)
    assert done["days_over"] > 0
    await paged(platform)
    turns = thread_of(ClarificationLine.model_validate(done, strict=False))
    assert [turn.side for turn in turns.turns] == [Side.STATE, Side.SECRETARIAT]
    assert (turns.due, turns.ended) == (dt.date.fromisoformat(later), None)
    closed = await refused(platform, f"{path}/extensions", more, **tag)
    assert closed.code is Code.PRECONDITION


async def test_what_cannot_be_asked_is_refused_and_nothing_is_sent(platform: Platform) -> None:
    id_ = await declared(platform)
    drafts = f"{PATH}/drafts"
    order = {"declaration": id_, "reason": "INCONSISTENT_FIGURES"}
    for change in (
        {"reason": "CURIOSITY"},
        {"language": "eo"},
        {"places": [{"pointer": "/records/0/produced", "rule": "X4"}]},
    ):
        assert (await refused(platform, drafts, order | change)).code is Code.MALFORMED
    gone = await refused(platform, drafts, order | {"declaration": "none"})
    assert gone.code is Code.NOT_FOUND
    place = {"pointer": "/records/0"}
    draft = (await posted(platform, drafts, order | {"places": [place], "language": "ar"})).json()
    assert draft["by_machine"]
    body = {name: draft[name] for name in ("declaration", "n", "reason", "questions", "answer_by")}
    key = {"Idempotency-Key": "order-0002"}
    for change in ({"answer_by": "2030-01-01"}, {"answer_by": "2020-01-01"}, {"reason": "NONE"}):
        assert (await refused(platform, PATH, body | change, **key)).code is Code.MALFORMED
    assert await letters(platform) == []
    assert (await get(platform, f"/v1/declarations/{id_}/life"))["state"] != (
        "CLARIFICATION_REQUESTED"
    )
