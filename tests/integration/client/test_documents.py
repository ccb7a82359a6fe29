"""`sextant log proof`: both forms, held against the log before they are kept."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from sextant_client.bundle import create_bundle
from sextant_client.client import Client
from sextant_client.documents import KeptProof, fetch_proof, index_of
from sextant_client.trust import Trust
from sextant_client.verifier.files import About, verify_file
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import Level
from tests.integration.client.test_identity import send
from tests.support.platform import XAL, open_platform
from tests.support.sdk import Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_platform(tmp_path / "platform") as platform:
        yield Desk.of(platform, platform.parties[XAL], tmp_path / "home")
        await platform.settled()


def without_key(trust: Trust) -> Trust:
    log = trust.file.log.model_copy(update={"receipt_key": None})
    return Trust(trust.file.model_copy(update={"log": log}))


async def test_a_proof_is_kept_only_when_it_is_of_that_entry(desk: Desk, tmp_path: Path) -> None:
    envelope = await send(desk)
    index = index_of(envelope.receipt.read_bytes())

    def fetch(client: Client, *, cose: bool, trust: Trust | None = None) -> KeptProof:
        return fetch_proof(client.log, trust or client.trust, index, cose=cose, witnessed=False)

    def asking_for_another(client: Client, *, cose: bool) -> KeptProof:
        proof, receipt = client.log.proof(index - 1), client.log.cose(index - 1)
        reader = type("Lying", (type(client.log),), {})(client.log.session)
        lies: dict[str, Callable[..., object]] = {
            "proof": lambda _index, **_: proof,
            "cose": lambda _index, *_: receipt,
        }
        for name, lie in lies.items():
            object.__setattr__(reader, name, lie)
        return fetch_proof(reader, client.trust, index, cose=cose, witnessed=False)

    for cose in (False, True):
        with pytest.raises(PlatformError) as caught:
            await desk.do(partial(asking_for_another, cose=cose))
        assert caught.value.code in {Code.INTEGRITY, Code.SIGNATURE}
    with pytest.raises(PlatformError, match=r"E_NOT_FOUND.*the trust file pins no key"):
        await desk.do(lambda client: fetch(client, cose=True, trust=without_key(client.trust)))

    for cose, kind in ((False, "tlog-proof"), (True, "cose")):
        kept = await desk.do(partial(fetch, cose=cose))
        file = tmp_path / "proof"
        file.write_bytes(kept.data)
        found = verify_file(file, desk.home.trust, Level.LOGGED, About(envelope.receipt))
        assert (found.kind, found.facts["index"]) == (kind, index)


async def test_a_bundle_is_made_while_no_head_over_its_entries_is_published(
    desk: Desk, tmp_path: Path
) -> None:
    envelope = await send(desk)

    def make(client: Client) -> Path:
        def unpublished(*_: object) -> bytes:
            raise PlatformError(Code.UNAVAILABLE, "no head is published yet")

        object.__setattr__(client.log, "cose", unpublished)
        path = tmp_path / "copy.zip"
        return create_bundle(client, envelope.id, path, with_content=False)

    found = verify_file(await desk.do(make), desk.home.trust)
    names = [check.name for check in found.checks]
    assert ("tlog-proof" in names, "cose receipt" in names) == (True, False)
