"""What our entry in the registry is to this home: ours, removed from, or strange."""

from pathlib import Path
from typing import cast

import pytest

from sextant_client.enrolment import write_request
from sextant_client.identity import changing
from sextant_client.identity.signing import make_request
from sextant_client.identity.watching import REQUEST, OwnEntry, Seen, compare, take_up
from sextant_client.parties import PartyView
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.keyring import read_keyring
from tests.support.logs import NOW
from tests.support.parties import registrar_pairs
from tests.unit.client.identity.homes import Office, make_office, waiting


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = make_office(tmp_path)
    take_up(office.home.keys.folder, office.life.document)
    return office


def see(office: Office, *, is_newest: bool = True) -> Seen:
    return compare(office.home.keys.folder, office.life.document, is_newest=is_newest).seen


def test_the_first_look_has_nothing_to_compare_with(tmp_path: Path) -> None:
    office = make_office(tmp_path)
    assert see(office) is Seen.FIRST


def test_an_exchange_that_is_away_is_no_failure_and_the_next_contact_looks_again(
    office: Office,
) -> None:
    class Away:
        """Nobody answers."""

        asked = 0

        def at(self, _party: str, _reg: int) -> object:
            self.asked += 1
            raise PlatformError(Code.UNAVAILABLE, "nobody answers")

    away = Away()
    own = OwnEntry(office.home, cast("PartyView", away), "NA-XAL")
    own.at(5)
    own.at(5)
    assert away.asked == 2


def test_a_version_by_our_root_and_registrars_that_we_did_not_make_is_strange(
    office: Office,
) -> None:
    office.life.rotate("somebody's")
    sighting = compare(office.home.keys.folder, office.life.document)
    assert (sighting.seen, sighting.is_alert) == (Seen.STRANGE, True)
    assert "did not make" in sighting.words


def test_an_older_version_as_the_newest_is_strange_and_at_an_older_position_is_not(
    office: Office,
) -> None:
    older = office.life.document
    office.life.rotate("sig 2")
    take_up(office.home.keys.folder, office.life.document)
    office.life.current = older
    assert see(office) is Seen.STRANGE
    assert see(office, is_newest=False) is Seen.SAME


@pytest.mark.parametrize("by_root", [True, False])
def test_what_only_removes_is_told_with_its_reason(office: Office, *, by_root: bool) -> None:
    office.life.revoke([office.life.keys.api.kid], None, by_root=by_root)
    sighting = compare(office.home.keys.folder, office.life.document)
    assert (sighting.seen, sighting.is_alert) == (Seen.REMOVED, True)
    assert "api" in sighting.words
    assert "stolen" in sighting.words


def test_what_was_made_here_moves_its_keys_into_use(office: Office) -> None:
    keys, life = office.home.keys, office.life
    document = changing.rotate(life.document, KeyUse.SIG, keys, NOW)
    fresh = keys.next.of_use(KeyUse.SIG)
    request = make_request(document, fresh, life.keys.signers(registrar_pairs()[:2]))
    write_request(keys.next.folder / REQUEST, request)
    assert see(office) is Seen.SAME  # it is not in force yet
    life.put(request.document.encode())
    assert see(office) is Seen.OURS
    take_up(keys.folder, life.document)
    assert (waiting(office.home), see(office)) == ([], Seen.SAME)
    pair = read_keyring(keys.folder).signing_pair()
    assert {half.kid for half in pair} == {key.kid for key in fresh}
    assert not (keys.next.folder / REQUEST).exists()


def test_an_access_key_that_is_no_longer_listed_is_not_used(office: Office) -> None:
    before = office.home.keys.api_signer().kid
    document = changing.rotate(office.life.document, KeyUse.API, office.home.keys, NOW)
    (fresh,) = office.home.keys.next.of_use(KeyUse.API)
    request = make_request(document, [fresh], office.life.keys.signers(registrar_pairs()[:2]))
    write_request(office.home.keys.next.folder / REQUEST, request)
    assert office.home.keys.api_signer().kid == before
    office.life.put(request.document.encode())
    take_up(office.home.keys.folder, office.life.document)
    assert office.home.keys.api_signer().kid == fresh.kid
