"""What is told of envelopes by stick: kept when it fits what lies here, and asked for again."""

import re
from pathlib import Path

import httpx
import pytest

from sextant_client.carrying.indexes import StickIndex
from sextant_client.carrying.stick import Stick
from sextant_client.client import Client
from sextant_client.custody import custody_of
from sextant_client.home import Home, write_file
from sextant_client.sent import SentEnvelope
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of
from sextant_shared.models.log import WitnessedHead
from tests.support.command import sextant
from tests.support.witnesses import cosigned, policy_text
from tests.unit.client.carrying.conftest import Way, Wire
from tests.unit.declarations.world import SEC, XAL, XBO


def asked(way: Way) -> list[str]:
    """Return of which envelopes the stick asks, as it lies there."""
    with Stick(way.stick) as stick:
        return [one.id for one in stick.index(StickIndex).follow]


def test_status_and_thread_show_without_a_network_what_was_told_and_how_old_it_is(way: Way) -> None:
    way.trip()
    envelope = way.seal()
    nothing = sextant("status", envelope.id, "--home", way.home.path)
    assert "nothing was carried here yet" in nothing.stderr
    assert "sextant bundle export" in nothing.stderr
    way.trip()
    shown = sextant("status", envelope.id, "--home", way.home.path)
    assert re.match(rf"{envelope.id}  accepted  log entry \d+", shown.stdout)
    assert "receipt.opened by SEC until" in shown.stdout
    assert re.search(
        r"^Carried here as of 2026-\d\d-\d\dT\S+ \(\d+ days? ago|today\)\.$",
        shown.stdout,
        re.MULTILINE,
    )
    told = sextant("status", envelope.id, "--json", "--home", way.home.path).json()
    assert told["as_of"].startswith("2026-")
    thread = sextant("thread", envelope.id, "--home", way.home.path)
    assert f"{XAL} to {SEC}  {envelope.id}" in thread.stdout


def test_what_was_received_is_told_of_too_but_for_receipts(way: Way) -> None:
    asking = way.wire.write(b"Please explain.")
    accepted = way.trip()
    assert [(one.sender, one.id) for one in accepted.told] == [(SEC, asking.id)]
    with Client(way.home) as client:
        assert custody_of(client, asking.id, SEC).status.sender == SEC


@pytest.mark.parametrize(
    ("lie", "what"), [({"manifest": "A" * 43}, "manifest"), ({"index": 999}, "log entry")]
)
def test_what_does_not_fit_the_receipt_is_not_kept(
    way: Way, lie: dict[str, object], what: str
) -> None:
    way.trip()
    envelope = way.seal()
    way.wire.lies = lie
    with pytest.raises(PlatformError, match=f"is of another {what} than lies here") as raised:
        way.trip()
    assert raised.value.code is Code.INTEGRITY
    assert envelope.receipt.exists()  # it verified, and stays
    way.wire.lies = {}
    way.trip()
    with Client(way.home) as client:
        assert client.status(envelope.id).id == envelope.id


def test_what_is_not_over_is_asked_for_again_each_in_its_turn(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    way.trip()
    ids = [way.seal(n).id for n in (1, 2)]
    way.trip()
    way.export()
    assert set(asked(way)) == {*ids}  # nobody fetched them, and receipts are owed
    monkeypatch.setattr("sextant_client.carrying.exporting.MAX_FOLLOWED", 1)
    turns = []
    for _ in range(2):
        way.wire.write(b"The log goes on.", type="correspondence")
        way.export()
        turns += asked(way)
        way.deliver()
        way.accept()
    assert turns == ids


def test_a_wish_for_documents_of_others_is_met_and_for_nobodys_passed_over(way: Way) -> None:
    done = sextant(
        *("bundle", "export", "--out", way.stick, "--home", way.home.path),
        *("--about", XBO, "--about", "NA-XZZ"),
    )
    assert done.status == 0, done.stderr
    way.deliver()
    assert set(way.accept().parties) == {XAL, SEC, XBO}
    assert XBO in way.trip().parties  # kept once, kept fresh


class Witnessed(Wire):
    """A wire whose log is cosigned by some witnesses."""

    by: tuple[str, ...] = ()

    def _answer(
        self, request: httpx.Request, parts: list[str], params: dict[str, str]
    ) -> httpx.Response:
        if parts != ["v1", "witnessed"]:
            return super()._answer(request, parts, params)
        log, first = self.world.log, int(params["first"])
        path = consistency_path_of([leaf_hash(leaf) for leaf in log.leaves], first)
        head = WitnessedHead(
            v=1,
            kind="witnessed",
            first=first,
            second=len(log.leaves),
            path=[b64(node) for node in path],
            checkpoint=cosigned(log.checkpoint(), *self.by),
        )
        return httpx.Response(200, content=head.model_dump_json().encode())


def pin_policy(home: Home, folder: Path) -> None:
    file = folder / "policy.txt"
    write_file(file, policy_text("a", "b").encode())
    done = sextant("log", "policy", file, "--home", home.path)
    assert done.status == 0, done.stderr


def level(way: Way, envelope: SentEnvelope) -> str:
    done = sextant("receipt", "verify", envelope.id, "--json", "--home", way.home.path)
    return str(done.json()["level"])


def test_a_receipt_is_witnessed_by_the_policy_of_the_machine_with_the_keys(way: Way) -> None:
    way.wire = Witnessed(way.wire.world)
    way.trip()
    pin_policy(way.home, way.folder)
    envelope = way.seal()
    way.wire.by = ("a",)
    assert way.trip().witnessed == ()  # one of two
    assert level(way, envelope) == "logged"
    way.wire.by = ("a", "b")
    assert way.trip().witnessed == (envelope.id,)
    assert level(way, envelope) == "witnessed"
    way.export()
    with Stick(way.stick) as stick:
        (followed,) = stick.index(StickIndex).follow
    assert followed.receipt is None  # nothing more is wanted


def test_without_a_policy_no_witnessed_head_is_asked_for(way: Way) -> None:
    way.trip()
    way.seal()
    way.trip()
    assert "GET /v1/witnessed" not in way.wire.asked
