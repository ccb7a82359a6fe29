"""Mailboxes by programs in other languages, written from the integrators' page alone.

A declaration that this SDK sent is leased, fetched, opened and acknowledged by them; the answers to
one that they sent are verified by them.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.stack import Stack, sextant
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.sent import SentEnvelope
from sextant_shared.models.exchange import DeliveryState
from tests.support.strangers import network_options
from tests.support.toolchains import BUILDERS, Readers, run

pytestmark = pytest.mark.processes
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
XAL, XBO = "NA-XAL", "NA-XBO"
CTY = "application/vnd.sextant.declaration+json"
REFUSED = 4
LIMIT_S = 60.0


@dataclass
class Stranger:
    """A program of another language that acts for NA-XBO, and what NA-XAL sends it."""

    stack: Stack
    command: list[str]
    folder: Path

    def __call__(
        self, name: str, *arguments: str | Path, party: str = XBO
    ) -> subprocess.CompletedProcess[str]:
        """Run one of its commands that use the network."""
        options = network_options(self.stack, party, self.folder)
        return run(*self.command, name, *options, *arguments)

    def notify(self) -> SentEnvelope:
        """Have NA-XAL send a notice of a transfer to NA-XBO and the Secretariat."""
        members = json.loads((EXAMPLES / "kinds" / "S1_TRANSFER_NOTIF.json").read_text())
        members["declaration_id"] = f"XAL-STRANGER-{time.time_ns()}"
        path = self.folder / "notice.json"
        path.write_text(json.dumps(members))
        with self.client() as client:
            sent = client.seal(
                path, type_="transfer.notice", cty=CTY, classification="C2", to=["SEC", XBO]
            )
            client.deposit(sent)
        return sent

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Give this SDK's client of NA-XAL."""
        with Client(Home(self.stack.home(XAL))) as client:
            yield client

    def state(self, sent: SentEnvelope) -> DeliveryState:
        """Return where NA-XBO's copy stands, by the word of the exchange."""
        with self.client() as client:
            (copy,) = (one for one in client.status(sent.id).recipients if one.party == XBO)
        return copy.state

    def listed(self, sent: SentEnvelope) -> list[str]:
        """Return the words of the line in which its list of what waits names an envelope."""
        (line,) = (one for one in self("mailbox").stdout.splitlines() if sent.id in one)
        return line.split()

    @property
    def inbox(self) -> Path:
        """Where it stores what it collects."""
        inbox = self.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        return inbox

    def collect(self, *, party: str = XBO, until: str = "") -> list[str]:
        """Collect without a refusal; return a line for each, the one with `until` among them."""
        deadline, lines = time.monotonic() + LIMIT_S, []
        while True:
            done = self("collect", "--out", self.inbox, party=party)
            assert (done.returncode, done.stderr) == (0, "")
            lines += done.stdout.splitlines()
            if any(until in line for line in lines) or not until:
                return lines
            assert time.monotonic() < deadline, lines
            time.sleep(0.5)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Readers:
    """Return how to call the reader of a language."""
    return Readers(tmp_path_factory.mktemp("readers"))


@pytest.fixture(params=BUILDERS)
def stranger(
    request: pytest.FixtureRequest, stack: Stack, commands: Readers, tmp_path: Path
) -> Stranger:
    """Return the program of a language; nothing waits in its mailbox."""
    made = Stranger(stack, commands(request.param), tmp_path)
    made.collect()
    return made


def test_a_wrong_sealing_key_opens_nothing_and_the_delivery_comes_back(stranger: Stranger) -> None:
    sent = stranger.notify()
    theirs = stranger.folder / "other.json"
    network_options(stranger.stack, XAL, stranger.folder)
    own = json.loads((stranger.folder / f"{XBO}.json").read_text())
    other = json.loads((stranger.folder / f"{XAL}.json").read_text())
    theirs.write_text(json.dumps(own | {"seal": other["seal"]}))
    done = stranger("collect", "--out", stranger.inbox, "--keys", theirs)
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert done.stderr.startswith("E_NOT_RECIPIENT: ")
    line = stranger.listed(sent)
    assert (line[1], line[-1]) == ("available", "E_NOT_RECIPIENT")
    assert not (stranger.inbox / line[0]).exists()
    assert f"{line[0]} acknowledged {XAL} {sent.id}" in "\n".join(stranger.collect(until=sent.id))


def test_a_log_that_is_not_pinned_proves_nothing(stranger: Stranger) -> None:
    sent = stranger.notify()
    trust = json.loads(stranger.stack.trust_file.read_text())
    vectors = Path(__file__).resolve().parents[2] / "docs" / "integrators" / "vectors"
    trust["log"]["vkeys"] = json.loads((vectors / "receipts.json").read_text())["vkeys"]
    other = stranger.folder / "trust.json"
    other.write_text(json.dumps(trust))
    done = stranger("collect", "--out", stranger.inbox, "--trust", other)
    assert (done.returncode, done.stderr[:7]) == (REFUSED, "E_KEY: ")
    assert stranger.listed(sent)[1] == "available"
    stranger.collect(until=sent.id)


