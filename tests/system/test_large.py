"""A hundred mebibytes from one State to the Secretariat and another; and a kill on the way.

As one document, and as a package of many: what takes the package apart is a process of its own at
the State, and the workshop at the Secretariat.
"""

import json
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.local.stack import Stack
from sextant_client import packing
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.sent import SentEnvelope
from sextant_shared.models.receipts import OutcomeReceipt
from tests.support.memory import begin_peak, peak

pytestmark = pytest.mark.processes

MIB = 1 << 20
LARGEST = 100 * MIB
ALLOWED = 40 * MIB  # beyond what a process holds when idle
ANSWER_LIMIT_S = 60.0
DECLARATION = "application/vnd.sextant.declaration+json"
NOTICE = Path(__file__).resolve().parents[2] / "examples" / "kinds" / "S1_TRANSFER_NOTIF.json"
UNREADABLE = {"REG-6", "REG-7"}  # a package that cannot be read, an archive that is left closed
SMALL_PARTS = {"map.bin": 10, "plan.zip": 10, "page-00.txt": 10}
LARGE_PARTS = {"map.bin": 42 * MIB, "plan.zip": 42 * MIB}  # each more than is allowed
LARGE_PARTS |= {f"page-{n:02}.txt": MIB // 4 for n in range(59)}
# Runs what it is given, and writes down the most memory in KiB that it held.
MEASURING = """\
#!{python} -I
import resource, subprocess, sys
done = subprocess.run([sys.executable, *sys.argv[1:]], check=False)
with open({told!r}, "a") as told:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=told)
sys.exit(done.returncode)
"""


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
            cty=DECLARATION,
            classification="C1",
            to=to,
        )
    finally:
        content.unlink()


@pytest.fixture
def child_peaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where it is written what each process held that took a package apart, in KiB."""
    told, measuring = tmp_path / "peaks", tmp_path / "python"
    measuring.write_text(MEASURING.format(python=sys.executable, told=str(told)))
    measuring.chmod(0o700)
    monkeypatch.setattr(packing, "sys", SimpleNamespace(executable=str(measuring)))
    return told


def written(folder: Path, sizes: Mapping[str, int]) -> list[Path]:
    """Write a file of each size, none like another; a zip holds that much in one document."""
    folder.mkdir()
    for n, (name, size) in enumerate(sizes.items()):
        content = bytes([n]) * size
        if name.endswith(".zip"):
            with zipfile.ZipFile(folder / name, "w") as archive:
                archive.writestr("plan.bin", content)
        else:
            (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


def packed(client: Client, notice: Path, attachments: list[Path]) -> SentEnvelope:
    """Seal a notice of its own id and its attachments to the Secretariat and another State."""
    members = json.loads(NOTICE.read_text()) | {"declaration_id": f"XAL-2025-{notice.stem}"}
    notice.write_text(json.dumps(members))
    return client.seal(
        notice,
        type_="transfer.notice",
        cty=DECLARATION,
        classification="C1",
        to=["SEC", "NA-XBO"],
        attachments=attachments,
    )


def outcome(client: Client, envelope: SentEnvelope) -> OutcomeReceipt:
    """Return what the Secretariat decided about an envelope."""
    answers = (received.answer() for received in client.follow(envelope.id, ANSWER_LIMIT_S))
    (found,) = (answer for answer in answers if isinstance(answer, OutcomeReceipt))
    return found


def digest(path: Path) -> bytes:
    with path.open("rb") as source:
        return file_digest(source, "sha256").digest()


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
    assert digest(received.content) == digest(envelope.content)
    for folder in (received.folder, envelope.folder):  # half a gigabyte that nobody looks at
        shutil.rmtree(folder)


def test_the_largest_package_passes_every_hop_in_little_memory(
    stack: Stack, client: Client, child_peaks: Path, tmp_path: Path
) -> None:
    pids = {
        name: service.process.pid for name, service in stack.services.items() if service.process
    }
    small, large = written(tmp_path / "few", SMALL_PARTS), written(tmp_path / "many", LARGE_PARTS)
    notice = tmp_path / "MANY.json"
    with Client(Home(stack.home("NA-XBO"))) as other:
        first = packed(client, tmp_path / "FEW.json", small)
        client.deposit(first)
        usual = outcome(client, first)
        list(other.collect())
        with bounded(seal="self"):
            envelope = packed(client, notice, large)
        assert envelope.content.stat().st_size > LARGEST - 2 * MIB
        with bounded(deposit="self", **pids, **workshop(pids["declarations"])):
            client.deposit(envelope)
            told = outcome(client, envelope)
        assert told.content is not None  # the message was found in it, whatever the rules say of it
        rules = {finding.rule for finding in told.findings}
        assert rules == {finding.rule for finding in usual.findings}
        assert not rules & UNREADABLE
        with bounded(receive="self", **pids):
            (received,) = other.collect()
    *_, few, many = (int(kib) << 10 for kib in child_peaks.read_text().split())
    assert many - few < ALLOWED
    assert received.documents() == sorted([notice.name, *LARGE_PARTS])
    for path in (notice, *large):
        assert digest(received.parts / path.name) == digest(path)
    for folder in (received.folder, envelope.folder, tmp_path / "many"):
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
