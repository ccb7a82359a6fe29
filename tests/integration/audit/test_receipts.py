"""Proofs as documents over HTTP: forms, refusals, and a key that came late."""

from pathlib import Path

import pytest

from sextant_audit.app.opening import add_key_of_receipts, public_identity
from sextant_shared.crypto.signing import Verifier
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.entries import format_entry
from sextant_shared.protocol.cose_receipts import ReceiptKey, verify_inclusion_receipt
from sextant_shared.protocol.logproof import verify_proof
from tests.integration.audit.logs import AuditLog
from tests.integration.audit.test_appending import append
from tests.integration.audit.test_read_path import published
from tests.support.logs import ORIGIN, make_accepted

pytestmark = pytest.mark.anyio

ENTRY = format_entry(make_accepted(5))


async def test_both_forms_are_served_to_all_and_every_other_wish_is_refused(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        await append(served, *range(1, 41))
        await published(served, keys, 41)

        text = await served.get("/v1/entries/5/proof")
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
        assert verify_proof(ENTRY, text.text, keys).index == 5
        again = await served.get("/v1/entries/5/proof", if_none_match=text.headers["etag"])
        assert again.status_code == 304

        identity = (await served.get("/.well-known/sextant-log")).json()
        assert identity == public_identity(log.settings).model_dump()
        key = ReceiptKey(ORIGIN, Verifier.from_jwk(identity["receipt_key"]))
        asked = await served.get("/v1/entries/5/proof", accept="text/html, Application/COSE;q=0.9")
        named = await served.get("/v1/entries/5/proof?form=cose&size=41", accept="text/plain")
        for answer in (asked, named):
            assert answer.headers["content-type"] == 'application/cose; cose-type="cose-sign1"'
            assert answer.headers["vary"] == "Accept"
            assert verify_inclusion_receipt(leaf_hash(ENTRY), answer.content, key).size == 41
        assert asked.content == named.content  # signed once
        continued = await served.get("/v1/receipts/consistency?first=1&second=41")
        assert (continued.status_code, continued.content[:1]) == (200, b"\xd2")

        for path, status in {
            "/v1/entries/41/proof": 404,
            "/v1/entries/5/proof?form=cose&size=40": 404,
            "/v1/entries/5/proof?witnessed=true": 404,
            "/v1/entries/5/proof?form=pdf": 400,
            "/v1/entries/5/proof?size=41": 400,
            "/v1/entries/5/proof?form=cose&witnessed=true": 400,
            "/v1/entries/-1/proof": 400,
            "/v1/entries/five/proof": 400,
            "/v1/receipts/consistency?first=41&second=41": 404,
        }.items():
            answer = await served.get(path)
            assert (path, answer.status_code) == (path, status)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_log_of_before_serves_texts_and_says_what_it_lacks(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    (tmp_path / "signer" / "es384.json").unlink()
    async with log.serve() as served:
        await append(served, 1, 2)
        await published(served, keys, 3)
        assert (await served.get("/.well-known/sextant-log")).json()["receipt_key"] is None
        assert (await served.get("/v1/entries/1/proof")).status_code == 200
        refusal = await served.get("/v1/entries/1/proof?form=cose")
        assert (refusal.status_code, "add-receipt-key" in refusal.json()["fix"]) == (404, True)
    add_key_of_receipts(log.settings)
    async with log.serve() as served:
        assert (await served.get("/v1/entries/1/proof?form=cose")).status_code == 200