def test_an_access_key_of_another_party_gets_in_nowhere(stranger: Stranger) -> None:
    network_options(stranger.stack, XAL, stranger.folder)
    done = stranger("mailbox", "--keys", stranger.folder / f"{XAL}.json")
    assert (done.returncode, done.stdout, done.stderr[:8]) == (REFUSED, "", "E_AUTH: ")


def test_a_lease_that_was_lost_acknowledges_nothing(stranger: Stranger) -> None:
    sent = stranger.notify()
    leased = json.loads(stranger("lease", "--lease-s", "1").stdout)
    assert (leased["id"], stranger.state(sent)) == (sent.id, DeliveryState.LEASED)
    time.sleep(1.2)
    done = stranger("acknowledge", "--", leased["lease"])
    assert (done.returncode, done.stderr[:9]) == (REFUSED, "E_STATE: ")
    stranger.collect(until=sent.id)
    assert stranger.state(sent) is DeliveryState.ACKNOWLEDGED


def test_what_is_given_back_keeps_its_reason_and_comes_again(stranger: Stranger) -> None:
    sent = stranger.notify()
    token = json.loads(stranger("lease").stdout)["lease"]
    assert stranger("release", "--error", "disk-full", "--", token).returncode == 0
    line = stranger.listed(sent)
    assert (line[1], line[-1]) == ("available", "disk-full")
    stranger.collect(until=sent.id)


def test_a_fetch_that_broke_goes_on_and_never_with_other_bytes(stranger: Stranger) -> None:
    sent = stranger.notify()
    begun = stranger.inbox / f"{stranger.listed(sent)[0]}.part"
    part = sent.container.read_bytes()[:-2000]
    begun.write_bytes(part[:-1] + bytes([part[-1] ^ 1]))
    done = stranger("collect", "--out", stranger.inbox)
    assert (done.returncode, done.stderr[:10]) == (REFUSED, "E_DIGEST: ")
    assert not begun.exists()
    begun.write_bytes(part)
    stranger.collect(until=sent.id)
    assert (begun.with_suffix("") / "container.dxe").read_bytes() == sent.container.read_bytes()


def test_a_declaration_is_collected_opened_and_acknowledged(stranger: Stranger) -> None:
    sent = stranger.notify()
    (line,) = stranger.collect(until=sent.id)
    seq = line.split()[0]
    stored = stranger.inbox / seq
    assert line == f"{seq} acknowledged {XAL} {sent.id} transfer.notice"
    assert (stored / "content").read_bytes() == (stranger.folder / "notice.json").read_bytes()
    assert (stored / "kpc").read_bytes() == sent.kpc
    assert stranger.state(sent) is DeliveryState.ACKNOWLEDGED
    assert stranger("lease").stdout == "null\n"
    proved = _proved(stranger, XBO, f"{XAL}/{sent.id}", f"delivery.acknowledged by {XBO}")
    assert "log index" in proved
    sextant("log", "verify", "--home", stranger.stack.home("auditor"))


def test_the_answers_to_a_strangers_declaration_are_opened_and_verified(
    stranger: Stranger,
) -> None:
    stranger.collect(party=XAL)
    members = json.loads((EXAMPLES / XAL / "nil-2025.json").read_text())
    members["declaration_id"] = f"XAL-STRANGER-{time.time_ns()}"
    content = stranger.folder / "nil.json"
    content.write_text(json.dumps(members))
    ours, others = stranger.folder / "ours", stranger.folder / "others"
    for folder in (ours, others):
        folder.mkdir()
    options = ("--type", "declaration.annual", "--cty", CTY, "--class", "C2")
    done = stranger("send", "--out", ours, *options, content, party=XAL)
    assert (done.returncode, done.stderr) == (0, "")
    lines = stranger.collect(party=XAL, until="receipt.outcome")
    seqs = {line.split()[-1]: line.split()[0] for line in lines}
    stranger.folder.joinpath("letter").write_text("Another matter.")
    assert stranger("send", "--out", others, stranger.folder / "letter", party=XAL).returncode == 0
    answer = stranger.inbox / seqs["receipt.opened"]
    done = stranger("answer", "--sent", others, answer)
    assert (done.returncode, done.stderr[:13]) == (REFUSED, "E_INTEGRITY: ")
    for kind, verdict in (("opened", "OPENED"), ("outcome", "REGISTERED")):
        done = stranger("answer", "--sent", ours, stranger.inbox / seqs[f"receipt.{kind}"])
        assert done.stdout.startswith(f"{kind}: {verdict} at "), done.stderr


def _proved(stranger: Stranger, party: str, name: str, act: str) -> str:
    """Return the line of an act once the log's proof of it is there and verified."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        done = stranger("acts", name, party=party)
        assert (done.returncode, done.stderr) == (0, "")
        for line in done.stdout.splitlines():
            if line.startswith(act) and "log index" in line:
                return line
        assert time.monotonic() < deadline, done.stdout
        time.sleep(0.3)
