"""What was handed out once verifies for ever, and no byte of it can be changed unseen.

To add a folder: `python -m tests.frozen.make NAME`, then say in `EXPECTED` what each of its files
proves. Never edit a folder or a line of `digests.txt` that is there: whoever kept such a file still
has it, and a version that no longer verifies it breaks a promise, not a test.
"""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from sextant_client import errors as exits
from sextant_client.errors import VerificationError
from sextant_client.trust import Trust
from sextant_client.verifier.files import About, Proved, verify_file
from sextant_client.verify import INDEX, verify_bundle
from sextant_shared.errors import PlatformError
from sextant_shared.models.receipts import Level
from tests.frozen.make import DIGESTS, FOLDER, digest_lines

LOGGED, WITNESSED = Level.LOGGED, Level.WITNESSED
_PROOFS = ("tlog-proof", "cose receipt")

# What each file proves: kind, level, the sender or type, and which proofs it holds for others.
EXPECTED: dict[str, dict[str, tuple[str, Level, str, tuple[str, ...]]]] = {
    "2026-10": {  # bundles held neither tlog-proofs nor COSE receipts as files
        "single.zip": ("bundle", WITNESSED, "NA-XAL", ()),
        "s2.zip": ("bundle", WITNESSED, "NA-XCE", ()),
        "recall.json": ("act", LOGGED, "envelope.recalled", ()),
    },
    "2026-11": {
        "logged.zip": ("bundle", LOGGED, "NA-XAL", _PROOFS),
        "single.zip": ("bundle", WITNESSED, "NA-XAL", _PROOFS),
        "s2.zip": ("bundle", WITNESSED, "NA-XCE", _PROOFS),
        "several.zip": ("bundle", WITNESSED, "NA-XAL", _PROOFS),
        "package.zip": ("bundle", WITNESSED, "NA-XAL", _PROOFS),
        "recalled.zip": ("bundle", WITNESSED, "NA-XAL", _PROOFS),
        "no-cose.zip": ("bundle", WITNESSED, "NA-XAL", _PROOFS[:1]),
        "recall.json": ("act", LOGGED, "envelope.recalled", ()),
        "custody.json": ("custody", LOGGED, "envelope.accepted", ()),
        "checkpoint.txt": ("checkpoint", WITNESSED, "", ()),
        "entry.tlog-proof": ("tlog-proof", WITNESSED, "", ()),
        "entry.cose": ("cose", LOGGED, "", ()),
    },
    "2026-11-deliveries": {  # the receipt of a delivery is new; bundles are as before
        "single.zip": ("bundle", WITNESSED, "NA-XAL", _PROOFS),
        "acknowledgement.json": ("act", LOGGED, "delivery.acknowledged", ()),
    },
}
BESIDE = {"trust.json", "entry.json", "container.dxe", "content"}  # no evidence by themselves
CASES = [(name, file) for name, files in EXPECTED.items() for file in files]


def about(folder: Path, file: str) -> About:
    if file == "custody.json":
        return About(container=folder / "container.dxe")
    return About(entry=folder / "entry.json") if file.startswith("entry.") else About()


def verified(name: str, file: str, level: Level, path: Path | None = None) -> Proved:
    folder = FOLDER / name
    trust = Trust.load(folder / "trust.json")
    return verify_file(path or folder / file, trust, level, about(folder, file))


def test_no_frozen_file_was_changed_added_or_lost() -> None:
    folders = sorted(path for path in FOLDER.iterdir() if path.is_dir() and path.name[0] != "_")
    found = [line for folder in folders for line in digest_lines(folder)]
    assert DIGESTS.read_text(encoding="ascii").splitlines() == found


def test_every_frozen_file_says_what_it_proves() -> None:
    named = {folder: set(files) | BESIDE for folder, files in EXPECTED.items()}
    for line in DIGESTS.read_text(encoding="ascii").splitlines():
        folder, _, file = line.partition("  ")[2].partition("/")
        assert file in named[folder], f"say in EXPECTED what {folder}/{file} proves"


@pytest.mark.parametrize(("name", "file"), CASES)
def test_it_still_verifies_and_proves_the_same(name: str, file: str) -> None:
    kind, level, who, proofs = EXPECTED[name][file]
    found = verified(name, file, level)
    assert (found.kind, found.level, found.is_doubtful) == (kind, level, False)
    assert who in {found.facts.get("sender"), found.facts.get("type"), ""}
    names = [check.name for check in found.checks]
    assert tuple(word for word in _PROOFS if word in names) == proofs


@pytest.mark.parametrize(
    ("name", "file"), [(n, f) for n, f in CASES if EXPECTED[n][f][1] is LOGGED]
)
def test_it_proves_no_more_than_it_did(name: str, file: str) -> None:
    with pytest.raises(VerificationError) as caught:
        verified(name, file, WITNESSED)
    assert caught.value.status == exits.BUNDLE_WITNESSES


# --- single files, byte by byte -------------------------------------------------------------------

