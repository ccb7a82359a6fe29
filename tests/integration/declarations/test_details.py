"""Decisions of officers stand in the log; details are destroyed by order, the log stays whole."""

import json
from pathlib import Path
from typing import Any

import pytest

from sextant_client.bundle import create_bundle
from sextant_client.client import Client
from sextant_client.sent import SentEnvelope
from sextant_client.verify import verify_bundle
from sextant_declarations.analysis.membership import read_terms
from sextant_shared.crypto.keys import Alg
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import PlatformError
from sextant_shared.models.entries import DecisionEntry, DeclarationOutcomeEntry, parse_entry
from sextant_shared.models.service_entries import (
    ConfigChangeEntry,
    KeyEventEntry,
    PolicyChangeEntry,
    ShredEntry,
)
from sextant_shared.protocol.acts import commitment
from sextant_shared.protocol.keyfiles import PrivateKey
from sextant_shared.protocol.logproof import verify_proof
from tests.integration.declarations.contents import declaration
from tests.integration.declarations.test_service import dead_letters
from tests.support.parties import opener, signer
from tests.support.platform import DECLARATION_CTY, XAL, Platform, open_platform
from tests.support.sdk import Desk

pytestmark = pytest.mark.anyio
ORDER = {"authority": "NA-XAL", "reason": "PARTY_REQUEST", "note": "by letter of May"}


async def evidence_of(platform: Platform) -> list[dict[str, Any]]:
    (line,) = (await platform.officer("GET", "/v1/declarations")).json()["declarations"]
    answer = await platform.officer("GET", f"/v1/declarations/{line['id']}/evidence")
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


async def test_a_destroyed_detail_leaves_log_receipts_and_commitment_whole(tmp_path: Path) -> None:
    async with open_platform(tmp_path) as platform:
        await platform.declare(XAL, declaration())
        await platform.settled()
        given = (await evidence_of(platform))[-1]
        entry = parse_entry(b64u_decode(given["entry"]))
        assert isinstance(entry, DeclarationOutcomeEntry)
        salt, detail = b64u_decode(given["salt"]), b64u_decode(given["detail"])
        assert entry.commit == b64u(commitment(salt, detail))
        place = f"/v1/entries/{given['index']}/shred"
        with pytest.raises(PlatformError, match="E_FORBIDDEN"):
            await platform.client("auditor-1", "declarations").request("POST", place, json=ORDER)
        answer = (await platform.officer("POST", place, json=ORDER)).json()
        assert (answer["state"], answer["commit"]) == ("shredded", entry.commit)
        await platform.settled()
        # Nothing opens it any more; the entry, its place and its proof are as they were.
        after = (await evidence_of(platform))[-1]
        assert (after["salt"], after["detail"]) == (None, None)
        assert after["entry"] == given["entry"]
        logged = verify_proof(b64u_decode(given["entry"]), after["proof"], platform.log_keys)
        assert logged.index == given["index"]
        shreds = [e for e in await platform.entries() if isinstance(e, ShredEntry)]
        assert [(e.service, e.ref, e.reason) for e in shreds] == [
            ("declarations", given["index"], "PARTY_REQUEST")
        ]
        # The whole log, and every receipt handed out before, hold as they did.
        await platform.check()
        await platform.restart("declarations")
        assert (await evidence_of(platform))[-1]["salt"] is None


