"""The service among the others: nothing lost, nothing twice, whatever stops or is cut off."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import (
    DeclarationOpenedEntry,
    DeclarationOutcomeEntry,
    DeclarationRefusedEntry,
    DeliveryDiscardedEntry,
)
from sextant_shared.protocol.keyfiles import PrivateKey
from tests.integration.declarations.contents import declaration
from tests.support.parties import opener
from tests.support.platform import XAL, XBO, Platform, open_platform
from tests.unit.declarations.fakes import CrashAt
from tests.unit.declarations.test_intake import POINTS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path) as opened:
        yield opened
        await opened.settled()
        await opened.check()


async def verdicts(platform: Platform, party: str = XAL) -> list[str]:
    return sorted(f"{r['kind']} {r['verdict']}" for r in await platform.replies(party))


async def test_garbage_under_a_valid_signature_gets_a_signed_rejection(platform: Platform) -> None:
    await platform.declare(XAL, b"[" * 60_000)
    await platform.settled()
    assert await verdicts(platform) == ["opened OPENED", "outcome REJECTED"]
    types = [type(entry) for entry in await platform.entries()][-6:]
    assert DeclarationOpenedEntry in types
    assert DeclarationRefusedEntry in types


async def test_a_text_with_nul_is_told_where_it_stands_whatever_the_database(
    platform: Platform,
) -> None:
    content = declaration(site_code="XAL-1")
    content = content.replace(b'"XAL-1"', rb'"XAL-1\u0000"')
    content = content.replace(b'"Contact point"', rb'"Contact\u0000point"')
    sent = await platform.declare(XAL, content)
    await platform.settled()
    assert await verdicts(platform) == ["opened OPENED", "outcome REJECTED"]
    (outcome,) = [r for r in await platform.replies(XAL, sent) if r["kind"] == "outcome"]
    assert [(f["pointer"], f["expected"], f["received"]) for f in outcome["findings"]] == [
        ("/na_contact/0/function", "text without U+0000", r"'Contact\x00point'"),
        ("/site_code", "text without U+0000", r"'XAL-1\x00'"),
    ]
    assert all(f["fix"] for f in outcome["findings"])
    assert platform.stored("SELECT site FROM content_sites") == [{"site": "XAL-1"}]
    for asked, place in (
        (platform.officer("GET", "/v1/declarations", params={"state": "X\0L"}), "/query/state"),
        (platform.officer("POST", "/v1/messages", json={"text": "a\0"}), "/body/text"),
    ):
        with pytest.raises(PlatformError) as refused:
            await asked
        assert refused.value.code is Code.MALFORMED
        assert [finding.pointer for finding in refused.value.findings] == [place]


async def test_an_envelope_that_does_not_open_gets_a_signed_refusal(platform: Platform) -> None:
    """The exchange cannot see that the slot was made for another key than it names."""

    class Misnamed:
        def __init__(self) -> None:
            ours = platform.parties["SEC"].seal
            stranger = opener("a stranger")
            self.kid, self.jwk, self.alg = ours.kid, ours.jwk, Alg.K1
            self.seal = SealingKey.from_jwk(stranger.jwk).seal

    sent = await platform.declare(XAL, declaration(), recipients=[("SEC", Misnamed())])
    await platform.settled()
    assert await platform.replies(XAL, sent) == [
        {
            "v": 1,
            "kind": "opened",
            "verdict": "REJECTED",
            "reason": "UNREADABLE",
            "env": sent.id,
            **{k: r[k] for r in await platform.replies(XAL, sent) for k in ("man", "custody", "t")},
        }
    ]


async def test_a_declaration_for_another_state_is_returned(platform: Platform) -> None:
    await platform.declare(XBO, declaration("XAL"))
    await platform.settled()
    outcome = (await platform.replies(XBO))[-1]
    assert outcome["verdict"] == "RETURNED"
    assert [finding["rule"] for finding in outcome["findings"]] == ["REG-1"]


@pytest.mark.parametrize("point", POINTS)
async def test_a_service_that_stops_goes_on_where_it_was(platform: Platform, point: str) -> None:
    crash = CrashAt(point)
    platform.steps.append(crash)
    await platform.declare(XAL, declaration())
    await platform.until(lambda: not crash.name)
    await platform.restart("declarations")
    platform.clock.move(31)  # the lease of the stopped process runs out
    await platform.settled()
    assert await verdicts(platform) == ["opened OPENED", "outcome REGISTERED"]
    entries = await platform.entries()
    assert sum(isinstance(entry, DeclarationOutcomeEntry) for entry in entries) == 1


async def test_an_exchange_that_is_down_is_waited_for_while_officers_read(
    platform: Platform,
) -> None:
    platform.own_wires["exchange"].is_cut = True
    await platform.declare(XAL, declaration())

    async def waits() -> bool:
        view = (await platform.officer("GET", "/v1/queue")).json()
        return bool(view["unreachable"] and view["intake"]["waiting_for"])

    await platform.until(waits)
    assert (await platform.officer("GET", "/readyz")).json()["ready"] is True
    assert (await platform.officer("GET", "/v1/declarations")).status_code == 200
    platform.own_wires["exchange"].is_cut = False
    await platform.settled()
    assert await verdicts(platform) == ["opened OPENED", "outcome REGISTERED"]


async def test_a_log_that_is_down_does_not_stop_intake_or_answers(platform: Platform) -> None:
    platform.own_wires["audit"].is_cut = True
    await platform.declare(XAL, declaration())

    async def answered() -> bool:
        return await verdicts(platform) == ["opened OPENED", "outcome REGISTERED"]

    await platform.until(answered)

    async def all_are_owed() -> bool:
        view = (await platform.officer("GET", "/v1/queue")).json()
        why = {line["what"]: str(line["last_error"]) for line in view["intake"]["owed"]}
        owed = sorted(what for what, error in why.items() if "E_UNAVAILABLE" in error)
        return owed == ["access", "declaration.opened", "declaration.outcome"]

    await platform.until(all_are_owed)
    platform.own_wires["audit"].is_cut = False


async def test_lost_answers_do_nothing_twice(platform: Platform) -> None:
    for wire in platform.own_wires.values():
        wire.lose = 3
    await platform.declare(XAL, declaration())
    await platform.until(lambda: not platform.own_wires["exchange"].lose)
    platform.clock.move(31)  # a lease whose answer was lost runs out
    await platform.settled()
    assert not platform.own_wires["audit"].lose
    assert await verdicts(platform) == ["opened OPENED", "outcome REGISTERED"]


async def test_a_burst_is_registered_without_a_gap_and_logged_in_batches(
    platform: Platform,
) -> None:
    for number in range(12):
        party, state = ((XAL, "XAL"), (XBO, "XBO"))[number % 2]
        content = declaration(state, declaration_id=f"{state}-2026-{number}")
        await platform.declare(party, content)
    await platform.settled()
    registered = "SELECT registration FROM versions ORDER BY registration"
    numbers = [row["registration"] for row in platform.stored(registered)]
    assert numbers == [f"SEC-2026-{n:06d}" for n in range(1, 13)]
    appended = [path for _, path in platform.own_wires["audit"].calls if path == "/v1/entries"]
    assert len(appended) < 24


async def test_a_delivery_that_keeps_failing_becomes_a_dead_letter_and_can_be_replayed(
    tmp_path: Path,
) -> None:
    """A sealing key that was forgotten in the settings refuses nobody's envelopes."""
    async with open_platform(tmp_path, exchange={"max_attempts": 2}) as platform:
        other = platform.key_file("other", PrivateKey("seal", opener("forgotten")))
        platform.overrides["declarations"] = {"sealing_key_files": (other,)}
        await platform.restart("declarations")
        await platform.declare(XAL, declaration())
        (letter,) = await dead_letters(platform)
        assert "does not hold it" in letter["last_error"]
        assert await platform.replies(XAL) == []
        del platform.overrides["declarations"]
        await platform.restart("declarations")
        await platform.officer("POST", f"/v1/dead-letters/{letter['seq']}/replay")
        await platform.settled()
        assert await verdicts(platform) == ["opened OPENED", "outcome REGISTERED"]
        await platform.check()


