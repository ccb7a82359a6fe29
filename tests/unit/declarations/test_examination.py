"""Every way a delivery can be bad, and who is answerable for it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sextant_declarations.domain.deliveries import Content, Dossier, Examined, Refusal
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.encoding import parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus
from sextant_shared.protocol.manifest import MAGIC, format_prefix, parse_manifest
from sextant_shared.protocol.parties import sign_party_document, verify_party_document
from tests.support.parties import PartyKeys, next_version, opener, pair, registrar_pairs
from tests.unit.declarations.world import SEC, XAL, XBO, Accepted, World, content_of


@pytest.fixture
def world() -> World:
    return World()


def refusal(examined: Examined) -> Refusal:
    assert isinstance(examined.result, Refusal)
    return examined.result


def test_an_honest_declaration_is_opened_and_checked(world: World, tmp_path: Path) -> None:
    accepted = world.declare()
    dossier = world.dossier(accepted, tmp_path)
    examined = world.examine()(dossier)
    assert isinstance(examined.result, Content)
    assert examined.result.check is not None
    assert examined.result.check.facts is not None
    assert examined.result.check.facts.declaration_id == "XAL-2026-1"
    assert dossier.stage.content.read_bytes() == content_of()
    assert examined.manifest_digest == accepted.manifest.digest
    assert examined.custody.reg == accepted.reg
    assert examined.head is not None
    assert examined.head.type == "declaration.annual"


# --- what the exchange handed over: it is accused, not the sender -----------------------------


def test_a_receipt_for_another_manifest_accuses_the_exchange(world: World, tmp_path: Path) -> None:
    first, second = world.declare(), world.declare()
    dossier = world.dossier(first, tmp_path, custody=second.custody)
    with pytest.raises(PlatformError, match="the custody receipt does not hold") as raised:
        world.examine()(dossier)
    assert raised.value.code is Code.INTEGRITY


def test_a_receipt_of_another_log_accuses_the_exchange(world: World, tmp_path: Path) -> None:
    accepted = world.declare()
    world.log.label = "another log"
    forged = world.accept_container(accepted.container, accepted.manifest)
    world.log.label = "log"
    with pytest.raises(PlatformError, match="custody receipt does not hold") as raised:
        world.examine()(world.dossier(accepted, tmp_path, custody=forged.custody))
    assert raised.value.code is Code.INTEGRITY


def test_garbage_in_place_of_a_receipt_accuses_the_exchange(world: World, tmp_path: Path) -> None:
    accepted = world.declare()
    with pytest.raises(PlatformError) as raised:
        world.examine()(world.dossier(accepted, tmp_path, custody=b"{}"))
    assert raised.value.code is Code.INTEGRITY


def forged_registry(world: World) -> bytes:
    """The exchange answers with a document it signed itself."""
    liar = World()
    liar.registrars = world.registrars
    liar.log.label = "another log"
    liar.enrol(PartyKeys(XAL, profile=(Alg.ES384, Alg.ML_DSA_87)))
    return liar.proof_bytes(XAL)


def other_party(world: World) -> bytes:
    return world.proof_bytes(XBO)


def other_position(world: World) -> bytes:
    earlier = sorted(world.states)[-2]
    return world.proof_bytes(XAL, earlier)


def altered_document(world: World) -> bytes:
    text = world.proof_bytes(XAL).decode()
    document = parse_json(text.encode(), max_bytes=1 << 20)["documents"][0]
    return text.replace(document[40:44], document[41:45], 1).encode()


@pytest.mark.parametrize("forge", [forged_registry, other_party, other_position, altered_document])
def test_a_registry_answer_that_does_not_hold_accuses_the_exchange(
    world: World, tmp_path: Path, forge: Callable[[World], bytes]
) -> None:
    accepted = world.declare()
    dossier = world.dossier(accepted, tmp_path, sender_proof=forge(world))
    with pytest.raises(PlatformError, match="registry proof") as raised:
        world.examine()(dossier)
    assert raised.value.code is Code.INTEGRITY


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda c: c[:-1] + bytes([c[-1] ^ 1]), id="altered"),
        pytest.param(lambda c: c[:-1], id="cut"),
        pytest.param(lambda c: c + b"\0", id="longer"),
    ],
)
def test_a_damaged_body_accuses_the_exchange(
    world: World, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    accepted = world.declare()
    dossier = world.dossier(replace(accepted, container=damage(accepted.container)), tmp_path)
    with pytest.raises(PlatformError, match="not the one the sender signed") as raised:
        world.examine()(dossier)
    assert raised.value.code is Code.INTEGRITY


@pytest.mark.parametrize(
    "container",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04 and so on", id="another format"),
        pytest.param(MAGIC + (5000).to_bytes(4, "big") + b"{}", id="cut within the manifest"),
    ],
)
def test_what_is_no_container_accuses_the_exchange(
    world: World, tmp_path: Path, container: bytes
) -> None:
    accepted = world.declare()
    dossier = world.dossier(replace(accepted, container=container), tmp_path)
    with pytest.raises(PlatformError) as raised:
        world.examine()(dossier)
    assert raised.value.code is Code.INTEGRITY


def test_a_registered_key_that_we_do_not_hold_is_our_own_fault(
    world: World, tmp_path: Path
) -> None:
    dossier = world.dossier(world.declare(), tmp_path)
    with pytest.raises(PlatformError, match="does not hold it") as raised:
        world.examine(openers=[])(dossier)
    assert raised.value.code is Code.UNAVAILABLE


# --- what the sender signed: a refusal --------------------------------------------------------


def with_signature_of(world: World, accepted: Accepted, signers: str) -> Accepted:
    """Let the exchange accept the manifest with signatures over other bytes."""
    other = world.accept(b"other", world.request(accepted.sender))
    raw = accepted.manifest.raw
    mine = parse_json(raw, max_bytes=1 << 16)
    theirs = parse_json(other.manifest.raw, max_bytes=1 << 16)
    half = {"first": 0, "second": 1}[signers]
    old = mine["signatures"][half]["signature"].encode()
    new = theirs["signatures"][half]["signature"].encode()
    forged = raw.replace(old, new)
    body = accepted.container[8 + len(raw) :]
    return world.accept_container(format_prefix(forged) + forged + body, parse_manifest(forged))


@pytest.mark.parametrize("half", ["first", "second"])
def test_one_wrong_signature_of_the_pair_is_refused(
    world: World, tmp_path: Path, half: str
) -> None:
    forged = with_signature_of(world, world.declare(), half)
    assert refusal(world.examine()(world.dossier(forged, tmp_path))).code is Code.SIGNATURE


def test_signatures_by_an_unregistered_pair_are_refused(world: World, tmp_path: Path) -> None:
    accepted = world.accept(content_of(), world.request(signers=pair("a stranger")))
    assert refusal(world.examine()(world.dossier(accepted, tmp_path))).code is Code.KEY


def test_signatures_by_another_party_are_refused(world: World, tmp_path: Path) -> None:
    accepted = world.accept(content_of(), world.request(signers=world.keys[XBO].sig))
    assert refusal(world.examine()(world.dossier(accepted, tmp_path))).code is Code.KEY


def test_a_key_revoked_before_acceptance_is_refused(world: World, tmp_path: Path) -> None:
    before = world.documents[XAL][-1]
    revoked = world.keys[XAL].sig[0].kid
    keys = [
        key.model_copy(update={"status": KeyStatus.REVOKED}) if key.kid == revoked else key
        for key in before.document.keys
    ]
    document = next_version(before, keys=[key.model_dump() for key in keys])
    raw = sign_party_document(document, world.keys[XAL].signers(registrar_pairs()[:2]))
    world.publish(verify_party_document(raw, world.registrars, before))
    assert refusal(world.examine()(world.dossier(world.declare(), tmp_path))).code is Code.KEY


def test_a_key_revoked_after_acceptance_still_verifies(world: World, tmp_path: Path) -> None:
    accepted = world.declare()
    test_a_key_revoked_before_acceptance_is_refused(world, tmp_path)
    examined = world.examine()(world.dossier(accepted, tmp_path))
    assert isinstance(examined.result, Content)


def test_an_envelope_under_another_senders_name_is_refused(world: World, tmp_path: Path) -> None:
    accepted = world.declare()
    dossier = world.dossier(
        accepted, tmp_path, sender=XBO, sender_proof=world.proof_bytes(XBO, accepted.reg)
    )
    assert refusal(world.examine()(dossier)).code is Code.SENDER


def test_an_envelope_to_somebody_else_is_refused(world: World, tmp_path: Path) -> None:
    to_xbo = [(XBO, SealingKey.from_jwk(world.keys[XBO].seal.jwk))]
    accepted = world.accept(content_of(), world.request(recipients=to_xbo))
    assert refusal(world.examine()(world.dossier(accepted, tmp_path))).code is Code.NOT_RECIPIENT


def test_a_slot_for_a_key_that_is_not_ours_is_refused(world: World, tmp_path: Path) -> None:
    to_stranger = [(SEC, SealingKey.from_jwk(opener("a stranger").jwk))]
    accepted = world.accept(content_of(), world.request(recipients=to_stranger))
    assert refusal(world.examine()(world.dossier(accepted, tmp_path))).code is Code.RECIPIENT


def test_a_slot_sealed_to_a_wrong_key_is_refused(world: World, tmp_path: Path) -> None:
    """The header names our key, the slot was made for another one."""

    class Misnamed:
        def __init__(self) -> None:
            self.kid = world.keys[SEC].seal.kid
            self.seal = SealingKey.from_jwk(opener("a stranger").jwk).seal

    accepted = world.accept(content_of(), world.request(recipients=[(SEC, Misnamed())]))
    dossier = world.dossier(accepted, tmp_path)
    assert refusal(world.examine()(dossier)).code is Code.DECRYPT
    assert not dossier.stage.content.exists()


def test_class_c3_sealed_to_a_k1_key_is_refused(world: World, tmp_path: Path) -> None:
    accepted = world.accept(content_of(), world.request(classification="C3"))
    assert refusal(world.examine()(world.dossier(accepted, tmp_path))).code is Code.POLICY


@pytest.mark.parametrize("created", ["2026-11-22T11:00:00Z", "2026-11-26T12:00:00Z"])
def test_an_envelope_created_far_from_the_logs_time_is_refused(
    world: World, tmp_path: Path, created: str
) -> None:
    accepted = world.accept(content_of(), world.request(created=created))
    assert refusal(world.examine()(world.dossier(accepted, tmp_path))).code is Code.CLOCK


def test_a_manifest_that_does_not_parse_is_refused_once_its_receipt_holds(
    world: World, tmp_path: Path
) -> None:
    accepted = world.declare()
    raw = accepted.manifest.raw.replace(b'"payload"', b'"Payload"')
    broken = replace(accepted.manifest, raw=raw, digest=sha256(raw))
    body = accepted.container[8 + len(raw) :]
    forged = world.accept_container(format_prefix(raw) + raw + body, broken)
    examined = world.examine()(world.dossier(forged, tmp_path))
    assert refusal(examined).code is Code.MALFORMED
    assert examined.head is None


# --- content under a valid signature ------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\xfe garbage", id="garbage"),
        pytest.param(b"[" * 60_000, id="deep JSON"),
        pytest.param(b'{"version":1,"version":2}', id="duplicate members"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_garbage_under_a_valid_signature_is_opened_and_rejected_by_the_rules(
    world: World, tmp_path: Path, content: bytes
) -> None:
    examined = world.examine()(world.dossier(world.declare(content=content), tmp_path))
    assert isinstance(examined.result, Content)
    assert examined.result.check is not None
    assert examined.result.check.facts is None


def test_what_is_no_declaration_is_opened_and_not_checked(world: World, tmp_path: Path) -> None:
    request = world.request(type="clarification.reply", cty="text/plain")
    accepted = world.accept(b"We will look into it.", request)
    examined = world.examine()(world.dossier(accepted, tmp_path))
    assert isinstance(examined.result, Content)
    assert examined.result.check is None


def test_a_receipt_is_never_checked_as_a_declaration(world: World, tmp_path: Path) -> None:
    accepted = world.accept(content_of(), world.request(type="receipt.opened"))
    examined = world.examine()(world.dossier(accepted, tmp_path))
    assert isinstance(examined.result, Content)
    assert examined.result.check is None


def dossier_of(world: World, tmp_path: Path) -> Dossier:
    return world.dossier(world.declare(), tmp_path)


def test_a_refused_proof_is_verified_again_next_time(world: World, tmp_path: Path) -> None:
    dossier = dossier_of(world, tmp_path)
    examine = world.examine()
    for _ in range(2):
        with pytest.raises(PlatformError):
            examine(replace(dossier, sender_proof=b"{}"))
    assert isinstance(examine(dossier).result, Content)
