"""`sextant keys …` on a machine without network: drafts, signatures, rehearsal, refusals."""

from pathlib import Path

import pytest

from sextant_client.enrolment import read_request
from sextant_client.identity.signing import document_of
from sextant_shared.models.party import KeyStatus, KeyUse
from sextant_shared.protocol.parties import verify_party_document
from tests.support.command import Done, sextant
from tests.unit.client.identity.homes import Office, make_office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return make_office(tmp_path)


def keys(office: Office, *arguments: str | Path) -> Done:
    return sextant("keys", *arguments, "--home", office.home.path)


def offline(office: Office, *arguments: str | Path) -> Done:
    return keys(office, *arguments, "--proof", office.proof)


def countersigned(office: Office, path: Path, *numbers: int) -> None:
    for number in numbers:
        done = sextant("keys", "countersign", path, "--home", office.registrar(number))
        assert done.status == 0, done.stderr


def test_a_draft_is_signed_where_the_root_is_and_then_by_registrars(office: Office) -> None:
    path = office.folder / "sig.request"
    done = offline(office, "rotate", "sig", "--unsigned", "--out", path)
    assert (done.status, "keys sign" in done.stdout) == (0, True)
    early = sextant("keys", "countersign", path, "--home", office.registrar(1))
    assert (early.status, "E_MALFORMED" in early.stderr) == (3, True)  # the root signs first
    assert keys(office, "sign", path).status == 0
    again = keys(office, "sign", path)
    assert (again.status, "signed the request already" in again.stderr) == (3, True)
    countersigned(office, path, 1, 2)
    raw = read_request(path).document.encode()
    party = verify_party_document(raw, office.life.pinned, office.life.document)
    assert len(party.active(KeyUse.SIG)) == 4


def test_without_a_root_here_a_rotation_says_both_ways_on(office: Office) -> None:
    for path in office.home.keys.folder.glob("root-*.json"):
        path.unlink()
    done = offline(office, "rotate", "seal")
    assert done.status == 4
    assert "--root" in done.stderr
    assert "--unsigned" in done.stderr


def test_a_rehearsal_names_the_one_thing_that_is_left(office: Office) -> None:
    assert offline(office, "rotate", "api").status == 0
    done = offline(office, "rehearse")
    left = [line for line in done.stdout.splitlines() if line.startswith("OPEN")]
    assert (done.status, [line.split()[1] for line in left]) == (5, ["signatures"])


def test_a_rehearsal_finds_a_key_that_is_not_what_the_document_says(office: Office) -> None:
    assert offline(office, "rotate", "seal").status == 0
    (path,) = (office.home.keys.folder / "next").glob("seal-*.json")
    path.unlink()
    office.home.keys.next.generate(KeyUse.SEAL)
    found = offline(office, "rehearse", "--json").json()["lines"]
    assert "document" in [line["name"] for line in found if not line["ok"]]


def test_a_rehearsal_without_anything_waiting_says_so(office: Office) -> None:
    done = offline(office, "rehearse")
    assert (done.status, "nothing waits" in done.stdout) == (5, True)


def test_two_registrars_revoke_without_the_party(office: Office) -> None:
    path = office.folder / "revoke.request"
    kid = office.life.keys.sig[0].kid
    trust = office.home.path / "trust.json"
    arguments = ["--reason", "stolen", "--suspect-from", "2026-11-01T00:00:00Z", "--as-registrar"]
    where: list[str | Path] = [
        "--party",
        "NA-XAL",
        "--trust",
        trust,
        "--proof",
        office.proof,
        "--out",
        path,
    ]
    home: list[str | Path] = ["--home", office.registrar(1)]
    done = sextant("keys", "revoke", kid[:12], *arguments, *where, *home)
    assert done.status == 0, done.stderr
    countersigned(office, path, 2)
    raw = read_request(path).document.encode()
    after = verify_party_document(raw, office.life.pinned, office.life.document).document
    (line,) = [key for key in after.keys if key.kid == kid]
    assert (line.status, line.suspect_from) == (KeyStatus.REVOKED, "2026-11-01T00:00:00Z")


def test_a_time_that_is_none_is_refused_before_anything_is_made(office: Office) -> None:
    done = offline(
        office, "suspend", office.life.keys.api.kid, "--reason", "x", "--suspect-from", "yesterday"
    )
    assert (done.status, "not a time in UTC" in done.stderr) == (3, True)


def test_a_removal_offline_asks_for_a_file(office: Office) -> None:
    done = offline(office, "suspend", office.life.keys.api.kid, "--reason", "x")
    assert (done.status, "--out" in done.stderr) == (3, True)


def test_a_recovery_is_signed_by_its_new_root_and_waits_for_all_registrars(office: Office) -> None:
    path = office.folder / "recovery.request"
    done = offline(office, "recover", "--reason", "burnt", "--out", path)
    assert done.status == 0, done.stderr
    document = document_of(read_request(path))
    roots = [key.status for key in document.keys if key.use is KeyUse.ROOT]
    assert sorted(roots) == sorted([KeyStatus.ACTIVE] * 2 + [KeyStatus.REVOKED] * 2)
    countersigned(office, path, 1, 2, 3)
    done = offline(office, "rehearse", path)
    assert (done.status, "announce" in done.stdout) == (0, True)


def test_a_proof_of_another_party_is_refused(office: Office) -> None:
    done = sextant(
        "keys", "suspend", "a" * 8, "--reason", "x", "--party", "NA-XBO",
        "--proof", office.proof, "--home", office.home.path,
    )  # fmt: skip
    assert (done.status, "another party" in done.stderr) == (4, True)


def test_nothing_is_destroyed_unless_it_is_said(office: Office) -> None:
    done = keys(office, "destroy")
    assert (done.status, len(office.home.keys.of_use(KeyUse.SEAL))) == (2, 1)
