"""The installed command against real services: statuses, JSON, bundles and their forgeries."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack, sextant
from sextant_client import errors as exits
from sextant_client.errors import VerificationError
from sextant_client.trust import Trust
from sextant_client.verify import INDEX, verify_bundle
from sextant_shared.encoding import b64u, b64u_decode
from tests.support.logs import log_keys

pytestmark = pytest.mark.processes

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Members = dict[str, bytes]


@pytest.fixture(scope="module")
def submitted(stack: Stack) -> dict[str, Any]:
    """Return one submitted, answered declaration of NA-XBO, which signs with S2."""
    done = sextant(
        "submit",
        EXAMPLES / "NA-XBO" / "ocpf-2025.json",
        "--watch",
        "--json",
        "--home",
        stack.home("NA-XBO"),
    )
    (envelope,) = done.json()["envelopes"]
    assert (envelope["opened"], envelope["outcome"]) == ("OPENED", "REGISTERED")
    result: dict[str, Any] = envelope
    return result


@pytest.fixture(scope="module")
def bundle(stack: Stack, submitted: dict[str, Any], tmp_path_factory: Any) -> Members:
    """Return the members of that declaration's bundle."""
    path = Path(tmp_path_factory.mktemp("bundle")) / "copy.zip"
    options = ("--out", path, "--with-content", "--home", stack.home("NA-XBO"))
    sextant("bundle", "create", submitted["id"], *options)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(members: Members, path: Path, *, index: bool = True) -> Path:
    """Write a bundle; with `index`, its list of digests fits whatever the members are now."""
    if index:
        listed = json.loads(members[INDEX])
        listed["members"] = {
            name: hashlib.sha256(data).hexdigest()
            for name, data in members.items()
            if name != INDEX
        }
        members = {**members, INDEX: json.dumps(listed).encode()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def flip(data: bytes, at: int = -1) -> bytes:
    altered = bytearray(data)
    altered[at] ^= 1
    return bytes(altered)


def swapped(name: str, other: str) -> Callable[[Members], Members]:
    return lambda members: {**members, name: members[other]}


def altered(name: str, at: int = -1) -> Callable[[Members], Members]:
    return lambda members: {**members, name: flip(members[name], at)}


def _bent_entry(members: Members) -> Members:
    custody = json.loads(members["envelope/custody.json"])
    entry = json.loads(b64u_decode(custody["entry"]))
    entry["man"] = b64u(bytes(32))
    bent = json.dumps(entry, separators=(",", ":"), sort_keys=True).encode()
    custody["entry"] = b64u(bent)
    data = json.dumps(custody, separators=(",", ":"), sort_keys=True).encode()
    return {**members, "envelope/custody.json": data}


FORGERIES: list[tuple[str, Callable[[Members], Members], int]] = [
    ("altered body", altered("envelope/container.dxe"), exits.BUNDLE_CONTENT),
    ("altered content", altered("envelope/content"), exits.BUNDLE_CONTENT),
    ("altered magic", altered("envelope/container.dxe", 0), exits.BUNDLE_MALFORMED),
    ("rewritten entry", _bent_entry, exits.BUNDLE_LOG),
    (
        "receipt of another envelope",
        swapped("envelope/custody.json", "reply-1/custody.json"),
        exits.BUNDLE_CUSTODY,
    ),
    (
        "keys of another party",
        swapped("envelope/registry.json", "reply-1/registry.json"),
        exits.BUNDLE_REGISTRY,
    ),
    ("altered registry", altered("envelope/registry.json", 40), exits.BUNDLE_REGISTRY),
    (
        "history of another party",
        swapped("history/NA-XBO.json", "history/SEC.json"),
        exits.BUNDLE_REGISTRY,
    ),
    ("altered answer", altered("reply-1/content", 30), exits.BUNDLE_CONTENT),
]


@pytest.mark.parametrize(
    ("change", "status"), [f[1:] for f in FORGERIES], ids=[f[0] for f in FORGERIES]
)
def test_a_forged_bundle_fails_with_its_class(
    stack: Stack,
    bundle: Members,
    tmp_path: Path,
    change: Callable[[Members], Members],
    status: int,
) -> None:
    forged = write(change(dict(bundle)), tmp_path / "forged.zip")
    with pytest.raises(VerificationError) as caught:
        verify_bundle(forged, Trust.load(stack.trust_file))
    assert caught.value.status == status, caught.value
    done = sextant("bundle", "verify", forged, "--trust", stack.trust_file, expect=(status,))
    assert done.stderr.startswith("E_")


def test_an_altered_manifest_fails(stack: Stack, bundle: Members, tmp_path: Path) -> None:
    container = bundle["envelope/container.dxe"]
    at = container.index(b'"signature"') + 40
    members = {**bundle, "envelope/container.dxe": flip(container, at)}
    with pytest.raises(VerificationError) as caught:
        verify_bundle(write(members, tmp_path / "f.zip"), Trust.load(stack.trust_file))
    assert caught.value.status in {exits.BUNDLE_CUSTODY, exits.BUNDLE_MALFORMED}


def test_members_that_the_index_does_not_name_are_refused(
    stack: Stack, bundle: Members, tmp_path: Path
) -> None:
    trust = Trust.load(stack.trust_file)
    for members in ({**bundle, "more": b"x"}, {k: v for k, v in bundle.items() if k != INDEX}):
        path = write(members, tmp_path / "f.zip", index=False)
        with pytest.raises(VerificationError) as caught:
            verify_bundle(path, trust)
        assert caught.value.status == exits.BUNDLE_MALFORMED


def test_a_truncated_zip_is_refused(stack: Stack, bundle: Members, tmp_path: Path) -> None:
    path = write(dict(bundle), tmp_path / "f.zip")
    path.write_bytes(path.read_bytes()[:-100])
    sextant("bundle", "verify", path, "--trust", stack.trust_file, expect=(10,))


def test_a_compression_bomb_is_refused(stack: Stack, bundle: Members, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(INDEX, bundle[INDEX])
        archive.writestr("bomb", bytes(50 << 20))
    sextant("bundle", "verify", path, "--trust", stack.trust_file, expect=(10,))


def test_another_logs_keys_do_not_verify(stack: Stack, bundle: Members, tmp_path: Path) -> None:
    trust = Trust.load(stack.trust_file)
    keys = log_keys()
    pinned = {"origin": keys.origin, "vkeys": list(keys.vkeys)}
    other = trust.file.model_copy(
        update={"log": trust.file.log.model_copy(update=pinned), "checkpoint": None}
    )
    with pytest.raises(VerificationError) as caught:
        verify_bundle(write(dict(bundle), tmp_path / "f.zip"), Trust(other))
    assert caught.value.status == exits.OTHER_LOG


def test_the_true_bundle_verifies_and_says_what_it_proves(
    stack: Stack, bundle: Members, submitted: dict[str, Any], tmp_path: Path
) -> None:
    path = write(dict(bundle), tmp_path / "true.zip")
    verified = verify_bundle(path, Trust.load(stack.trust_file))
    assert (verified.sender, verified.envelope_id) == ("NA-XBO", submitted["id"])
    assert verified.index == submitted["index"]
    assert len(verified.checks) == 27


def test_statuses_of_the_command(stack: Stack, tmp_path: Path) -> None:
    good, bad = EXAMPLES / "NA-XAL" / "nil-2025.json", EXAMPLES / "NA-XBO" / "s2-site-2025.json"
    warned = EXAMPLES / "NA-XAL" / "s2-and-2025.json"
    sextant("check", good)
    sextant("check", bad, expect=(1,))
    sextant("check", warned)
    sextant("check", warned, "--strict", expect=(5,))
    sextant("check", expect=(2,))
    sextant("no-such-command", expect=(2,))
    home = stack.home("NA-XAL")
    sextant("status", "01a20d9e-5a79-74d1-96a9-f8c901f813f5", "--home", home, expect=(3,))
    sextant("submit", bad, "--home", home, expect=(1,))
    sextant("doctor", "--home", tmp_path / "nobody", expect=(3,))


@pytest.mark.parametrize(
    "arguments",
    [
        ("inbox",),
        ("doctor",),
        ("keys", "list"),
        ("keys", "show", "SEC"),
        ("log", "show"),
    ],
    ids=" ".join,
)
def test_each_command_gives_one_json_document(stack: Stack, arguments: tuple[str, ...]) -> None:
    done = sextant(*arguments, "--json", "--home", stack.home("NA-XAL"))
    assert isinstance(done.json(), dict)
    assert done.stdout.count("\n") == 1


def test_errors_are_json_too(stack: Stack) -> None:
    unknown = "01a20d9e-5a79-74d1-96a9-f8c901f813f5"
    done = sextant("status", unknown, "--json", "--home", stack.home("NA-XAL"), expect=(3,))
    assert done.json()["error"]["code"] == "E_NOT_FOUND"


def test_what_is_sealed_and_not_sent_is_sent_by_resume(stack: Stack) -> None:
    home = stack.home("NA-XBO")
    file = EXAMPLES / "NA-XBO" / "nil-2025.json"
    (sealed,) = sextant("submit", file, "--seal-only", "--json", "--home", home).json()["envelopes"]
    sent = sextant("submit", "--resume", "--json", "--home", home).json()["envelopes"]
    assert sealed["id"] in {envelope["id"] for envelope in sent}
    sextant("receipt", "verify", sealed["id"], "--home", home)
    assert sextant("submit", "--resume", "--json", "--home", home).json()["envelopes"] == []


def test_a_garbage_plaintext_is_answered_by_a_signed_refusal(stack: Stack, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.json"
    garbage.write_bytes(b"\x00\xff not a declaration {{{{")
    options = ("--with-findings", "--watch", "--json", "--home", stack.home("NA-XAL"))
    (envelope,) = sextant("submit", garbage, *options, expect=(1,)).json()["envelopes"]
    assert (envelope["opened"], envelope["outcome"]) == ("OPENED", "REJECTED")
    log = (stack.root / "logs" / "declarations.log").read_text()
    assert "Traceback" not in log


def test_setting_up_counts_every_step_to_the_last(stack: Stack, reported: list[str]) -> None:
    assert stack.services
    numbers = [text.partition(" ")[0] for text in reported]
    assert numbers == [f"{n}/{stack.steps}" for n in range(1, stack.steps + 1)]
    assert reported[-1].endswith("is enrolled")


def test_what_is_not_there_is_said_in_words(stack: Stack) -> None:
    shown = sextant("officer", "list", "--home", stack.home("officer")).stdout
    assert "None" not in shown
    assert "next: none" in shown
