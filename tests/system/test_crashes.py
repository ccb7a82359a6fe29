"""The process is stopped with SIGKILL at every durable step, then started again.

After each stop: the sender gets its receipt with the same bytes, every receipt ever handed out
still verifies and is given again byte for byte, nothing is processed twice, the log is consistent.
"""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack, sextant
from sextant_client.client import Client, Deposit
from sextant_client.home import Home
from sextant_client.log import LogReader
from sextant_client.sent import SentEnvelope
from sextant_client.session import Session
from sextant_shared.protocol.receipts import verify_custody
from tests.support.postgresql import EVERYWHERE
from tests.system.conftest import PUBLISHED_EVERY_S

pytestmark = pytest.mark.processes

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NA-XAL" / "nil-2025.json"
ANSWER_LIMIT_S = 60.0
LARGE = 300_000  # beyond what is kept in a row, so that the blob store is used
DEPOSIT_POINTS = [
    "exchange.after_held",
    "exchange.after_logged",
    "exchange.after_accepted",
    "audit.before_commit",
    "audit.after_commit",
    "signer.after_remember",
    "audit.after_sign",
    "audit.before_publish",
]
WORKER_POINTS = [
    "declarations.after_lease",
    "declarations.after_open",
    "declarations.after_stored",
    "declarations.after_entry",
    "declarations.after_reply",
    "declarations.after_ack",
]


class Sender:
    """NA-XAL's client, and everything it was ever given."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.home = Home(stack.home("NA-XAL"))
        self.client = Client(self.home)
        self.receipts: dict[str, tuple[SentEnvelope, bytes]] = {}
        self.number = 0

    def seal(self, size: int = 0) -> SentEnvelope:
        """Seal a fresh nil declaration, or `size` bytes that are none."""
        self.number += 1
        content = self.stack.root / f"declaration-{self.number}.json"
        if size:
            content.write_bytes(b"x" * size)
        else:
            members = json.loads(EXAMPLE.read_text())
            members["declaration_id"] = f"XAL-CRASH-{self.number}"
            content.write_text(json.dumps(members))
        return self.client.seal(
            content,
            type_="declaration.annual",
            cty="application/vnd.sextant.declaration+json",
            classification="C2",
        )

    def deposit(self, envelope: SentEnvelope) -> Deposit:
        """Deposit and remember the receipt."""
        deposit = self.client.deposit(envelope)
        self.receipts[envelope.id] = (envelope, deposit.raw)
        return deposit

    def answers(self, envelope: SentEnvelope) -> list[str]:
        """Wait for the outcome; return the kinds of all answers that came."""
        list(self.client.follow(envelope.id, ANSWER_LIMIT_S))
        return [
            answer.kind
            for received in self.client.sent.replies(self.home.inbox, envelope.id)
            if (answer := received.answer())
        ]


@pytest.fixture(scope="module")
def sender(stack: Stack) -> Iterator[Sender]:
    one = Sender(stack)
    yield one
    with one.client:
        pass  # closes its connections


def crash_at(stack: Stack, point: str) -> None:
    """Restart the point's service so that it stops there."""
    service = stack.processes[point.partition(".")[0]]
    service.stop()
    service.extra = {f"SEXTANT_{service.name.upper()}_CRASH_AT": point}
    service.start()
    service.wait_ready()


def recover(stack: Stack, point: str) -> None:
    """Wait for the service to be stopped by the crash point, and start it again."""
    service = stack.processes[point.partition(".")[0]]
    assert service.wait_dead() == -9
    service.extra = {}
    service.start()
    service.wait_ready()


