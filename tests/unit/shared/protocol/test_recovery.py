"""A lost root is replaced in the open: all registrars, a wait, and either side can stop it."""

import pytest

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus, KeyUse
from sextant_shared.protocol.parties import sign_party_document, verify_party_document
from sextant_shared.protocol.recovery import verify_recovery, verify_succession
from tests.support.histories import Life
from tests.support.parties import next_version, pair, party_key, registrar_pairs

HOUR = 3600.0
ALL = [half for both in registrar_pairs() for half in both]


def refused(raw: bytes, life: Life, code: Code, word: str) -> None:
    with pytest.raises(PlatformError, match=word) as caught:
        verify_recovery(raw, life.pinned, life.document)
    assert caught.value.code is code


def test_two_registrars_of_three_do_not_replace_a_root() -> None:
    life = Life()
    raw = life.recovery()
    document = verify_recovery(raw, life.pinned, life.document).document
    fewer = sign_party_document(document, [*pair("new root"), *ALL[:4]])
    refused(fewer, life, Code.POLICY, "all registrars")


def test_registrars_without_the_new_root_do_not_replace_a_root() -> None:
    life = Life()
    document = verify_recovery(life.recovery(), life.pinned, life.document).document
    refused(sign_party_document(document, ALL), life, Code.POLICY, "all registrars")


def test_the_lost_root_is_revoked_and_not_retired() -> None:
    life = Life()
    keys = [life.marked(key, KeyStatus.RETIRED, KeyUse.ROOT) for key in life.document.document.keys]
    keys += [party_key(KeyUse.ROOT, half) for half in pair("new root")]
    raw = sign_party_document(next_version(life.document, keys=keys), [*pair("new root"), *ALL])
    refused(raw, life, Code.POLICY, "revokes the lost root")


def test_a_document_that_keeps_the_root_is_no_recovery() -> None:
    life = Life()
    raw = sign_party_document(next_version(life.document), [*life.keys.root, *ALL])
    refused(raw, life, Code.POLICY, "new root pair")


def test_without_its_wait_in_the_log_a_recovery_is_no_next_version() -> None:
    life = Life()
    raw = life.recovery()
    with pytest.raises(PlatformError) as caught:
        verify_party_document(raw, life.pinned, life.document)
    assert caught.value.code is Code.KEY
    announced = life.announce(raw)
    life.now += 71 * HOUR
    with pytest.raises(PlatformError, match="not waited long enough") as caught:
        life.recover(raw, announced)
    assert caught.value.code is Code.STATE
    life.now += HOUR
    life.recover(raw, announced)
    assert {half.kid for half in life.keys.root} == {half.kid for half in pair("new root")}


def test_an_announced_wait_shorter_than_the_pinned_one_does_not_shorten_it() -> None:
    life = Life()
    raw = life.recovery()
    announced = life.announce(raw, wait_s=60)
    life.now += HOUR
    with pytest.raises(PlatformError, match="not waited long enough"):
        life.recover(raw, announced)


@pytest.mark.parametrize("side", ["root", "registrars"])
def test_either_side_stops_a_recovery_by_a_version_that_changes_nothing(side: str) -> None:
    life = Life()
    raw = life.recovery()
    announced = life.announce(raw)
    life.change(life.document.document.keys, life.keys.root if side == "root" else ALL[:4])
    life.now += 100 * HOUR
    with pytest.raises(PlatformError) as caught:
        life.recover(raw, announced)
    assert caught.value.code is Code.STATE


def test_one_registrar_alone_stops_nothing() -> None:
    life = Life()
    with pytest.raises(PlatformError, match="too few sides"):
        life.change(life.document.document.keys, ALL[:2])


def test_after_a_recovery_the_new_root_signs_and_the_old_one_does_not() -> None:
    life = Life()
    old = list(life.keys.root)
    raw = life.recovery()
    announced = life.announce(raw)
    life.now += 72 * HOUR
    life.recover(raw, announced)
    life.rotate("sig 2")
    late = sign_party_document(next_version(life.document), [*old, *ALL[:4]])
    with pytest.raises(PlatformError):
        verify_succession(late, life.pinned, life.document, life.waited)
