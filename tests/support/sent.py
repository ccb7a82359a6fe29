"""Declarations in a home as if they had been sent from there: really sealed, never deposited."""

from pathlib import Path
from typing import Any

from sextant_client.home import Home, as_json, write_file
from sextant_client.prepare.filings import DECLARATION_CTY
from sextant_client.sent import SentEnvelope, SentFolder
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.protocol.envelope import SealRequest
from tests.support.parties import PartyKeys


def seal_into(home: Path, document: dict[str, Any], number: int) -> SentEnvelope:
    """Seal a declaration of NA-XAL into its home; higher numbers are later."""
    content = home / "content.json"
    write_file(content, as_json(document))
    request = SealRequest(
        id=f"0193a3c0-0000-7000-8000-{number:012x}",
        sender="NA-XAL",
        signers=PartyKeys("NA-XAL").sig,
        recipients=[("SEC", SealingKey.from_jwk(PartyKeys("SEC").seal.jwk))],
        type="declaration.annual",
        cty=DECLARATION_CTY,
        classification="C1",
        created="2026-01-31T12:00:00Z",
    )
    return SentFolder(Home(home).sent).seal(content, request)
