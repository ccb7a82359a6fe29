"""Why a bundle is refused: for each thing in it that may be wrong, the class and the words.

`words.json` holds them, as it holds what the report of a whole bundle says (`test_reports.py`).
Members stay what the log and the parties signed: they are taken from other bundles of that log.
"""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sextant_client import verify
from sextant_client.errors import VerificationError
from sextant_client.trust import Trust
from sextant_client.verify import INDEX, verify_bundle
from sextant_shared.models.receipts import Level
from tests.frozen.make import FOLDER
from tests.support.logs import receipt_key
from tests.unit.client.verifier.bundles import ROOM, Bundle, Change, lettered, told

WORDS = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
CONTAINER, CUSTODY, REGISTRY = "envelope/container.dxe", "envelope/custody.json", "registry.json"
ACCEPTED = ("container.dxe", "custody.json", "entry.json", "entry.tlog-proof", "entry.cose")


def trusted(**changes: Any) -> Trust:
    trust = Trust.load(ROOM / "trust.json")
    return Trust(trust.file.model_copy(update=changes))


def refusal(path: Path, trust: Trust | None = None, level: Level = Level.LOGGED) -> list[object]:
    with pytest.raises(VerificationError) as caught:
        verify_bundle(path, trust or trusted(), level)
    return told(caught.value)


# --- what its members say -------------------------------------------------------------------------


def drop(field: str, where: str = "envelope") -> Change:
    """Leave out a member that the index still names."""

    def change(bundle: Bundle) -> None:
        names = bundle.envelope if where == "envelope" else bundle.replies[0]
        bundle.drop(names[field])

    return change


def without(*fields: str) -> Change:
    def change(bundle: Bundle) -> None:
        bundle.envelope.update(dict.fromkeys(fields))

    return change


def other(file: str, prefix: str, *files: str) -> Change:
    return lambda bundle: bundle.take(Bundle(file), prefix, *files)


def flip(member: str, at: int) -> Change:
    return lambda bundle: bundle.flip(member, at)


def put(member: str, data: bytes) -> Change:
    def change(bundle: Bundle) -> None:
        bundle.members[member] = data

    return change


def edit(member: str, work: Callable[[Any], object]) -> Change:
    """Change the JSON of a member in place; it stays canonical."""

    def change(bundle: Bundle) -> None:
        value = bundle.json(member)
        work(value)
        bundle.put(member, value)

    return change


def replace(member: str, old: bytes, new: bytes) -> Change:
    def change(bundle: Bundle) -> None:
        assert old in bundle.members[member]
        bundle.members[member] = bundle.members[member].replace(old, new)

    return change


def both(*changes: Change) -> Change:
    return lambda bundle: [change(bundle) for change in changes]


def swap(one: str, two: str) -> Change:
    def change(bundle: Bundle) -> None:
        members = bundle.members
        members[one], members[two] = members[two], members[one]

    return change


def reply_alone(bundle: Bundle) -> None:
    """Let the second reply answer the first one."""
    first, second = bundle.replies
    bundle.index.update(envelope=first, replies=[second])


def set_path(value: object) -> Change:
    def work(proofs: Any) -> None:
        for proof in proofs.values():
            proof["path"] = value

    return edit("consistency.json", work)


def sizes(value: int) -> Change:
    def work(proofs: Any) -> None:
        for proof in proofs.values():
            proof["second"] = value

    return edit("consistency.json", work)


