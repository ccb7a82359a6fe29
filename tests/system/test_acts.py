"""The command recalls, mends dead letters, and lives with what the exchange erased."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from sextant_client import errors as exits
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.sent import SentEnvelope
from sextant_client.trust import Trust
from sextant_client.verify import verify_bundle
from sextant_shared.protocol.acts import verify_act
from tests.support.command import sextant

pytestmark = pytest.mark.processes
XAL, XBO = "NA-XAL", "NA-XBO"
WHY = ("--reason", "the wrong year")


@pytest.fixture(scope="module")
def sender(stack: Stack) -> Iterator[Client]:
    with Client(Home(stack.home(XAL))) as client:
        yield client


def sent(stack: Stack, sender: Client, class_: str = "C1") -> SentEnvelope:
    """Return an envelope of NA-XAL that lies in NA-XBO's mailbox."""
    content = stack.root / "note.txt"
    content.write_text("A synthetic note.")
    envelope = sender.seal(
        content, type_="correspondence", cty="text/plain", classification=class_, to=[XBO]
    )
    sender.deposit(envelope)
    return envelope


def verified_copy(stack: Stack, envelope: SentEnvelope, path: Path) -> str:
    """Write the sender's copy of record and verify it offline; return whose it is."""
    sextant("bundle", "create", envelope.id, "--out", path, "--home", stack.home(XAL))
    return verify_bundle(path, Trust.load(stack.trust_file)).envelope_id


def test_what_nobody_took_is_recalled_and_proved_offline(
    stack: Stack, sender: Client, tmp_path: Path
) -> None:
    envelope = sent(stack, sender)
    home = ("--home", stack.home(XAL))
    done = sextant("recall", envelope.id, *WHY, "--json", *home).json()
    assert done["recipients"] == [{"party": XBO, "outcome": "recalled"}]
    raw = Path(done["receipt"]).read_bytes()
    assert verify_act(raw, envelope.id, sender.trust.log_keys).index == done["index"]
    again = sextant("recall", envelope.id, "--reason", "said again", "--json", *home).json()
    assert again == done
    told = sextant("status", envelope.id, *home).stdout
    assert f"log entry {done['index']}  from {XBO}: " in told
    (gone,) = sextant("inbox", "--json", "--home", stack.home(XBO)).json()["gone"]
    assert (gone["id"], gone["state"]) == (envelope.id, "recalled")
    assert "Nothing new" in sextant("inbox", "--home", stack.home(XBO)).stdout
    assert verified_copy(stack, envelope, tmp_path / "copy.zip") == envelope.id


def test_a_recall_that_comes_too_late_says_so_for_each_recipient(
    stack: Stack, sender: Client
) -> None:
    envelope = sent(stack, sender)
    assert envelope.id in sextant("inbox", "--home", stack.home(XBO)).stdout
    done = sextant("recall", envelope.id, *WHY, "--home", stack.home(XAL))
    assert done.status == exits.REFUSED
    assert f"too late for {XBO}" in done.stderr
    assert not envelope.recall_statement.exists()


def test_a_dead_letter_is_listed_replayed_and_discarded_by_its_owner(
    stack: Stack, sender: Client
) -> None:
    envelope = sent(stack, sender)
    home = ("--home", stack.home(XBO))
    with Client(Home(stack.home(XBO))) as owner:
        seq = str(_bury(owner, envelope.id))
        assert "poison" in sextant("inbox", "dead-letters", *home).stdout
        replayed = sextant("inbox", "replay", seq, "--reason", "mended", *home).stdout
        assert f"REPLAYED  delivery {seq}  log entry" in replayed
        assert _bury(owner, envelope.id) == int(seq)
    bad = sextant("inbox", "discard", seq, "--reason", "BORED", *home)
    assert bad.status == exits.USAGE
    assert "'unreadable', 'misdirected'" in bad.stderr
    discarded = sextant("inbox", "discard", seq, "--reason", "superseded", *home).stdout
    assert f"DISCARDED  delivery {seq}  log entry" in discarded
    refused = sextant("inbox", "replay", seq, *home)
    assert refused.status == exits.REFUSED
    assert "no dead letter" in refused.stderr
    events = sender.events(envelope.id).events
    assert [e.event for e in events if e.index is not None] == ["replayed", "discarded"]


def _bury(owner: Client, envelope_id: str) -> int:
    """Lease what waits for the owner until it is this envelope, and give that up."""
    while True:
        (lease,) = owner.session.request("POST", "/v1/mailbox/leases", json={}).json()["leases"]
        path = f"/v1/mailbox/leases/{lease['lease']}"
        if lease["id"] == envelope_id:
            body = {"error": "poison", "dead": True}
            owner.session.request("POST", f"{path}/release", json=body)
            return int(lease["seq"])
        owner.session.request("POST", f"{path}/acknowledge")


def test_a_copy_of_record_verifies_when_the_exchange_erased_the_ciphertext(
    stack: Stack, sender: Client, tmp_path: Path
) -> None:
    envelope = sent(stack, sender, "C0")
    home = stack.home(XAL)
    sextant("recall", envelope.id, *WHY, "--home", home)
    with erasing(stack):
        wait_erased(sender, envelope.id)
    assert verified_copy(stack, envelope, tmp_path / "copy.zip") == envelope.id
    path = f"/v1/envelopes/{XAL}/{envelope.id}/manifest"
    assert sender.session.request("GET", path).content == envelope.manifest().raw
    gone = sextant("inbox", "--json", "--home", stack.home(XBO)).json()["gone"]
    assert envelope.id in {delivery["id"] for delivery in gone}  # it holds up nothing


@contextmanager
def erasing(stack: Stack) -> Iterator[None]:
    """Run the exchange under a policy that erases class C0 at once, and then as it was.

    Others use the same exchange after this: the policy must not stay in force on it.
    """
    policy = '[{"class": "C0", "days": 0, "why": "a synthetic policy"}]'
    restart(
        stack,
        {"SEXTANT_EXCHANGE_RETENTION": policy, "SEXTANT_EXCHANGE_ERASE_EVERY_S": "0.1"},
    )
    try:
        yield
    finally:
        restart(stack, {})


def restart(stack: Stack, extra: dict[str, str]) -> None:
    """Restart the exchange with these settings beside its own."""
    exchange = stack.services["exchange"]
    exchange.stop()
    exchange.extra = extra
    exchange.start()
    exchange.wait_ready()


def wait_erased(sender: Client, envelope_id: str) -> None:
    """Return when the log has the erasure."""
    for _ in range(200):
        last = sender.events(envelope_id).events[-1]
        if last.event == "erased" and last.index is not None:
            return
        time.sleep(0.05)
    pytest.fail("it was not erased in ten seconds")
