"""What may change in a party document, and who must sign it."""

import pytest

from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus, KeyUse, PartyKey
from sextant_shared.protocol.parties import (
    Registry,
    VerifiedParty,
    prove_possession,
    sign_party_document,
    verify_party_document,
    verify_possession,
)
from tests.support.parties import S1 as PROFILE_S1
from tests.support.parties import (
    PartyKeys,
    next_version,
    opener,
    pair,
    party_key,
    registrar_pairs,
    registrars,
    signer,
)

XAL = PartyKeys("NA-XAL")
REGISTRARS = registrar_pairs()


@pytest.fixture(scope="module")
def enrolled() -> VerifiedParty:
    return XAL.enrolled()


def refused(
    raw: bytes, previous: VerifiedParty | None, code: Code, word: str, threshold: int = 2
) -> None:
    with pytest.raises(PlatformError, match=word) as caught:
        verify_party_document(raw, registrars(threshold), previous)
    assert caught.value.code is code


def with_status(party: VerifiedParty, kid: str, status: KeyStatus) -> list[PartyKey]:
    return [
        key.model_copy(update={"status": status, "changed": "2026-02-01T00:00:00Z"})
        if key.kid == kid
        else key
        for key in party.document.keys
    ]


def test_one_registrar_of_two_needed_is_too_few() -> None:
    raw = sign_party_document(XAL.document(), XAL.signers(REGISTRARS[:1]))
    refused(raw, None, Code.POLICY, "too few sides")


def test_registrars_alone_cannot_enrol() -> None:
    raw = sign_party_document(XAL.document(), [h for both in REGISTRARS for h in both])
    refused(raw, None, Code.POLICY, "too few sides")


def test_half_a_registrar_pair_is_refused() -> None:
    signers = [*XAL.signers(REGISTRARS[:2]), REGISTRARS[2][0]]
    refused(sign_party_document(XAL.document(), signers), None, Code.SIGNATURE, "one half")


def test_an_unknown_signer_is_refused() -> None:
    raw = sign_party_document(XAL.document(), XAL.signers([*REGISTRARS[:2], pair("stranger")]))
    refused(raw, None, Code.KEY, "no root or registrar")


def test_the_same_registrar_twice_does_not_count_twice() -> None:
    raw = sign_party_document(XAL.document(), XAL.signers([REGISTRARS[0], REGISTRARS[0]]))
    refused(raw, None, Code.KEY, "stands twice")


def test_a_kid_that_is_not_the_thumbprint_is_refused() -> None:
    keys = list(XAL.document().keys)
    keys[2] = keys[2].model_copy(update={"kid": "A" * 43})
    raw = sign_party_document(XAL.document(keys=keys), XAL.signers(REGISTRARS[:2]))
    refused(raw, None, Code.KEY, "thumbprint")


def test_a_day_that_the_calendar_does_not_have_is_refused(enrolled: VerifiedParty) -> None:
    keys = [
        key.model_copy(update={"suspect_from": "2026-02-31T00:00:00Z"})
        for key in with_status(enrolled, XAL.api.kid, KeyStatus.REVOKED)
    ]
    raw = sign_party_document(next_version(enrolled, keys=keys), XAL.signers())
    refused(raw, enrolled, Code.MALFORMED, "not a time in UTC")


def test_a_version_that_skips_one_is_refused(enrolled: VerifiedParty) -> None:
    raw = sign_party_document(next_version(enrolled, ver=3), XAL.signers(REGISTRARS[:2]))
    refused(raw, enrolled, Code.STATE, "does not follow")


def test_a_version_on_another_past_is_refused(enrolled: VerifiedParty) -> None:
    document = next_version(enrolled, prev=b64u(bytes(32)))
    refused(
        sign_party_document(document, XAL.signers(REGISTRARS[:2])),
        enrolled,
        Code.STATE,
        "does not follow",
    )


def test_a_key_cannot_disappear(enrolled: VerifiedParty) -> None:
    document = next_version(enrolled, keys=list(enrolled.document.keys[:-1]))
    raw = sign_party_document(document, XAL.signers(REGISTRARS[:2]))
    refused(raw, enrolled, Code.POLICY, "disappeared")


def retired_and_gone(enrolled: VerifiedParty) -> VerifiedParty:
    """Retire the sealing key in one version, drop it in the next."""
    party = enrolled
    spare = party_key(KeyUse.SEAL, opener("NA-XAL/seal-2"))
    for keys in (
        [*with_status(party, XAL.seal.kid, KeyStatus.RETIRED), spare],
        [*(key for key in party.document.keys if key.kid != XAL.seal.kid), spare],
    ):
        raw = sign_party_document(next_version(party, keys=keys), XAL.signers(REGISTRARS[:2]))
        party = verify_party_document(raw, registrars(), party)
    return party


def test_a_retired_sealing_key_may_leave_and_never_comes_back(enrolled: VerifiedParty) -> None:
    party = retired_and_gone(enrolled)
    assert party.gone == {XAL.seal.kid}
    back = next_version(party, keys=[*party.document.keys, party_key(KeyUse.SEAL, XAL.seal)])
    raw = sign_party_document(back, XAL.signers(REGISTRARS[:2]))
    refused(raw, party, Code.POLICY, "does not come back")