async def test_an_officer_discards_a_dead_letter_and_it_stands_in_the_log(tmp_path: Path) -> None:
    async with open_platform(tmp_path, exchange={"max_attempts": 1}) as platform:
        other = platform.key_file("other", PrivateKey("seal", opener("forgotten")))
        platform.overrides["declarations"] = {"sealing_key_files": (other,)}
        await platform.restart("declarations")
        handed = await platform.declare(XAL, declaration())
        (letter,) = await dead_letters(platform)
        place = f"/v1/dead-letters/{letter['seq']}/discard"
        with pytest.raises(PlatformError, match="E_MALFORMED"):
            await platform.officer("POST", place, json={"reason": "BORED"})
        why = {"reason": "UNREADABLE", "note": "the key is lost"}
        await platform.officer("POST", place, json=why)
        view = (await platform.officer("GET", "/v1/queue")).json()
        assert [d["state"] for d in view["deliveries"]] == ["discarded"]
        entries = await platform.entries()
        assert [e.env for e in entries if isinstance(e, DeliveryDiscardedEntry)] == [handed.id]
        noted = platform.stored("SELECT subject FROM access_log WHERE action = 'discard'")
        assert noted == [{"subject": f"dead letter {letter['seq']}"}]
        await platform.check()


async def dead_letters(platform: Platform) -> list[dict[str, Any]]:
    """Let time pass whenever a delivery waits to come again; return what ends as dead."""

    async def any_is_dead() -> bool:
        view = (await platform.officer("GET", "/v1/queue")).json()
        if any(d["state"] == "available" and d["attempts"] for d in view["deliveries"]):
            platform.clock.move(10)
        return any(d["state"] == "dead" for d in view["deliveries"])

    await platform.until(any_is_dead)
    letters: list[dict[str, Any]] = (await platform.officer("GET", "/v1/dead-letters")).json()[
        "items"
    ]
    return letters


async def test_one_declaration_is_one_trace_through_all_services(tmp_path: Path) -> None:
    async with open_platform(tmp_path, trace={"on": True}) as platform:
        sent = await platform.declare(XAL, declaration())
        await platform.settled()
    spans = [json.loads(line) for line in (tmp_path / "traces.jsonl").read_text().splitlines()]
    (process,) = [s for s in spans if s["name"] == "process verification"]
    assert process["kind"] == "consumer"
    assert process["attributes"]["dxe.envelope.id"] == sent.id
    assert process["links"][0]["trace_id"] == process["trace_id"]
    trace = [s for s in spans if s["trace_id"] == process["trace_id"]]
    assert {s["service"] for s in trace} == {"parties", "audit", "exchange", "declarations"}
    own = [s["name"] for s in trace if s["service"] == "declarations"]
    assert own.count("append entries") >= 1
    assert own.count("deposit reply") == 2
    known = {s["span_id"] for s in trace}
    assert [s["name"] for s in trace if s["parent_id"] and s["parent_id"] not in known] == []