MALFORMED = exits.BUNDLE_MALFORMED
HEADS = {MALFORMED, exits.OTHER_LOG, exits.UNKNOWN_KEY, exits.LOG_SIGNATURE}
SMALL: dict[str, set[int]] = {
    "checkpoint.txt": HEADS | {exits.BUNDLE_WITNESSES},
    "entry.tlog-proof": HEADS | {exits.BUNDLE_WITNESSES, exits.BUNDLE_LOG},
    "entry.cose": HEADS | {exits.BUNDLE_LOG},
    "custody.json": HEADS | {exits.BUNDLE_LOG, exits.BUNDLE_CUSTODY},
    "recall.json": HEADS | {exits.BUNDLE_LOG, exits.BUNDLE_CONTENT},
}
LONG_LINE = 1000  # of an ML-DSA signature: a few of its bytes stand for all


def places(data: bytes) -> Iterator[int]:
    """Yield every place, of long lines of base64 the ends and each 97th."""
    at = 0
    for line in data.split(b"\n"):
        size = len(line) + 1
        dense = size < LONG_LINE
        yield from (
            at + n
            for n in range(size)
            if dense or n < 80 or n > size - 12 or n % 97 == 0
            if at + n < len(data)
        )
        at += size


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def status_of(work: Callable[[], object]) -> int:
    try:
        work()
    except VerificationError as error:
        return error.status
    return exits.OK


@pytest.mark.parametrize("file", SMALL)
def test_no_byte_of_a_small_file_can_be_changed_unseen(file: str, tmp_path: Path) -> None:
    folder, level = FOLDER / "2026-11", EXPECTED["2026-11"][file][1]
    data = (folder / file).read_bytes()
    trust = Trust.load(folder / "trust.json")
    path, beside = tmp_path / file, about(folder, file)
    found: dict[int, int] = {}
    for at in places(data):
        path.write_bytes(flipped(data, at))
        found[at] = status_of(lambda: verify_file(path, trust, level, beside))
    unseen = [at for at, status in found.items() if status == exits.OK]
    assert set(found.values()) - {exits.OK} <= SMALL[file]
    # The signature of a COSE receipt covers the root, so its size is bound by the path alone: 15
    # and 14 entries need the same path to entry 10. Bundles join that root to a checkpoint's size.
    loose = [data.index(b"\x83\x0f\x0a") + 1] if file == "entry.cose" else []
    assert unseen == loose


# --- members of bundles, with an index that fits them again ---------------------------------------

PARTS: dict[str, set[int]] = {
    "container.dxe": {
        MALFORMED,
        exits.BUNDLE_CUSTODY,
        exits.BUNDLE_REGISTRY,
        exits.BUNDLE_SIGNATURE,
        exits.BUNDLE_CONTENT,
    },
    "custody.json": HEADS | {exits.BUNDLE_LOG, exits.BUNDLE_CUSTODY, exits.CONSISTENCY},
    "registry.json": {exits.BUNDLE_REGISTRY},
    "content": {exits.BUNDLE_CONTENT},
    "statements.json": {exits.BUNDLE_REGISTRY},
    "entry.json": {exits.BUNDLE_CUSTODY},
    "entry.tlog-proof": HEADS | {exits.BUNDLE_LOG, exits.BUNDLE_CUSTODY, exits.CONSISTENCY},
    "entry.cose": HEADS | {exits.BUNDLE_LOG, exits.BUNDLE_CUSTODY, exits.CONSISTENCY},
    "checkpoint.txt": HEADS | {exits.CONSISTENCY, exits.BUNDLE_WITNESSES},
    "consistency.json": {MALFORMED, exits.CONSISTENCY},
    "history": {exits.BUNDLE_REGISTRY},
}
SAMPLES = 6


def write_bundle(members: dict[str, bytes], path: Path) -> None:
    """Write a bundle whose index names the digests of its members as they are now."""
    index = json.loads(members[INDEX])
    others = {name: data for name, data in members.items() if name != INDEX}
    index["members"] = {name: sha256(data).hexdigest() for name, data in others.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**others, INDEX: json.dumps(index).encode()}.items():
            archive.writestr(name, data)


def part_of(member: str) -> str:
    folder, _, file = member.rpartition("/")
    return "history" if folder == "history" else file


@pytest.mark.parametrize("name", EXPECTED)
def test_a_changed_member_fails_with_its_class(name: str, tmp_path: Path) -> None:
    trust = Trust.load(FOLDER / name / "trust.json")
    with zipfile.ZipFile(FOLDER / name / "single.zip") as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    path = tmp_path / "changed.zip"
    for member, data in members.items():
        if member in {INDEX, "summary.html"}:  # a page for people proves nothing
            continue
        for at in spread(len(data)):
            write_bundle({**members, member: flipped(data, at)}, path)
            with pytest.raises(VerificationError) as caught:
                verify_bundle(path, trust, WITNESSED)
            assert caught.value.status in PARTS[part_of(member)], (member, at, caught.value)


