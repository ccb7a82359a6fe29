"""What a person reads when a deposit is refused: the exact words, numbers and ways out."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from sextant_exchange.domain.acceptance import check_allowed, check_length, verify_sender
from sextant_exchange.domain.deposit import Deposits, DurableSteps
from sextant_exchange.domain.envelopes import Acceptable, Claim, Held, HoldResult
from sextant_exchange.domain.policy import DepositPolicy
from sextant_exchange.domain.quota import Room
from sextant_shared.clock import parse_timestamp
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.encoding import b64u
from sextant_shared.errors import PlatformError
from sextant_shared.models.envelope import Classification
from sextant_shared.protocol.access import Role, Subject
from sextant_shared.protocol.manifest import Manifest, check_slots, read_manifest
from sextant_shared.protocol.parties import Registry
from tests.support.envelopes import CREATED, XAL, make_container, resign
from tests.support.parties import PartyKeys
from tests.unit.exchange.stores import MemoryEnvelopes, acceptable

NOW = parse_timestamp(CREATED)
SEC, XCH = PartyKeys("SEC"), PartyKeys("NA-XCH", kem=Alg.K2)
REGISTRY = Registry({keys.party: keys.enrolled() for keys in (XAL, SEC, XCH)})
SKEW_S = 86_400
Told = tuple[str, str, str, str, str]


def told(work: Callable[[], object]) -> Told:
    with pytest.raises(PlatformError) as caught:
        work()
    return _words(caught.value)


def _words(error: PlatformError) -> Told:
    return (str(error.code), error.detail, error.expected, error.received, error.fix)


def manifest(container: bytes) -> Manifest:
    return read_manifest(io.BytesIO(container))


def declared(**changes: Any) -> bytes:
    return make_container(**{"cty": "application/vnd.sextant.declaration+json", **changes})


def caller(party: str | None) -> Subject:
    return Subject(f"{party}/test", Role.PARTY, party)


def check(container: bytes, policy: DepositPolicy | None = None, now: float = NOW) -> None:
    verified = verify_sender(manifest(container), REGISTRY, caller("NA-XAL"))
    check_allowed(verified, REGISTRY, policy or DepositPolicy(), now)


def test_another_sender_than_the_signer() -> None:
    found = manifest(declared())
    assert told(lambda: verify_sender(found, REGISTRY, caller("NA-XBO"))) == (
        "E_SENDER",
        "the envelope is signed by another party than the one that sends it",
        "NA-XBO",
        "NA-XAL",
        "",
    )
    assert verify_sender(found, REGISTRY, caller("NA-XAL")).manifest is found


def test_a_slot_that_is_too_short_for_its_key() -> None:
    def shorten(payload: dict[str, list[dict[str, str]]], _header: object) -> None:
        payload["slots"][0]["ct"] = b64u(bytes(100))

    key = SealingKey.from_jwk(SEC.seal.jwk)
    assert told(lambda: check(resign(declared(), shorten))) == (
        "E_RECIPIENT",
        f"the slot for key {key.kid} does not fit that key",
        f"{key.slot_size} bytes for MLKEM768-X25519",
        "100 bytes",
        "",
    )


def test_a_slot_for_another_key_of_the_same_kind() -> None:
    found = manifest(declared())
    other = SealingKey.from_jwk(PartyKeys("NA-XBO").seal.jwk)
    assert told(lambda: check_slots(found, [other])) == (
        "E_RECIPIENT",
        f"the slot for key {SEC.seal.kid} does not fit that key",
        f"{other.slot_size} bytes for MLKEM768-X25519",
        f"{other.slot_size} bytes",
        "",
    )
    with pytest.raises(ValueError, match="zip"):
        check_slots(found, [])


def test_a_class_that_needs_stronger_keys() -> None:
    assert told(lambda: check(declared(classification="C3"))) == (
        "E_POLICY",
        "class C3 needs stronger sealing keys",
        "MLKEM1024-P384",
        "MLKEM768-X25519",
        "Seal to a K2 key of each recipient, or ask them to register one.",
    )


def test_a_class_whose_answers_could_not_be_sealed_to_the_sender() -> None:
    recipients = [(XCH.party, SealingKey.from_jwk(XCH.seal.jwk))]
    container = declared(
        recipients=recipients, type="correspondence", cty="text/plain", classification="C3"
    )
    assert told(lambda: check(container)) == (
        "E_POLICY",
        "what answers class C3 could not be sealed to NA-XAL",
        "an active sealing key of NA-XAL: MLKEM1024-P384",
        "MLKEM768-X25519",
        "Register a K2 key of your own, then send the same bytes again.",
    )


def test_every_kind_of_key_that_was_used_is_named() -> None:
    recipients = [(keys.party, SealingKey.from_jwk(keys.seal.jwk)) for keys in (XCH, SEC)]
    container = declared(recipients=recipients, type="correspondence", cty="text/plain")
    none = DepositPolicy(sealing_keys={Classification.C2: frozenset()})
    assert told(lambda: check(container, none))[2:4] == ("", "MLKEM1024-P384, MLKEM768-X25519")


def test_a_body_that_is_too_large_by_a_byte() -> None:
    container = declared()
    size = manifest(container).body_len
    check(container, DepositPolicy(max_body_bytes=size))
    assert told(lambda: check(container, DepositPolicy(max_body_bytes=size - 1))) == (
        "E_TOO_LARGE",
        "the body is too large",
        f"at most {size - 1} bytes",
        f"{size} bytes",
        "",
    )


@pytest.mark.parametrize(("offset", "shown"), [(SKEW_S + 1, "-86401 s"), (-SKEW_S - 1, "+86401 s")])
def test_a_clock_that_is_off_by_more_than_a_day(offset: int, shown: str) -> None:
    assert told(lambda: check(declared(), now=NOW + offset)) == (
        "E_CLOCK",
        "the envelope was created too long ago, or by a clock that is off",
        "within 86400 s of now",
        f"{CREATED}, {shown}",
        "Set the clock, then seal and sign again under a new id.",
    )


@pytest.mark.parametrize("offset", [SKEW_S, -SKEW_S])
def test_a_day_is_still_taken(offset: int) -> None:
    check(declared(), now=NOW + offset)


def test_the_secretariat_is_the_one_of_the_policy() -> None:
    elsewhere = DepositPolicy(secretariat="SEC-B")
    assert told(lambda: check(declared(), elsewhere))[0] == "E_POLICY"


def test_a_length_that_is_not_the_container_s() -> None:
    container = declared()
    assert told(lambda: check_length(manifest(container), 7)) == (
        "E_LENGTH",
        "Content-Length is not that of the container the manifest describes",
        str(len(container)),
        "7",
        "",
    )


def test_no_room_for_more() -> None:
    with pytest.raises(PlatformError) as caught:
        Room(lambda: 99, 100).check()
    assert caught.value.retry_after_s == 60
    assert _words(caught.value) == (
        "E_UNAVAILABLE",
        "there is no room for more envelopes now",
        "",
        "",
        "Repeat the same bytes later; the operator has to make room.",
    )


@pytest.mark.anyio
async def test_an_id_that_exists_with_another_manifest() -> None:
    store = MemoryEnvelopes()

    async def known(claim: Claim) -> HoldResult | None:
        return (await store.known([claim]))[0]

    async def hold(envelope: Acceptable) -> HoldResult:
        return (await store.hold([envelope], 0.0))[0]

    async def complete(_envelope: Held) -> bytes:
        return b"receipt"

    deposit = Deposits(DurableSteps(known, hold, complete), lambda _: None, log_wait_s=1.0)
    await deposit(acceptable(1))
    rival = acceptable(1, manifest=b"x" * 32)
    with pytest.raises(PlatformError) as caught:
        await deposit(rival)
    assert _words(caught.value) == (
        "E_DUPLICATE",
        f"envelope {rival.claim.id} exists with another manifest",
        "",
        "",
        "Use a fresh id for other content; repeat identical bytes for the same.",
    )
