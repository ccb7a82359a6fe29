"""Split views: a log that shows two histories convicts itself, offline and without doubt."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_client.enrolment import make_trust
from sextant_client.evidence import (
    SplitView,
    contact,
    make_evidence,
    read_evidence,
    verify_evidence,
)
from sextant_client.home import Home
from sextant_client.log import LogReader
from sextant_client.session import Session
from sextant_client.trust import Trust
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tiles import levels_of, parse_tile_path
from sextant_shared.merkle.tree import consistency_path_of
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.party import RegistrarKeys, RegistrarsFile
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from tests.support.command import sextant
from tests.support.logs import ORIGIN, MemoryLog, log_keys, make_accepted
from tests.support.parties import registrar_pairs

COMMON = 3


def grown(start: int, size: int = 40) -> MemoryLog:
    log = MemoryLog([])
    for number in range(COMMON):
        log.append(make_accepted(number))
    for number in range(start, start + size - COMMON):
        log.append(make_accepted(number))
    return log


ONE, TWO = grown(100), grown(500)


def head(log: MemoryLog, size: int) -> Checkpoint:
    return verify_checkpoint(log.checkpoint(size), log_keys())


def serving(log: MemoryLog, *, lies: bool = False) -> LogReader:
    """A log over HTTP that answers from one of its histories, or with proofs that lead nowhere."""
    leaves = [leaf_hash(leaf) for leaf in log.leaves]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/proofs/consistency":
            first, second = (int(request.url.params[name]) for name in ("first", "second"))
            path = consistency_path_of(leaves[:second], first)
            path = [bytes(32) for _ in path] if lies else path
            nodes = [b64(node) for node in path]
            return httpx.Response(200, json={"first": first, "second": second, "path": nodes})
        tile = parse_tile_path(request.url.path.removeprefix("/tile/"))
        level = leaves
        for _ in range(8 * (tile.level or 0)):
            level = levels_of(level)[1]
        return httpx.Response(200, content=b"".join(level[: tile.width]))

    session = Session(
        "https://log.example",
        client_id="x",
        signer=None,
        transport=httpx.MockTransport(answer),
    )
    return LogReader(session)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    keys = [RegistrarKeys(name="REG-1", keys=[dict(half.jwk) for half in registrar_pairs(1)[0]])]
    made = make_trust(
        RegistrarsFile(threshold=1, registrars=keys),
        LogDiscovery(origin=ORIGIN, vkeys=list(log_keys().vkeys)),
    )
    (tmp_path / "trust.json").write_text(made.model_dump_json())
    return Home(tmp_path)


def split(home: Home, known: Checkpoint, seen: Checkpoint, reader: LogReader) -> bytes:
    contact(home, home.trust, known, reader)
    with pytest.raises(PlatformError) as caught:
        contact(home, home.trust, seen, reader)
    assert caught.value.code is Code.INTEGRITY
    (file,) = (home.path / "evidence").iterdir()
    assert str(file) in caught.value.fix
    return file.read_bytes()


@pytest.mark.parametrize(
    ("known", "seen"), [(5, 9), (9, 5), (7, 7), (4, 9), (8, 33), (32, 33), (16, 17), (9, 16)]
)
def test_two_histories_are_proved_by_the_file_alone(home: Home, known: int, seen: int) -> None:
    newer = ONE if known > seen else TWO  # the log proves by the history that has the larger head
    data = split(home, head(ONE, known), head(TWO, seen), serving(newer))
    first, second = verify_evidence(data)
    assert (first.size, second.size) == tuple(sorted((known, seen)))
    assert kept_size(home) == known


def kept_size(home: Home) -> int:
    kept = home.trust.checkpoint()
    return kept.size if kept else 0


def test_a_proof_that_leads_nowhere_is_kept_and_proves_nothing(home: Home) -> None:
    data = split(home, head(ONE, 5), head(ONE, 9), serving(ONE, lies=True))
    with pytest.raises(PlatformError) as caught:
        verify_evidence(data)
    assert caught.value.code in {Code.INTEGRITY, Code.MALFORMED}


def test_one_history_is_no_evidence_however_it_is_written() -> None:
    reader = serving(ONE)
    leaves = [leaf_hash(leaf) for leaf in ONE.leaves]
    for first, second in ((5, 9), (8, 9), (9, 9)):
        path = consistency_path_of(leaves[:second], first) if first < second else []
        made = make_evidence(head(ONE, first), head(ONE, second), path, log_keys(), reader)
        with pytest.raises(PlatformError, match="do not contradict"):
            verify_evidence(made.model_dump_json().encode())


def test_heads_in_order_move_the_trust_forward_and_leave_no_file(home: Home) -> None:
    for size in (3, 8, 5, 40):
        contact(home, home.trust, head(ONE, size), serving(ONE))
    assert kept_size(home) == 40
    assert not (home.path / "evidence").exists()


def evidence() -> dict[str, Any]:
    leaves = [leaf_hash(leaf) for leaf in TWO.leaves]
    path = consistency_path_of(leaves[:9], 5)
    made = make_evidence(head(ONE, 5), head(TWO, 9), path, log_keys(), serving(TWO))
    members: dict[str, Any] = made.model_dump(mode="json")
    return members


UNFIT = "E_MALFORMED: SplitView does not fit its model in 1 place(s):"
NO_CONTRADICTION = "E_INTEGRITY: the two heads do not contradict each other"
CHANGES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "heads out of order": (
        lambda e: {**e, "first": e["second"], "second": e["first"]},
        "E_MALFORMED: the older head comes first",
    ),
    "heads of one history": (lambda e: {**e, "first": head(TWO, 5).text}, NO_CONTRADICTION),
    "one head twice": (lambda e: {**e, "first": e["second"]}, NO_CONTRADICTION),
    "a path cut short": (
        lambda e: {**e, "path": e["path"][:-1]},
        "E_INTEGRITY: the consistency proof is shorter than the tree is high",
    ),
    "no prefix": (lambda e: {**e, "prefix": None}, "E_MALFORMED: wrong length"),
    "a prefix of its own": (
        lambda e: {**e, "prefix": b64(bytes(32))},
        "E_INTEGRITY: the tree of size 9 does not continue the tree of size 5",
    ),
    "a short node": (lambda e: {**e, "path": ["AAAA"]}, "E_MALFORMED: wrong length"),
    "a short prefix": (lambda e: {**e, "prefix": "AAAA"}, "E_MALFORMED: wrong length"),
    "keys of another": (
        lambda e: {**e, "vkeys": list(log_keys(label="other").vkeys)},
        f"E_KEY: the checkpoint needs one signature by each key of {ORIGIN}",
    ),
    "a head of another": (
        lambda e: {**e, "second": MemoryLog(TWO.leaves, label="other").checkpoint(9)},
        f"E_KEY: the checkpoint needs one signature by each key of {ORIGIN}",
    ),
    "another kind": (
        lambda e: {**e, "kind": "other"},
        f"{UNFIT} /kind: is none of the possible values",
    ),
    "a member more": (
        lambda e: {**e, "more": 1},
        f"{UNFIT} /more: is not known here",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_changed_evidence_is_refused(case: str) -> None:
    change, words = CHANGES[case]
    verify_evidence(json.dumps(evidence()).encode())
    with pytest.raises(PlatformError) as caught:
        verify_evidence(json.dumps(change(evidence())).encode())
    assert f"{caught.value.code}: {caught.value.detail}" == words


def test_evidence_of_the_greatest_length_is_read() -> None:
    data = json.dumps(evidence()).encode()
    verify_evidence(data.ljust(1 << 20))
    with pytest.raises(PlatformError, match="E_TOO_LARGE"):
        verify_evidence(data.ljust((1 << 20) + 1))


def test_evidence_about_another_log_is_refused_when_one_is_pinned() -> None:
    data = json.dumps(evidence()).encode()
    verify_evidence(data, log_keys())
    with pytest.raises(PlatformError) as caught:
        verify_evidence(data, log_keys("other.example", "other"))
    error = caught.value
    assert (error.code, error.detail, error.expected, error.received) == (
        Code.KEY,
        "the evidence is about another log than the pinned one",
        "other.example",
        ORIGIN,
    )
    with pytest.raises(PlatformError, match="another log"):
        verify_evidence(data, log_keys(label="other"))


def test_evidence_that_cannot_be_read_is_no_evidence(tmp_path: Path) -> None:
    path = tmp_path / "none"
    with pytest.raises(PlatformError) as caught:
        read_evidence(path)
    error = caught.value
    assert (error.code, error.detail, error.fix) == (
        Code.STATE,
        f"cannot read {path}",
        "Name a file that is there.",
    )


def test_who_contradicts_what_is_told_with_the_file_that_proves_it(home: Home) -> None:
    contact(home, home.trust, head(ONE, 5), serving(ONE))
    seen = head(TWO, 9)
    with pytest.raises(PlatformError) as caught:
        contact(home, home.trust, seen, serving(TWO))
    error = caught.value
    file = home.path / "evidence" / f"5-9-{seen.root.hex()[:12]}.json"
    assert (error.expected, error.received, error.fix) == (
        "one history with size 5",
        "size 9 of another history",
        f"Keep {file} and show it to the other parties: sextant log evidence verify FILE.",
    )
    assert error.detail.startswith("the log contradicts itself: ")
    assert error.evidence["seen"] == seen.text
    kept = SplitView.model_validate_json(file.read_bytes())
    assert (kept.v, kept.kind, kept.vkeys) == (1, "split-view", list(log_keys().vkeys))


def test_a_prefix_that_nobody_can_be_asked_for_stays_unknown() -> None:
    leaves = [leaf_hash(leaf) for leaf in TWO.leaves]

    def made(first: int, reader: LogReader | None = None) -> SplitView:
        path = consistency_path_of(leaves[:9], first)
        return make_evidence(head(ONE, first), head(TWO, 9), path, log_keys(), reader)

    assert made(4).prefix is None
    assert made(4, serving(TWO)).prefix == b64(head(TWO, 4).root)
    assert made(5).prefix == b64(head(TWO, 5).root)
    without = make_evidence(head(ONE, 5), head(TWO, 9), [], log_keys())
    assert (without.prefix, without.path) == (None, [])
    bad = make_evidence(head(ONE, 5), head(TWO, 9), [bytes(32)], log_keys())
    assert (bad.prefix, bad.path) == (None, [b64(bytes(32))])


def test_the_command_says_what_was_proved(tmp_path: Path, home: Home) -> None:
    file = tmp_path / "split.json"
    file.write_text(json.dumps(evidence()))
    done = sextant("log", "evidence", "verify", file, "--trust", home.path / "trust.json")
    assert done.status == 0
    assert done.stdout.startswith(f"PROVEN  {ORIGIN} signed two histories")
    found = sextant("log", "evidence", "verify", file, "--json").json()
    assert [each["size"] for each in found["heads"]] == [5, 9]
    file.write_text(json.dumps({**evidence(), "path": []}))
    assert sextant("log", "evidence", "verify", file).status == 4
    assert sextant("log", "evidence", "verify", tmp_path / "none").status == 3
    assert SplitView.model_validate(evidence()).kind == "split-view"
    assert Trust.load(home.path / "trust.json").policy is None


def test_a_trust_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file, trust = tmp_path / "split.json", tmp_path / "half.json"
    file.write_text(json.dumps(evidence()))
    trust.write_text("{")
    done = sextant("log", "evidence", "verify", file, "--trust", trust)
    assert done.status == 3
    assert str(trust) in done.stderr.replace("\n", "")
    assert "registrar" in done.stderr
