"""SCITT tools find the key of COSE receipts where SCRAPI says, and verify a receipt with it."""

from pathlib import Path

import pytest

from sextant_shared.cbor import decode_cbor
from sextant_shared.crypto.signing import Verifier
from sextant_shared.encoding import b64u
from sextant_shared.protocol.cose_receipts import ReceiptKey, cose_key, parse_receipt
from tests.integration.audit.logs import AuditLog, Served, encoded
from tests.support.logs import make_accepted
from tests.support.waiting import found

pytestmark = pytest.mark.anyio
PLACE = "/.well-known/scitt-keys"


async def published(served: Served, path: str) -> bytes:
    """Return what stands at a path, once a head over it is published."""

    async def look() -> bytes | None:
        answer = await served.get(path)
        return answer.content if answer.status_code == 200 else None

    return await found(look, f"something stands at {path}")


async def test_the_key_of_a_receipt_is_found_by_its_kid_and_no_other_is(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        body = encoded(make_accepted(1))
        await served.client("exchange").request("POST", "/v1/entries", json=body)
        receipt = parse_receipt(await published(served, "/v1/entries/1/proof?form=cose"))
        found = await served.get(PLACE)
        assert (found.status_code, found.headers["content-type"]) == (200, "application/cbor")
        (key,) = decode_cbor(found.content)
        assert (key[1], key[2], key[3], key[-1]) == (2, receipt.kid, -35, 2)
        jwk = {"kty": "EC", "crv": "P-384", "x": b64u(key[-2]), "y": b64u(key[-3])}
        pinned = (await served.get("/.well-known/sextant-log")).json()["receipt_key"]
        assert cose_key(jwk) == cose_key(pinned)
        assert ReceiptKey(receipt.issuer, Verifier.from_jwk(pinned)).kid == receipt.kid
        alone = await served.get(f"{PLACE}/{b64u(receipt.kid)}")
        assert decode_cbor(alone.content) == key
        for other in (b64u(bytes(32)), receipt.kid.hex(), "x"):
            missing = await served.get(f"{PLACE}/{other}")
            assert missing.status_code == 404
            assert missing.headers["content-type"] == "application/concise-problem-details+cbor"
            assert decode_cbor(missing.content)[-1] == "No such key"
