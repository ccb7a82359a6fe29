"""A hundred mebibytes from one State to the Secretariat and another; and a kill on the way."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.sent import SentEnvelope
from tests.support.memory import begin_peak, peak

pytestmark = pytest.mark.processes

MIB = 1 << 20
LARGEST = 100 * MIB
ALLOWED = 40 * MIB  # beyond what a process holds when idle
ANSWER_LIMIT_S = 60.0


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with Client(Home(stack.home("NA-XAL"))) as one:
        yield one


def sealed(stack: Stack, client: Client, size: int, to: list[str]) -> SentEnvelope:
    content = stack.root / f"large-{size}.bin"
    content.write_bytes(bytes(size))
    try:
        return client.seal(
            content,
            type_="transfer.notice" if len(to) > 1 else "declaration.annual",
            cty="application/vnd.sextant.declaration+json",
            classification="C1",
            to=to,
        )
    finally:
        content.unlink()


@contextmanager
def bounded(**processes: int | str) -> Iterator[None]:
    """Fail when one of the processes needs more than it may while the block runs."""
    before = {name: begin_peak(pid) for name, pid in processes.items()}
    yield
    grown = {name: peak(pid) - before[name] for name, pid in processes.items()}
    assert max(grown.values()) < ALLOWED, grown


def workshop(pid: int) -> dict[str, int]:
    """Return the processes below a service's, by a name."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [child for task in tasks for child in (task / "children").read_text().split()]
    below = {f"child_{child}": int(child) for child in children}
    for child in children:
        below |= workshop(int(child))
    return below


def test_the_largest_content_passes_every_hop_in_little_memory(
    stack: Stack, client: Client
) -> None:
    pids = {
        name: service.process.pid for name, service in stack.services.items() if service.process
    }
    with Client(Home(stack.home("NA-XBO"))) as other:
        small = sealed(stack, client, 10, ["SEC", "NA-XBO"])
        client.deposit(small)
        list(client.follow(small.id, ANSWER_LIMIT_S))  # what is loaded once is no matter of size
        list(other.collect())
        with bounded(seal="self"):
            envelope = sealed(stack, client, LARGEST, ["SEC", "NA-XBO"])
        with bounded(deposit="self", **pids, **workshop(pids["declarations"])):
            client.deposit(envelope)
            answers = [received.answer() for received in client.follow(envelope.id, ANSWER_LIMIT_S)]
        assert "opened" in {answer.kind for answer in answers if answer}
        with bounded(receive="self", **pids):
            (received,) = other.collect()
    with received.content.open("rb") as got, envelope.content.open("rb") as sent:
        assert file_digest(got, "sha256").digest() == file_digest(sent, "sha256").digest()
    for folder in (received.folder, envelope.folder):  # half a gigabyte that nobody looks at
        shutil.rmtree(folder)


def test_an_exchange_killed_inside_an_upload_goes_on_where_its_durable_bytes_end(
    stack: Stack, client: Client
) -> None:
    exchange = stack.services["exchange"]
    envelope = sealed(stack, client, 24 * MIB, ["SEC"])
    told: list[int] = []
    killed: list[int] = []

    def kill_once(done: int, _total: int) -> None:
        told.append(done)
        if done > 20 * MIB and not killed:  # inside the second part
            killed.append(len(told))
            exchange.kill()
            exchange.start()

    deposit = client.deposit(envelope, kill_once)
    size = envelope.container.stat().st_size
    assert min(told[killed[0] :]) > 16 * MIB  # nothing that was durable left a second time
    assert told[-1] == size
    assert client.deposit(envelope).raw == deposit.raw
    assert client.status(envelope.id).size == size
    assert not envelope.upload.exists()
    assert list((stack.root / "data" / "exchange" / "uploads").iterdir()) == []
