"""The Secretariat opens and answers with halves in a token, in processes of their own."""

import asyncio
import io
import json
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path

import pytest

from sextant_declarations.clients.bench import Bench, Tools
from sextant_declarations.clients.workshop import ProcessWorkshop
from sextant_declarations.domain.deliveries import Content, Dossier
from sextant_declarations.domain.owed import Address, SealOrder
from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.pkcs11 import TokenUri
from sextant_shared.crypto.signing import S2
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.envelope import open_bytes
from sextant_shared.protocol.keyfiles import write_key_file
from sextant_shared.protocol.manifest import read_manifest, verify_manifest
from sextant_shared.protocol.tokenkeys import generate_in_token
from tests.integration.declarations.contents import declaration
from tests.integration.tokens.conftest import LABEL, log_out
from tests.support.envelopes import pair_of
from tests.support.logs import NOW
from tests.support.parties import PartyKeys, opener, signer
from tests.support.platform import open_platform
from tests.support.softhsm import SoftHsm
from tests.unit.declarations.world import SEC, XAL, World

TOKEN = TokenUri(token=LABEL)


@pytest.fixture
def world(hsm: SoftHsm, tmp_path: Path) -> World:
    """Return a world whose Secretariat holds S2 and K2 with the classical halves in the token."""
    first, second = (generate_in_token(alg, "sig", TOKEN, hsm.access) for alg in S2)
    seal = generate_in_token(Alg.K2, "seal", TOKEN, hsm.access)
    for name, key in {"sig-1": first, "sig-2": second, "seal": seal}.items():
        write_key_file(tmp_path / name, key)
    keys = PartyKeys(SEC, S2, Alg.K2)
    keys.sig, keys.seal = (first.signer, second.signer), seal.opener
    return World(keys={SEC: keys})


@pytest.fixture
def tools(world: World, hsm: SoftHsm, tmp_path: Path) -> Tools:
    """Return what the workshop is set up with."""
    log = {"origin": world.log.origin, "vkeys": list(world.log.keys.vkeys)}
    pinned = [
        {"name": name, "keys": [half.jwk for half in pair]}
        for name, pair in world.registrars.pairs.items()
    ]
    registrars = {"threshold": world.registrars.threshold, "registrars": pinned}
    trust = {"v": 1, "registrars": registrars, "log": log, "checkpoint": None}
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    return Tools(
        party=SEC,
        trust_file=tmp_path / "trust.json",
        sealing_key_files=(tmp_path / "seal",),
        signing_key_files=(tmp_path / "sig-1", tmp_path / "sig-2"),
        passphrase_file=None,
        created_tolerance_s=86_400,
        max_declaration_bytes=1 << 20,
        max_declaration_values=100_000,
        max_filings_bytes=1_000_000,
        process_memory_bytes=1 << 30,
        token=hsm.access,
    )


def dossier(world: World, folder: Path) -> Dossier:
    place = folder / "delivery"
    place.mkdir()
    return world.dossier(world.declare(content=declaration()), place)


def order() -> SealOrder:
    return SealOrder(
        id="0193a3c0-0000-7000-8000-000000000001",
        type="receipt.opened",
        content=b"{}",
        to=Address(party=XAL, jwk=dict(opener(f"{XAL}/seal").jwk)),
        classification="C1",
        created=timestamp_s(NOW),
        irt="0193a3c0-0000-7000-8000-000000000000",
        beacon=None,
    )


@pytest.mark.usefixtures("started_anew")
def test_a_wrong_pin_stops_the_service_at_its_start(tools: Tools, hsm: SoftHsm) -> None:
    log_out()
    with pytest.raises(PlatformError, match="the PIN does not open") as caught:
        Bench.set_up(replace(tools, token=hsm.access_with("2222")))
    assert caught.value.code is Code.UNAVAILABLE


@pytest.mark.anyio
async def test_the_listening_process_does_not_log_in_to_a_token(tmp_path: Path) -> None:
    """Who is logged in may use every key in the token."""
    key = signer(f"{SEC}/api", Alg.ED25519)
    members = {"v": 1, "kid": key.kid, "alg": "Ed25519", "use": "api", "jwk": key.jwk}
    path = tmp_path / "api.json"
    path.write_text(json.dumps({**members, "token": str(TOKEN.key(b"\x01", "api"))}))
    with pytest.raises(PlatformError, match="an access key of this service lies in a token") as no:
        async with open_platform(tmp_path / "platform", declarations={"exchange_key_file": path}):
            pass
    assert no.value.code is Code.KEY
    assert "only the workshop's processes" in no.value.fix


def test_a_token_out_during_a_job_is_never_told_to_the_sender(
    world: World, tools: Tools, tmp_path: Path, hsm: SoftHsm
) -> None:
    """A refusal would be final; what is unavailable is delivered again."""
    bench = Bench.set_up(tools)
    sent = dossier(world, tmp_path)
    token = next(each for each in hsm.tokens.iterdir() if LABEL.encode() in label_of(each))
    away = token.rename(hsm.folder / "away")
    try:
        with pytest.raises(PlatformError) as caught:
            bench.examine(sent)
    finally:
        away.rename(token)
    assert caught.value.code is Code.UNAVAILABLE
    assert isinstance(bench.examine(sent).result, Content)


def label_of(folder: Path) -> bytes:
    return (folder / "token.object").read_bytes()


@pytest.mark.anyio
async def test_a_declaration_is_opened_and_answered_by_a_process_that_logs_in_itself(
    world: World, tools: Tools, tmp_path: Path
) -> None:
    # A fork server that earlier tests started knows nothing of this token's environment.
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    workshop = ProcessWorkshop(tools, processes=1, jobs_per_process=5, job_timeout_s=20)
    await asyncio.to_thread(workshop.open)
    try:
        sent = dossier(world, tmp_path)
        examined = await workshop.examine(sent)
        (reply,) = await workshop.seal([order()])
    finally:
        workshop.close()
    assert isinstance(examined.result, Content)
    assert examined.result.digest == sha256(declaration())
    assert sent.stage.content.read_bytes() == declaration()
    assert opened_by(XAL, reply.container, world) == b"{}"


def opened_by(party: str, container: bytes, world: World) -> bytes:
    """Return a reply's content, verified and opened as its recipient does."""
    source = io.BytesIO(container)
    verified = verify_manifest(read_manifest(source), pair_of(world.keys[SEC].sig))
    return open_bytes(source.read(), verified, opener(f"{party}/seal"), party)[0]