def test_a_signing_key_stays_listed_also_when_it_is_retired(enrolled: VerifiedParty) -> None:
    keys = with_status(enrolled, XAL.sig[0].kid, KeyStatus.RETIRED)
    retired = sign_party_document(next_version(enrolled, keys=keys), XAL.signers(REGISTRARS[:2]))
    second = verify_party_document(retired, registrars(), enrolled)
    fewer = [key for key in keys if key.kid != XAL.sig[0].kid]
    raw = sign_party_document(next_version(second, keys=fewer), XAL.signers(REGISTRARS[:2]))
    refused(raw, second, Code.POLICY, "disappeared")


def test_either_side_alone_does_not_drop_a_retired_key(enrolled: VerifiedParty) -> None:
    keys = with_status(enrolled, XAL.seal.kid, KeyStatus.RETIRED)
    retired = sign_party_document(next_version(enrolled, keys=keys), XAL.signers(REGISTRARS[:2]))
    second = verify_party_document(retired, registrars(), enrolled)
    fewer = [key for key in keys if key.kid != XAL.seal.kid]
    raw = sign_party_document(next_version(second, keys=fewer), XAL.signers())
    refused(raw, second, Code.POLICY, "too few sides")


@pytest.mark.parametrize(
    ("suspect_from", "allowed"),
    [(None, False), ("2026-01-20T00:00:00Z", False), ("2026-01-05T00:00:00Z", True)],
)
def test_one_side_widens_a_suspicion_and_never_clears_it(
    enrolled: VerifiedParty, suspect_from: str | None, *, allowed: bool
) -> None:
    def suspected(party: VerifiedParty, since: str | None) -> bytes:
        keys = [
            key.model_copy(update={"suspect_from": since}) if key.kid == XAL.api.kid else key
            for key in with_status(party, XAL.api.kid, KeyStatus.REVOKED)
        ]
        return sign_party_document(next_version(party, keys=keys), XAL.signers())

    first = suspected(enrolled, "2026-01-10T00:00:00Z")
    second = verify_party_document(first, registrars(), enrolled)
    raw = suspected(second, suspect_from)
    if allowed:
        verify_party_document(raw, registrars(), second)
    else:
        refused(raw, second, Code.POLICY, "too few sides")


def test_the_root_alone_cannot_add_a_key(enrolled: VerifiedParty) -> None:
    added = party_key(KeyUse.API, signer("NA-XAL/api-2", PROFILE_S1[0]))
    document = next_version(enrolled, keys=[*enrolled.document.keys, added])
    refused(sign_party_document(document, XAL.signers()), enrolled, Code.POLICY, "too few sides")


def test_a_revoked_key_stays_revoked(enrolled: VerifiedParty) -> None:
    revoked = next_version(enrolled, keys=with_status(enrolled, XAL.api.kid, KeyStatus.REVOKED))
    second = verify_party_document(
        sign_party_document(revoked, XAL.signers()), registrars(), enrolled
    )
    back = next_version(second, keys=with_status(second, XAL.api.kid, KeyStatus.ACTIVE))
    raw = sign_party_document(back, XAL.signers(REGISTRARS[:2]))
    refused(raw, second, Code.POLICY, "cannot become active")


@pytest.mark.parametrize("side", ["root", "registrars"])
def test_either_side_alone_may_revoke(enrolled: VerifiedParty, side: str) -> None:
    document = next_version(enrolled, keys=with_status(enrolled, XAL.api.kid, KeyStatus.REVOKED))
    alone = XAL.signers() if side == "root" else [h for both in REGISTRARS[:2] for h in both]
    party = verify_party_document(sign_party_document(document, alone), registrars(), enrolled)
    with pytest.raises(PlatformError, match="revoked") as caught:
        Registry({"NA-XAL": party}).api_key("NA-XAL", XAL.api.kid)
    assert caught.value.code is Code.AUTH


def test_root_and_two_registrars_enrol(enrolled: VerifiedParty) -> None:
    registry = Registry({"NA-XAL": enrolled})
    found = registry.signing_pair("NA-XAL", [half.kid for half in XAL.sig])
    assert [verifier.kid for verifier in found] == [half.kid for half in XAL.sig]
    assert registry.sealing_key("NA-XAL", XAL.seal.kid).kid == XAL.seal.kid


def test_halves_in_the_wrong_order_are_no_pair(enrolled: VerifiedParty) -> None:
    with pytest.raises(PlatformError) as caught:
        Registry({"NA-XAL": enrolled}).signing_pair("NA-XAL", [h.kid for h in XAL.sig[::-1]])
    assert caught.value.code is Code.KEY


def test_a_threshold_above_the_registrars_is_refused() -> None:
    with pytest.raises(PlatformError, match="never be met"):
        registrars(threshold=4)


def test_a_new_key_without_proof_of_possession_is_refused(enrolled: VerifiedParty) -> None:
    proofs = prove_possession(enrolled.raw, [*XAL.sig])
    with pytest.raises(PlatformError, match="possession for the new api key"):
        verify_possession(enrolled, None, proofs)


def test_a_proof_by_another_key_is_refused(enrolled: VerifiedParty) -> None:
    proofs = prove_possession(enrolled.raw, [*XAL.sig, XAL.api])
    forged = [p.model_copy(update={"signature": proofs[-1].signature}) for p in proofs]
    with pytest.raises(PlatformError) as caught:
        verify_possession(enrolled, None, forged)
    assert caught.value.code is Code.SIGNATURE


def test_possession_of_all_new_keys_is_accepted(enrolled: VerifiedParty) -> None:
    verify_possession(enrolled, None, prove_possession(enrolled.raw, [*XAL.sig, XAL.api]))
