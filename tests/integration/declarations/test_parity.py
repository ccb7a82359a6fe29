"""The running service says of a State's whole package what its own check said before sending."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import sextant_client
from sextant_shared.models.receipts import ReportedFinding
from tests.support.platform import XAL, Platform, open_platform

pytestmark = pytest.mark.anyio
KINDS = Path(__file__).resolve().parents[3] / "examples" / "kinds"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path) as opened:
        yield opened
        await opened.check()


def package() -> list[dict[str, Any]]:
    """Return one example of every kind, what amends or withdraws another one after all others."""
    documents = [json.loads(path.read_text()) for path in sorted(KINDS.glob("*.json"))]
    return sorted(documents, key=lambda document: document["kind"] in {"AMENDMENT", "WITHDRAWAL"})


async def test_receipts_say_what_the_sdk_said(platform: Platform) -> None:
    sent = {}
    for document in package():
        deposited = await platform.declare(XAL, json.dumps(document).encode())
        sent[deposited.id] = document
    await platform.settled()
    replies = await platform.replies(XAL)
    outcomes = {reply["env"]: reply for reply in replies if reply["kind"] == "outcome"}
    assert outcomes.keys() == sent.keys()
    filed: list[dict[str, Any]] = []
    for envelope, document in sent.items():
        outcome = outcomes[envelope]
        report = sextant_client.check(document, filed)
        said = [ReportedFinding.of(finding).model_dump(mode="json") for finding in report.findings]
        assert outcome["findings"] == said, document["kind"]
        assert outcome["rules"]["digest"] == report.pack.digest
        assert outcome["verdict"] == report.verdict
        if report.verdict == "REGISTERED":
            filed.append(document)
    assert len(filed) > 50