MEMBERS: dict[str, Change] = {
    "no container": drop("container"),
    "no custody receipt": drop("custody"),
    "no registry": drop("registry"),
    "no content": drop("content"),
    "no history": drop("history"),
    "no statements": drop("statements"),
    "no entry": drop("entry"),
    "no tlog-proof": drop("proof"),
    "no COSE receipt": drop("cose"),
    "no content of a reply": drop("content", "reply"),
    "a reply that names no content": lambda b: b.replies[0].update(content=None),
    "no consistency proof": lambda b: b.drop("consistency.json"),
    "no checkpoint, and a proof under it": lambda b: b.drop("checkpoint.txt"),
    "a container that is none": put(CONTAINER, b"DXE2"),
    "a body that was changed": flip(CONTAINER, -1),
    "a body that was cut": lambda b: b.members.update({CONTAINER: b.members[CONTAINER][:-1]}),
    "a body that goes on": lambda b: b.members.update({CONTAINER: b.members[CONTAINER] + b"x"}),
    "the container of another envelope": other("package.zip", "envelope", "container.dxe"),
    "the receipt of another envelope": swap(CUSTODY, "reply-1/custody.json"),
    "a receipt of another day": other("package.zip", "envelope", "custody.json"),
    "a receipt that is none": put(CUSTODY, b"{}"),
    "a receipt whose entry is no base64": edit(CUSTODY, lambda r: r.update(entry="?")),
    "a receipt with another entry": edit(CUSTODY, lambda r: r.update(entry="e30")),
    "a receipt that claims witnesses": edit(CUSTODY, lambda r: r.update(level="witnessed")),
    "a receipt in another spelling": lambda b: b.members.update(
        {CUSTODY: b.members[CUSTODY] + b" "}
    ),
    "a receipt whose proof is none": edit(CUSTODY, lambda r: r.update(proof="index 1\n")),
    "the registry of another party": lambda b: b.members.update(
        {f"envelope/{REGISTRY}": b.members[f"reply-1/{REGISTRY}"]}
    ),
    "a registry that is none": put(f"envelope/{REGISTRY}", b"[]"),
    "a registry without documents": edit(
        f"envelope/{REGISTRY}", lambda proof: proof.update(documents=[])
    ),
    "the key of another content": lambda b: b.envelope.update(kpc=b.replies[0]["kpc"]),
    "the content of another envelope": swap("envelope/content", "reply-1/content"),
    "a history that is none": put("history/NA-XAL.json", b"{}"),
    "the history of another party": swap("history/NA-XAL.json", "history/SEC.json"),
    "statements that are none": put("envelope/statements.json", b"{}"),
    "the entry of another": swap("envelope/entry.json", "reply-1/entry.json"),
    "an entry that is no text": put("envelope/entry.json", b"\xff"),
    "the tlog-proof of another": swap("envelope/entry.tlog-proof", "reply-1/entry.tlog-proof"),
    "a tlog-proof that is none": put("envelope/entry.tlog-proof", b"\xff"),
    "a tlog-proof of an older day": other("package.zip", "envelope", "entry.tlog-proof"),
    "the COSE receipt of another": swap("envelope/entry.cose", "reply-1/entry.cose"),
    "a COSE receipt that is none": put("envelope/entry.cose", b"\xd2"),
    "a reply to another envelope": reply_alone,
    "the entry of another for a reply": swap("reply-2/entry.json", "reply-1/entry.json"),
    "a reply whose history is none": put("history/SEC.json", b"{}"),
    "a checkpoint that is none": put("checkpoint.txt", b"\xff"),
    "a checkpoint of another log": replace("checkpoint.txt", b"log.example/", b"log.another/"),
    "a checkpoint that was changed": replace("checkpoint.txt", b"\n15\n", b"\n16\n"),
    "a consistency proof that is none": put("consistency.json", b"["),
    "a consistency proof for others": put("consistency.json", b"{}"),
    "a consistency proof to another size": sizes(99),
    "a path that is no base64": set_path(["?"]),
    "a path of short hashes": set_path(["AAAA"]),
    "a path that leads elsewhere": set_path(["A" * 43 + "="] * 5),
    "a cosignature that was changed": lambda b: b.members.update(
        {"checkpoint.txt": lettered(b.members["checkpoint.txt"], -10)}
    ),
    "a member of the greatest length": put("envelope/entry.json", b"x" * (4 << 20)),
    "a member that is too long": put("envelope/entry.json", bytes((4 << 20) + 1)),
}


@pytest.mark.parametrize("case", MEMBERS)
def test_a_bundle_that_says_too_little_or_something_else_is_refused(
    case: str, tmp_path: Path
) -> None:
    bundle = Bundle()
    MEMBERS[case](bundle)
    bundle.seal()
    assert refusal(bundle.write(tmp_path / "bundle.zip")) == WORDS["members"][case]


# --- the zip and its index ------------------------------------------------------------------------