async def test_a_bundle_of_before_holds_whole_after_details_behind_it_were_destroyed(
    tmp_path: Path,
) -> None:
    async with open_platform(tmp_path, exchange={"recover_every_s": 0.05}) as platform:
        desk = Desk.of(platform, platform.parties[XAL], tmp_path / "xal")
        content, old, new = (tmp_path / name for name in ("content", "old.zip", "new.zip"))
        content.write_bytes(declaration())
        given: dict[str, Any] = {
            "type_": "declaration.annual",
            "cty": DECLARATION_CTY,
            "classification": "C1",
        }

        def send(client: Client) -> SentEnvelope:
            sealed = client.seal(content, **given)
            client.deposit(sealed)
            return sealed

        envelope = await desk.do(send)
        await platform.settled()
        await desk.do(lambda client: list(client.collect()))
        await desk.do(lambda client: create_bundle(client, envelope.id, old, with_content=True))
        bytes_of_before, before = old.read_bytes(), verify_bundle(old, desk.home.trust)
        # Every detail that can be destroyed is: of the acts of both services, and of the reading.
        path = f"/v1/envelopes/{XAL}/{envelope.id}/acts"

        async def acknowledged() -> Any:
            view = (await desk.do(lambda client: client.session.request("GET", path))).json()
            return [act["index"] for act in view["acts"] if act["index"] is not None]

        await platform.until(acknowledged)
        (delivery,) = await acknowledged()
        entries = await platform.entries()
        own = [i for i, e in enumerate(entries) if e.type.startswith(("declaration.", "access"))]
        for index in own:
            await platform.officer("POST", f"/v1/entries/{index}/shred", json=ORDER)
        officer = platform.client("officer-1")
        await officer.request("POST", f"/v1/entries/{delivery}/shred", json=ORDER)
        await platform.settled()
        shreds = [e.ref for e in await platform.entries() if isinstance(e, ShredEntry)]
        assert sorted(shreds) == sorted([*own, delivery])
        assert len(own) >= 3  # opened, outcome, and the examination
        # What was handed out verifies as it did, by itself and as a part of the log of now.
        assert old.read_bytes() == bytes_of_before
        assert verify_bundle(old, desk.home.trust) == before
        await desk.do(lambda client: create_bundle(client, envelope.id, new, with_content=True))
        after = verify_bundle(new, desk.home.trust)
        assert (after.index, after.t, after.sender) == (before.index, before.t, before.sender)
        await platform.check()


async def test_a_replay_and_a_message_are_decisions_in_the_log(tmp_path: Path) -> None:
    async with open_platform(tmp_path, exchange={"max_attempts": 1}) as platform:
        other = platform.key_file("other", PrivateKey("seal", opener("forgotten")))
        platform.overrides["declarations"] = {"sealing_key_files": (other,)}
        await platform.restart("declarations")
        handed = await platform.declare(XAL, declaration())
        (letter,) = await dead_letters(platform)
        with pytest.raises(PlatformError, match="E_STATE"):
            await platform.officer("POST", f"/v1/dead-letters/{letter['seq'] + 1}/replay")
        del platform.overrides["declarations"]
        await platform.restart("declarations")
        await platform.officer("POST", f"/v1/dead-letters/{letter['seq']}/replay")
        await platform.settled()
        (decision,) = [e for e in await platform.entries() if isinstance(e, DecisionEntry)]
        assert (decision.env, decision.ref) == (handed.id, letter["index"])
        assert "officer-1" not in decision.model_dump_json()
        await platform.check()


async def test_a_rotated_key_and_changed_settings_are_noted(tmp_path: Path) -> None:
    async with open_platform(tmp_path, declarations={"note_after_s": 0}) as platform:

        async def own(
            kind: type[ConfigChangeEntry] | type[KeyEventEntry] | type[PolicyChangeEntry],
        ) -> list[Any]:
            found = [e for e in await platform.entries() if isinstance(e, kind)]
            return [e for e in found if e.service == "declarations"]

        async def has_keys(count: int) -> bool:
            return len(await own(KeyEventEntry)) >= count

        await platform.until(lambda: has_keys(5))  # two access keys, one pair, one that opens
        fresh = platform.key_file("fresh", PrivateKey("api", signer("fresh", Alg.ED25519)))
        clients = json.loads((tmp_path / "audit-clients.json").read_text())
        clients[1]["jwk"] = signer("fresh", Alg.ED25519).jwk
        (tmp_path / "audit-clients.json").write_text(json.dumps(clients))
        line = {"state": "XAL", "joined": "2023-06-01", "left": None, "source": "C.N.1.2023"}
        terms = tmp_path / "terms.json"
        terms.write_text(json.dumps({"terms": [line]}))
        platform.overrides["declarations"] = {
            "note_after_s": 0,
            "audit_key_file": fresh,
            "terms_file": terms,
        }
        await platform.restart("audit")
        await platform.restart("declarations")
        await platform.until(lambda: has_keys(6))
        event = (await own(KeyEventEntry))[-1]
        assert (event.use, event.old is None, event.new is None) == ("access", False, False)
        first, second = await own(ConfigChangeEntry)
        assert second.old == first.new
        before, after = [e for e in await own(PolicyChangeEntry) if e.policy == "terms"]
        assert (before.old, after.old) == (None, before.new)
        assert after.new == b64u(read_terms(terms.read_bytes()).digest)
        await platform.check()
