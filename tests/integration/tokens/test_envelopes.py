"""Whole envelopes with halves in SoftHSM2: everybody else verifies and seals as with any key."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from sextant_client.enrolment import countersign, request_enrolment
from sextant_client.keystore import Keystore
from sextant_shared.crypto.pkcs11 import TokenUri
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.envelope import open_envelope
from sextant_shared.protocol.manifest import read_manifest, verify_manifest
from sextant_shared.protocol.parties import verify_party_document, verify_possession
from tests.integration.tokens.conftest import LABEL
from tests.support.envelopes import make_container, pair_of
from tests.support.logs import NOW
from tests.support.parties import PartyKeys, registrar_pairs, registrars
from tests.support.softhsm import SoftHsm

CONTENT = b"hello declarations"
PARTY = "NA-XBO"
TOKEN = TokenUri(token=LABEL)
PROFILES = ("S1", "S2")


@pytest.fixture(scope="module", params=PROFILES)
def keys(
    request: pytest.FixtureRequest, hsm: SoftHsm, tmp_path_factory: pytest.TempPathFactory
) -> Keystore:
    """Return a home's keys of one signature profile and K2, with the classical halves in a token.

    The files of this test's keys are open: sealing them is tested elsewhere, and takes its time.
    """
    store = Keystore(Path(tmp_path_factory.mktemp("keys")), None, hsm.access)
    for use in KeyUse:
        store.generate(use, profile=request.param, kem="K2", token=TOKEN)
    return store


def sealed_with(keys: Keystore) -> tuple[bytes, str]:
    """Return a container that the party sealed to itself, and the id of its sealing key."""
    (key,) = keys.of_use(KeyUse.SEAL)
    sender = PartyKeys(PARTY)
    sender.sig = keys.pair(KeyUse.SIG)
    to = [(PARTY, SealingKey.from_jwk(key.jwk))]
    return make_container(CONTENT, sender=sender, recipients=to), key.kid


def test_without_its_token_an_envelope_does_not_open(keys: Keystore, tmp_path: Path) -> None:
    container, kid = sealed_with(keys)
    source = io.BytesIO(container)
    verified = verify_manifest(read_manifest(source), pair_of(keys.pair(KeyUse.SIG)))
    without = replace(keys, token=replace(keys.token, pin_file=tmp_path / "nowhere", module=None))
    with pytest.raises(PlatformError, match="no PKCS#11 module is named") as caught:
        open_envelope(source, verified, without.opener(kid), PARTY, io.BytesIO())
    assert caught.value.code is Code.UNAVAILABLE


def test_an_envelope_signed_and_opened_with_a_token_is_as_any_other(keys: Keystore) -> None:
    container, kid = sealed_with(keys)
    source, out = io.BytesIO(container), io.BytesIO()
    verified = verify_manifest(read_manifest(source), pair_of(keys.pair(KeyUse.SIG)))
    open_envelope(source, verified, keys.opener(kid), PARTY, out)
    assert out.getvalue() == CONTENT


def test_a_party_enrols_with_keys_in_a_token(keys: Keystore) -> None:
    made = request_enrolment(keys, PARTY, "National Authority (synthetic)", lambda: NOW)
    for pair in registrar_pairs()[:2]:
        made = countersign(made, pair)
    raw = made.document.encode()
    party = verify_party_document(raw, registrars(), None)
    verify_possession(party, None, made.possession)
    in_token = [key.kid for key in keys.all() if key.token is not None]
    assert len(in_token) == 4  # a half of root, sig and seal, and the access key
    assert set(in_token) <= {key.kid for key in party.document.keys}
