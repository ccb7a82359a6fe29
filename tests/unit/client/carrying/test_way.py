"""The whole way: what a courier carries, what comes back, and what nothing can be done with."""

from pathlib import Path

import pytest

from sextant_client.client import Client
from sextant_client.received import stored_replies
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.package import PACKAGE_CTY
from tests.support.command import sextant
from tests.unit.client.carrying.conftest import Way, set_up
from tests.unit.declarations.world import SEC, XAL, XBO


def test_nothing_is_sealed_before_documents_were_carried_here(way: Way) -> None:
    with pytest.raises(PlatformError, match="never carried here") as raised:
        way.seal()
    assert raised.value.code is Code.STATE
    assert "sextant bundle export" in raised.value.fix


def test_an_empty_trip_brings_the_documents_to_seal_to(way: Way) -> None:
    accepted = way.trip()
    assert accepted.parties == (XAL, SEC)
    assert way.seal().header.log is not None  # it gossips the head that was carried


def test_a_whole_trip_brings_receipts_and_replies(way: Way) -> None:
    way.trip()
    envelopes = [way.seal(n) for n in (1, 2)]
    way.wire.write(b"Please explain.")
    way.wire.write(b"And this.")
    accepted = way.trip()
    assert [(r.envelope_id, r.is_new) for r in accepted.receipts] == [
        (one.id, True) for one in envelopes
    ]
    assert all(one.receipt.read_bytes() for one in envelopes)
    assert [one.content.read_bytes() for one in accepted.received] == [
        b"Please explain.",
        b"And this.",
    ]
    assert way.home.cursor() == 2
    assert way.home.trust.checkpoint() == accepted.head


def test_each_step_may_be_repeated(way: Way) -> None:
    way.trip()
    envelope = way.seal()
    way.wire.write(b"Please explain.")
    way.export()
    first, second = way.deliver(), way.deliver()
    assert first.delivered == second.delivered == (envelope.id,)
    raw = [way.accept() for _ in range(2)]
    assert [(len(r.receipts), len(r.received)) for r in raw] == [(1, 1), (1, 0)]
    assert not raw[1].receipts[0].is_new
    assert len(list(stored_replies(way.home.inbox))) == 1


def test_what_is_gone_holds_up_nothing_and_is_named(way: Way) -> None:
    way.trip()
    gone = way.wire.write(b"Written in error.")
    way.wire.write(b"Please explain.")
    way.wire.gone[gone.id] = "the sender recalled this envelope before you fetched it"
    accepted = way.trip()
    assert [one.content.read_bytes() for one in accepted.received] == [b"Please explain."]
    assert [(one.seq, one.sender, one.id) for one in accepted.gone] == [(1, SEC, gone.id)]
    assert way.home.cursor() == 2
    assert way.accept().gone == ()
    told = sextant("bundle", "accept", way.back, "--home", way.home.path).stdout
    assert "GONE" not in told  # it was told once


def test_the_courier_needs_no_key_that_signs_or_opens(way: Way) -> None:
    way.trip()
    way.seal()
    way.wire.write(b"For the eyes of NA-XAL")
    way.trip()
    held = {path.name.partition("-")[0] for path in way.courier.keys.folder.glob("*.json")}
    assert held == {"api"}
    assert b"For the eyes" not in way.stick.read_bytes() + way.back.read_bytes()
    assert [p for p in way.courier.path.iterdir() if p.name.startswith(".carrying")] == []


def test_a_courier_of_another_party_is_told_who_may(way: Way, tmp_path: Path) -> None:
    way.export()
    stranger = set_up(tmp_path / "stranger", "api", offline=False, party=XBO)
    with pytest.raises(PlatformError, match="of another party") as raised:
        way.deliver(stranger)
    assert raised.value.code is Code.SENDER
    assert f"an access key of {XAL}" in raised.value.fix
    assert way.wire.asked == []


def test_one_refused_envelope_stops_no_other_and_is_listed_with_its_reason(way: Way) -> None:
    way.trip()
    first, second = way.seal(1), way.seal(2)
    late = PlatformError(Code.CLOCK, "created too long ago", fix="Seal it again.")
    way.wire.refused[first.id] = late
    accepted = way.trip()
    assert [one.envelope_id for one in accepted.receipts] == [second.id]
    assert [(r.id, r.code, r.fix) for r in accepted.refused] == [
        (first.id, "E_CLOCK", "Seal it again.")
    ]
    assert not first.receipt.exists()


def test_when_nobody_answers_nothing_is_written_and_the_next_try_goes_on(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sextant_client.session.MAX_ATTEMPTS", 1)
    way.trip()
    envelope = way.seal()
    way.export()
    way.back.unlink()
    way.wire.is_cut = True
    with pytest.raises(PlatformError) as raised:
        way.deliver()
    assert raised.value.code is Code.UNAVAILABLE
    assert not way.back.exists()
    way.wire.is_cut = False
    assert way.deliver().delivered == (envelope.id,)


def test_attachments_travel_by_stick_in_both_directions(way: Way, tmp_path: Path) -> None:
    way.trip()
    (tmp_path / "plan.txt").write_bytes(b"plan")
    envelope = way.seal(attachments=[tmp_path / "plan.txt"])
    package = envelope.content.read_bytes()
    way.wire.write(package, cty=PACKAGE_CTY)
    (received,) = way.trip().received
    assert received.documents() == ["plan.txt", "s2-and-2025.json"]
    assert (received.parts / "plan.txt").read_bytes() == b"plan"
    assert envelope.message() == received.message() != package


def test_a_later_trip_asks_only_for_what_is_not_here(way: Way) -> None:
    way.wire.write(b"one")
    way.trip()
    way.wire.write(b"two")
    way.wire.asked.clear()
    assert [one.content.read_bytes() for one in way.trip().received] == [b"two"]
    fetched = [line for line in way.wire.asked if line.endswith("/content")]
    assert len(fetched) == 1


def test_more_than_fits_is_told_and_comes_with_the_next_trip(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sextant_client.carrying.bringing.MAX_DELIVERIES", 2)
    for word in (b"one", b"two", b"three"):
        way.wire.write(word)
    first, second = way.trip(), way.trip()
    assert [len(first.received), len(second.received)] == [2, 1]
    assert (first.more, second.more) == (True, False)


def test_an_offline_home_says_so_wherever_a_network_is_needed(way: Way) -> None:
    with Client(way.home) as client, pytest.raises(PlatformError, match="is offline") as raised:
        list(client.collect())
    assert raised.value.code is Code.STATE
    done = sextant("inbox", "--home", way.home.path)
    assert done.status == 3
    assert "sextant bundle export" in done.stderr


def test_the_doctor_of_an_offline_home_speaks_of_its_documents(way: Way) -> None:
    done = sextant("doctor", "--home", way.home.path)
    assert "FAIL documents" in done.stdout
    assert "exchange" not in done.stdout
    way.trip()
    done = sextant("doctor", "--home", way.home.path)
    assert done.status == 0
    assert "ok   documents      SEC as of 2026-11-24T" in done.stdout


def test_a_stick_says_for_people_what_it_is(way: Way) -> None:
    way.trip()
    envelope = way.seal()
    done = sextant("bundle", "export", "--out", way.folder, "--home", way.home.path)
    assert f"CARRIED  {envelope.id}" in done.stdout
    assert (way.folder / "sextant-NA-XAL-out.zip").exists()
