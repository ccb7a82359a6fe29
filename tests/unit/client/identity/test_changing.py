"""The next version of a document: what it adds, retires, removes, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from sextant_client.home import KeyPolicy
from sextant_client.identity import changing
from sextant_client.identity.upkeep import DAY_S, find_due
from sextant_shared.clock import timestamp_s
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus, KeyUse, PartyDocument
from sextant_shared.protocol.parties import VerifiedParty, check_document
from tests.support.logs import NOW
from tests.support.parties import opener, party_key
from tests.unit.client.identity.homes import Office, make_office, waiting


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return make_office(tmp_path)


def statuses(document: PartyDocument, use: KeyUse) -> list[KeyStatus]:
    return [key.status for key in document.keys if key.use is use]


def follow(document: PartyDocument) -> VerifiedParty:
    return VerifiedParty(document, b"", document.prev.encode() if document.prev else b"")


def test_the_root_is_not_rotated(office: Office) -> None:
    with pytest.raises(PlatformError, match="not rotated") as caught:
        changing.rotate(office.life.document, KeyUse.ROOT, office.home.keys, NOW)
    assert caught.value.code is Code.POLICY
    assert waiting(office.home) == []


@pytest.mark.parametrize("use", [KeyUse.SIG, KeyUse.SEAL, KeyUse.API])
def test_a_rotation_adds_beside_what_is_active_and_keeps_no_third_generation(
    office: Office, use: KeyUse
) -> None:
    keys, now = office.home.keys, NOW
    before = office.life.document
    count = len(statuses(before.document, use))
    for generation in range(3):
        document = changing.rotate(before, use, keys, now + generation)
        check_document(document, before)
        for path in sorted(keys.next.folder.glob("*.json")):
            path.rename(keys.folder / path.name)
        before = follow(document)
    found = statuses(before.document, use)
    assert found == [KeyStatus.RETIRED] * (2 * count) + [KeyStatus.ACTIVE] * (2 * count)


def test_a_rotation_that_was_broken_off_takes_the_keys_that_lie_there(office: Office) -> None:
    first = changing.rotate(office.life.document, KeyUse.SIG, office.home.keys, NOW)
    held = waiting(office.home)
    second = changing.rotate(office.life.document, KeyUse.SIG, office.home.keys, NOW)
    assert waiting(office.home) == held
    assert [key.kid for key in first.keys] == [key.kid for key in second.keys]


def test_another_profile_is_rotated_to_by_name(office: Office) -> None:
    document = changing.rotate(office.life.document, KeyUse.SEAL, office.home.keys, NOW, ["K2"])
    added = VerifiedParty(document, b"", b"").active(KeyUse.SEAL)[-1]
    assert added.jwk["alg"] == "MLKEM1024-P384"


def test_the_access_key_of_another_machine_is_left_alone(office: Office) -> None:
    other = party_key(KeyUse.API, office.life.keys.api).model_copy(update={"kid": "x" * 43})
    document = office.life.document.document
    before = follow(document.model_copy(update={"keys": [other, *document.keys]}))
    held = {key.kid for key in office.home.keys.of_use(KeyUse.API)}
    assert changing.superseded(before.document, KeyUse.API, held) == []


def test_retiring_what_nothing_replaced_is_refused(office: Office) -> None:
    with pytest.raises(PlatformError, match="no key was replaced"):
        changing.retire(office.life.document, office.home.keys, NOW)


def test_a_root_is_neither_suspended_nor_revoked(office: Office) -> None:
    removal = changing.Removal(KeyStatus.REVOKED, "", None)
    kid = office.life.keys.root[0].kid
    with pytest.raises(PlatformError, match="without a root") as caught:
        changing.remove(office.life.document, [kid], removal, NOW)
    assert caught.value.code is Code.STATE


@pytest.mark.parametrize("prefix", ["", "short", "x" * 43])
def test_an_id_that_names_no_one_key_is_refused(office: Office, prefix: str) -> None:
    with pytest.raises(PlatformError, match="names") as caught:
        changing.find_key(office.life.document.document, prefix)
    assert caught.value.code is Code.KEY


def test_a_document_that_fills_up_lets_its_oldest_retired_sealing_keys_go(office: Office) -> None:
    document = office.life.document.document
    retired = [
        party_key(KeyUse.SEAL, opener(f"old {n}"), KeyStatus.RETIRED).model_copy(
            update={"changed": timestamp_s(NOW - (100 - n) * DAY_S)}
        )
        for n in range(44)
    ]
    before = follow(document.model_copy(update={"keys": [*retired, *document.keys]}))
    after = changing.rotate(before, KeyUse.SIG, office.home.keys, NOW)
    gone = [key for key in retired if key not in after.keys]
    assert gone == retired[: len(gone)]
    assert len(after.keys) == 64 - changing.ROOM
    assert check_document(after, before) == {key.kid for key in gone}


def test_a_key_that_left_the_document_is_still_destroyed_and_a_stranger_is_not(
    office: Office,
) -> None:
    left, stranger = "l" * 43, "s" * 43
    party = replace(office.life.document, gone=frozenset({left}))
    due = find_due(party, {left, stranger}, KeyPolicy())
    over = [one for one in due if one.act == "destroy"]
    assert [(one.key.kid, one.is_due(NOW)) for one in over] == [(left, True)]


def test_a_sealing_key_that_was_retired_half_a_year_ago_leaves(office: Office) -> None:
    document = office.life.document.document
    days = (179, 181)
    old = [
        party_key(KeyUse.SEAL, opener(f"old {n}"), KeyStatus.RETIRED).model_copy(
            update={"changed": timestamp_s(NOW - n * DAY_S)}
        )
        for n in days
    ]
    before = follow(document.model_copy(update={"keys": [*old, *document.keys]}))
    after = changing.rotate(before, KeyUse.API, office.home.keys, NOW)
    assert [key in after.keys for key in old] == [True, False]


def test_keys_are_due_by_the_days_of_the_policy(office: Office) -> None:
    keys, before = office.home.keys, office.life.document
    document = changing.rotate(before, KeyUse.SEAL, keys, NOW)
    held = {key.kid for key in (*keys.of_use(KeyUse.SEAL), *keys.next.of_use(KeyUse.SEAL))}
    policy = KeyPolicy(seal=10, overlap=3, destroy=7)
    due = {
        one.act: one
        for one in find_due(follow(document), held, policy)
        if one.key.use is KeyUse.SEAL
    }
    assert set(due) == {"rotate", "retire"}
    assert due["rotate"].at == pytest.approx(NOW + 10 * DAY_S, abs=1)
    assert due["retire"].at == pytest.approx(NOW + 3 * DAY_S, abs=1)
    later = changing.retire(follow(document), keys, NOW + 4 * DAY_S)
    (old,) = (one for one in find_due(follow(later), held, policy) if one.act == "destroy")
    assert old.at == pytest.approx(NOW + 11 * DAY_S, abs=1)
    used = {old.key.kid: NOW + 5 * DAY_S}
    (old,) = (one for one in find_due(follow(later), held, policy, used) if one.act == "destroy")
    assert old.at == pytest.approx(NOW + 12 * DAY_S, abs=1)
    assert not old.is_due(NOW + 11.9 * DAY_S)
    assert "in 2 day(s)" in old.words(NOW + 10 * DAY_S)
    assert "due, 2 day(s) ago" in old.words(NOW + 14 * DAY_S)