def check(stack: Stack, sender: Sender) -> None:
    """Every receipt holds and is given again; the auditor's rebuild of the log agrees."""
    keys = sender.client.trust.log_keys
    newest = 0
    for envelope, raw in sender.receipts.values():
        newest = max(newest, verify_custody(raw, envelope.digest, envelope.id, keys).index)
        path = f"/v1/envelopes/NA-XAL/{envelope.id}/receipt"
        assert sender.client.session.request("GET", path).content == raw
    auditor = Home(stack.home("auditor"))
    signer = auditor.keys.api_signer()
    session = Session(stack.services["audit"].url, client_id="auditor", signer=signer)
    reader = LogReader(session)
    time.sleep(2 * PUBLISHED_EVERY_S)  # the published head moves no more often
    deadline = time.monotonic() + ANSWER_LIMIT_S
    while (head := reader.checkpoint(keys)).size <= newest:
        assert time.monotonic() < deadline
        time.sleep(PUBLISHED_EVERY_S)
    counts = reader.rebuild(head, lambda _done, _total: None)
    session.close()
    assert counts["genesis"] == 1


def blobs(stack: Stack) -> set[str]:
    """Return the names of the containers that the exchange keeps as files."""
    return {p.name for p in (stack.root / "data" / "exchange" / "blobs").iterdir() if p.is_file()}


def registered(stack: Stack) -> list[dict[str, Any]]:
    """Return all declarations that an officer sees."""
    answer = sextant("officer", "list", "--json", "--home", stack.home("officer")).json()
    items: list[dict[str, Any]] = next(v for v in answer.values() if isinstance(v, list))
    return items


@pytest.mark.parametrize("point", DEPOSIT_POINTS)
def test_a_stop_during_a_deposit_loses_and_repeats_nothing(
    stack: Stack, sender: Sender, point: str
) -> None:
    envelope = sender.seal()
    crash_at(stack, point)
    result: list[Deposit] = []
    thread = threading.Thread(target=lambda: result.append(sender.deposit(envelope)))
    thread.start()
    recover(stack, point)
    thread.join(90)
    assert result, "the deposit did not finish after the restart"
    assert sender.deposit(envelope).raw == result[0].raw
    assert len(sender.client.status(envelope.id).recipients) == 1
    assert sorted(sender.answers(envelope)) == ["opened", "outcome"]
    check(stack, sender)


def test_a_stop_after_a_large_body_is_stored_leaves_no_orphan(stack: Stack, sender: Sender) -> None:
    envelope = sender.seal(LARGE)
    before = blobs(stack)
    crash_at(stack, "exchange.after_blob")
    result: list[Deposit] = []
    thread = threading.Thread(target=lambda: result.append(sender.deposit(envelope)))
    thread.start()
    recover(stack, "exchange.after_blob")
    thread.join(90)
    assert result
    # On a server another exchange may be storing it: what nobody has is swept by its age.
    assert len(blobs(stack) - before) == (2 if EVERYWHERE else 1)
    assert "outcome" in sender.answers(envelope)
    check(stack, sender)


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_a_stop_of_the_worker_loses_and_repeats_nothing(
    stack: Stack, sender: Sender, point: str
) -> None:
    before = len(registered(stack))
    crash_at(stack, point)
    envelope = sender.seal()
    sender.deposit(envelope)
    recover(stack, point)
    assert sorted(sender.answers(envelope)) == ["opened", "outcome"]
    assert len(registered(stack)) == before + 1
    check(stack, sender)


def test_a_stop_while_a_party_enrols_puts_its_document_in_force_once(
    stack: Stack, sender: Sender
) -> None:
    for number, point in enumerate(("exchange.after_party_held", "exchange.after_party_logged")):
        party, home = f"NA-XC{number}", stack.home(f"NA-XC{number}")
        request = stack.root / "pins" / f"{party}.json"
        sextant("keys", "generate", "--home", home)
        named = ("--party", party, "--name", "Synthetic")
        sextant("keys", "request", "--home", home, *named, "--out", request)
        sextant("keys", "countersign", request, "--home", stack.home("REG-1"))
        crash_at(stack, point)
        give = ("keys", "enrol", request, "--exchange", stack.services["exchange"].url)
        registrar = ("--client-id", "REG-1", "--home", stack.home("REG-1"))
        thread = threading.Thread(
            target=lambda g=give, r=registrar: sextant(*g, *r, expect=(0, 3)), daemon=True
        )
        thread.start()
        recover(stack, point)
        thread.join(90)
        assert sextant(*give, *registrar, "--json").json()["ver"] == 1
        assert sender.client.parties.newest(party).document.ver == 1
    check(stack, sender)