@pytest.mark.parametrize(("name", "file"), [c for c in CASES if c[1].endswith(".zip")])
def test_a_byte_of_a_bundle_changed_on_its_way_is_seen(
    name: str, file: str, tmp_path: Path
) -> None:
    whole = (FOLDER / name / file).read_bytes()
    trust = Trust.load(FOLDER / name / "trust.json")
    path = tmp_path / file
    with zipfile.ZipFile(FOLDER / name / file) as archive:
        members = [
            (i.header_offset + 30 + len(i.filename), i.file_size) for i in archive.infolist()
        ]
    for start, size in members:
        at = start + size // 2
        path.write_bytes(flipped(whole, at))
        with pytest.raises(VerificationError) as caught:
            verify_bundle(path, trust)
        assert caught.value.status == MALFORMED


def spread(size: int, samples: int = SAMPLES) -> Sequence[int]:
    return sorted({size * n // samples for n in range(samples)} | {size - 1})


# --- what the verifier stands on ------------------------------------------------------------------

BLOCKED = """
import sys
class Blocked:
    names = {"httpx", "httpcore", "sqlmodel", "sqlalchemy", "fastapi", "starlette", "uvicorn",
             "typer", "rich", "structlog", "opentelemetry", "openpyxl", "fpdf", "alembic",
             "obstore", "uvloop"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ImportError(f"blocked: {name}")
def refuse(event, _):
    if event.startswith("socket.") or event == "subprocess.Popen":
        raise RuntimeError(f"blocked: {event}")
sys.meta_path.insert(0, Blocked())
sys.addaudithook(refuse)
from sextant_client.verifier.__main__ import main
sys.exit(main())
"""


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    called = [sys.executable, "-c", BLOCKED, *map(str, arguments)]
    return subprocess.run(called, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_verifies_without_a_network_or_the_other_libraries() -> None:
    folder = FOLDER / "2026-11"
    trust = ("--trust", folder / "trust.json")
    done = command(folder / "single.zip", *trust, "--level", "witnessed", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["level"] == "witnessed"
    done = command(folder / "logged.zip", *trust, "--level", "witnessed")
    assert (done.returncode, done.stdout) == (exits.BUNDLE_WITNESSES, "")
    assert done.stderr.startswith("E_POLICY")


Change = Callable[[Trust], Trust]


def repinned(**changes: object) -> Change:
    def change(trust: Trust) -> Trust:
        log = trust.file.log.model_copy(update=changes)
        return Trust(trust.file.model_copy(update={"log": log}))

    return change


OTHERS = json.loads((FOLDER / "2026-10" / "trust.json").read_text(encoding="utf-8"))["log"]
PINS: list[tuple[str, str, Change, int]] = [
    ("keys of another log of that name", "checkpoint.txt", repinned(**OTHERS), exits.UNKNOWN_KEY),
    ("keys without their name", "checkpoint.txt", repinned(origin="other.example"), exits.TRUST),
    ("no key of receipts", "entry.cose", repinned(receipt_key=None), exits.TRUST),
    (
        "a key of receipts that is none",
        "entry.cose",
        repinned(receipt_key={"kty": "EC"}),
        exits.TRUST,
    ),
    (
        "a policy that is none",
        "checkpoint.txt",
        lambda trust: Trust(trust.file.model_copy(update={"policy": "quorum\n"})),
        exits.TRUST,
    ),
    (
        "a newest checkpoint that is none",
        "checkpoint.txt",
        lambda trust: Trust(trust.file.model_copy(update={"checkpoint": "log\n"})),
        exits.TRUST,
    ),
]


@pytest.mark.parametrize(
    ("file", "change", "status"), [p[1:] for p in PINS], ids=[p[0] for p in PINS]
)
def test_what_the_trust_file_lacks_has_its_own_class(
    file: str, change: Change, status: int
) -> None:
    folder = FOLDER / "2026-11"
    trust = change(Trust.load(folder / "trust.json"))
    with pytest.raises(VerificationError) as caught:
        verify_file(folder / file, trust, LOGGED, about(folder, file))
    assert caught.value.status == status, caught.value


def test_a_proof_without_its_entry_is_asked_for_it() -> None:
    folder = FOLDER / "2026-11"
    trust = Trust.load(folder / "trust.json")
    for file in ("entry.tlog-proof", "entry.cose"):
        with pytest.raises(VerificationError) as caught:
            verify_file(folder / file, trust)
        assert caught.value.status == exits.USAGE
        found = verify_file(folder / file, trust, LOGGED, About(folder / "custody.json"))
        assert found.facts["index"] == 10


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{}", b'{"kind":"other"}', b"PK", b"hello\n"])
def test_a_file_of_no_known_kind_is_malformed(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(VerificationError) as caught:
        verify_file(path, Trust.load(FOLDER / "2026-11" / "trust.json"))
    assert caught.value.status == MALFORMED


def test_a_file_that_is_not_there_is_no_failure_of_evidence(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        verify_file(tmp_path / "nothing", Trust.load(FOLDER / "2026-11" / "trust.json"))
    assert exits.exit_status(caught.value) == exits.REFUSED