def zipped(path: Path, entries: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def stuffed(count: int) -> list[tuple[str, bytes]]:
    return [(f"m{number}", b"") for number in range(count)]


def marked(data: bytes, at: int, value: int) -> bytes:
    """Set two bytes of the first line of a zip's directory."""
    start = data.index(b"PK\x01\x02") + at
    return data[:start] + struct.pack("<H", value) + data[start + 2 :]


def plain(*entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


ONE = plain(("a", b"abc"))
ZIPS: dict[str, bytes] = {
    "no zip": b"PK\x03\x04 and so on",
    "a member that is encrypted": marked(ONE, 8, 1),
    "a member in an unknown compression": marked(ONE, 10, 99),
    "a member whose checksum is wrong": ONE.replace(b"abc", b"abd"),
    "no index": ONE,
    "64 members": plain(*stuffed(64)),
    "65 members": plain(*stuffed(65)),
    "a name twice": plain(("a/b", b"x"), ("a/c", b"y")).replace(b"a/c", b"a/b"),
    "a folder": plain(("a/", b"")),
    "a small member that grows": plain(("a", bytes(20 * 512)), method=zipfile.ZIP_DEFLATED),
    "a small bomb": plain(("a", bytes(20 * 512 + 1)), method=zipfile.ZIP_DEFLATED),
    "a bomb": plain(("a", bytes(4 << 20)), method=zipfile.ZIP_DEFLATED),
    "an index that is no JSON": plain((INDEX, b"{")),
    "an index that is none": plain((INDEX, b"{}")),
    "an index of 65536 bytes": plain((INDEX, b"{}".ljust(1 << 16))),
    "an index of 65537 bytes": plain((INDEX, b"{}".ljust((1 << 16) + 1))),
}


@pytest.mark.parametrize("case", ZIPS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_is_no_bundle_is_refused(case: str, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(ZIPS[case])
    assert refusal(path) == WORDS["zips"][case]


def test_a_bundle_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.zip") == WORDS["zips"]["no zip"]


def test_a_member_of_the_greatest_length_is_read_and_a_longer_one_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "bundle.zip", [("a", b"abc")])
    monkeypatch.setattr(verify, "MAX_MEMBER_BYTES", 3)
    assert refusal(path) == WORDS["zips"]["no index"]
    monkeypatch.setattr(verify, "MAX_MEMBER_BYTES", 2)
    assert refusal(path) == [10, "E_TOO_LARGE", "member a is out of bounds", "", "", ""]


UNLISTED: dict[str, tuple[dict[str, bytes], dict[str, bytes]]] = {
    "a member more": ({"a": b"", "b": b""}, {"a": b""}),
    "a member less": ({"a": b""}, {"a": b"", "b": b"", "c": b""}),
    "a member that was changed": ({"a": b"1", "b": b"2"}, {"a": b"1", "b": b"3"}),
}


@pytest.mark.parametrize("case", UNLISTED)
def test_members_that_the_index_does_not_name_are_refused(case: str, tmp_path: Path) -> None:
    bundle = Bundle()
    found, bundle.members = UNLISTED[case]
    bundle.seal()
    bundle.members = found
    assert refusal(bundle.write(tmp_path / "bundle.zip")) == WORDS["unlisted"][case]


# --- what is pinned -------------------------------------------------------------------------------


def repinned(**changes: Any) -> Trust:
    log = trusted().file.log
    return trusted(log=log.model_copy(update=changes))


def registrars(**changes: Any) -> Trust:
    return trusted(registrars=trusted().file.registrars.model_copy(update=changes))


OTHERS = json.loads((FOLDER / "2026-10" / "trust.json").read_text(encoding="utf-8"))["log"]
PINS: dict[str, tuple[str, Callable[[], Trust], Level]] = {
    "another log of that name": ("single.zip", lambda: repinned(**OTHERS), Level.LOGGED),
    "a log of another name": ("single.zip", lambda: repinned(origin="other"), Level.LOGGED),
    "a key of receipts that is none": (
        "single.zip",
        lambda: repinned(receipt_key={"kty": "EC"}),
        Level.LOGGED,
    ),
    "the key of another log's receipts": (
        "single.zip",
        lambda: repinned(receipt_key=receipt_key(label="other").verifier.jwk),
        Level.LOGGED,
    ),
    "no registrars": ("single.zip", lambda: registrars(registrars=[]), Level.LOGGED),
    "fewer registrars than signed": (
        "single.zip",
        lambda: registrars(registrars=trusted().file.registrars.registrars[2:], threshold=1),
        Level.LOGGED,
    ),
    "a policy that is none": ("single.zip", lambda: trusted(policy="quorum\n"), Level.LOGGED),
    "no policy, and witnesses asked for": (
        "single.zip",
        lambda: trusted(policy=None),
        Level.WITNESSED,
    ),
    "too few witnesses": ("logged.zip", trusted, Level.WITNESSED),
}


@pytest.mark.parametrize("case", PINS)
def test_a_bundle_that_does_not_fit_what_is_pinned_is_refused(case: str) -> None:
    file, trust, level = PINS[case]
    assert refusal(ROOM / file, trust(), level) == WORDS["pins"][case]
