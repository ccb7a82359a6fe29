"""The verifier of the log's page against the golden vectors, and against our own verifier."""

import io
import json
import random
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.encoding import b64, b64u
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of
from sextant_shared.models.entries import EnvelopeRefusedEntry
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.receipts import format_custody, verify_custody
from sextant_shared.protocol.refusals import format_refusal
from tests.support.logs import INSTANT, MemoryLog, envelope_id, log_keys, make_accepted, random128
from tests.support.toolchains import INTEGRATORS
from tests.support.witnesses import cosigned, policy_text
from tests.unit.audit.page.verifier import failed, receipt_case, run_cases, states

VECTORS = INTEGRATORS / "vectors"
GOLDEN: dict[str, Any] = json.loads((VECTORS / "receipts.json").read_text(encoding="utf-8"))
CONTAINER = (VECTORS / "containers" / "s1-k1-8k.dxe").read_bytes()
GOOD: str = GOLDEN["good"]["receipt"]
GOLDEN_KEYS = "\n".join(GOLDEN["vkeys"])
KEYS = "\n".join(log_keys().vkeys)
SIZE = 21


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    made = MemoryLog()
    for number in range(SIZE):
        made.append(make_accepted(number))
    return made


def trust_file(
    policy: str | None = None, keys: LogKeys | None = None, checkpoint: str | None = None
) -> str:
    pinned = keys or log_keys()
    members = {
        "v": 1,
        "registrars": {},
        "log": {"origin": pinned.origin, "vkeys": list(pinned.vkeys)},
        "checkpoint": checkpoint,
        "policy": policy,
    }
    return json.dumps(members)


def bundle(receipt: str, container: bytes, **changes: bytes) -> bytes:
    members = {"envelope/container.dxe": container, "envelope/custody.json": receipt.encode()}
    index = {
        "v": 1,
        "kind": "sextant-bundle",
        "envelope": {"container": "envelope/container.dxe", "custody": "envelope/custody.json"},
        "members": {name: sha256(data).hexdigest() for name, data in members.items()},
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("index.json", json.dumps(index))
        for name, data in {**members, **changes}.items():
            archive.writestr(name, data)
    return target.getvalue()


def test_every_golden_refusal_is_refused_and_no_reason_is_lost(tmp_path: Path) -> None:
    cases = [
        receipt_case(case["receipt"], GOLDEN_KEYS, envelope=CONTAINER) for case in GOLDEN["refused"]
    ]
    found = run_cases(tmp_path, *cases)
    told = {
        case["name"]: (result["verdict"], failed(result))
        for case, result in zip(GOLDEN["refused"], found, strict=True)
    }
    assert told == {
        "the receipt of another envelope": ("refused", {"envelope": "E_DIGEST"}),
        "signed by another log": ("refused", {"ed25519": "E_KEY", "mldsa": "E_KEY"}),
        "a path in another order": ("refused", {"path": "E_INTEGRITY"}),
        "an altered entry": ("refused", {"path": "E_INTEGRITY"}),
        "one signature of the log is missing": ("refused", {"mldsa": "E_KEY"}),
        "it claims witnesses": ("refused", {"claims": "E_MALFORMED"}),
        "another spelling of the same": ("refused", {"form": "E_MALFORMED"}),
    }


WRONG_FILES: list[tuple[str, bytes | str, str, str]] = [
    ("nothing", "", "E_MALFORMED", "no receipt"),
    ("prose", "To whom it may concern", "E_MALFORMED", "no receipt"),
    ("an envelope", CONTAINER, "E_MALFORMED", "an envelope, not its receipt"),
    ("a trust file", trust_file(), "E_MALFORMED", "not a receipt"),
    ("a member twice", GOOD.replace("{", '{"v":1,', 1), "E_MALFORMED", "stands twice"),
    ("a member too many", GOOD.replace("{", '{"a":1,', 1), "E_MALFORMED", "not known: a"),
    ("a level nobody knows", GOOD.replace("logged", "seen"), "E_MALFORMED", "level"),
    ("no base64url", GOOD.replace('"entry":"e', '"entry":"=e'), "E_MALFORMED", "base64url"),
    ("no UTF-8", b'{"\xff', "E_MALFORMED", "UTF-8"),
    ("a line end at the end", GOOD + "\n", "E_MALFORMED", "spelled"),
    ("a long text", "{" + " " * 70_000, "E_TOO_LARGE", "too long"),
    ("a broken bundle", bundle(GOOD, CONTAINER)[:-30], "E_MALFORMED", "broken"),
    ("another zip", b"PK\x03\x04" + bytes(30), "E_MALFORMED", "broken"),
]


def test_a_wrong_file_is_refused_with_what_it_is(tmp_path: Path) -> None:
    cases = [receipt_case(given, GOLDEN_KEYS) for _, given, _, _ in WRONG_FILES]
    for (what, _, code, word), result in zip(WRONG_FILES, run_cases(tmp_path, *cases), strict=True):
        assert (result["verdict"], failed(result)) == ("refused", {"form": code}), what
        assert word in result["headline"], what


def test_a_member_of_a_bundle_that_the_index_does_not_list_is_refused(tmp_path: Path) -> None:
    changed = bundle(GOOD, CONTAINER, **{"envelope/container.dxe": CONTAINER + b"x"})
    [result] = run_cases(tmp_path, receipt_case(changed, GOLDEN_KEYS))
    assert failed(result) == {"form": "E_DIGEST"}
    assert result["checks"][0]["place"] == "envelope/container.dxe"


def test_no_changed_byte_passes_but_in_the_signature_that_browsers_cannot_check(
    tmp_path: Path, log: MemoryLog
) -> None:
    good = format_custody(log.leaves[11], log.proof(11))
    start = (
        good.rindex(b" ") + 1 + 5
    )  # past the key id of the ML-DSA line, its last: the time is next
    chance = random.Random(20261128)
    places = sorted(
        {*chance.sample(range(start), 160), *chance.sample(range(start, len(good)), 20)}
    )
    bent = [
        good[:at] + bytes([good[at] ^ chance.choice((1, 2, 4, 8, 16))]) + good[at + 1 :]
        for at in places
    ]
    digest = sha256(b"manifest 11").digest()
    results = run_cases(tmp_path, *(receipt_case(data, KEYS) for data in [good, *bent]))
    assert results[0]["verdict"] == "holds"
    for at, data, result in zip(places, bent, results[1:], strict=True):
        with pytest.raises(PlatformError):
            verify_custody(data, digest, envelope_id(11), log_keys())
        if at < start or failed(result):
            assert result["verdict"] == "refused", at
        else:
            assert states(result)["mldsa"] == "unchecked"
            assert "Not checked here: ML-DSA-44" in result["headline"]


def test_a_receipt_of_another_log_names_both(tmp_path: Path) -> None:
    other = MemoryLog(origin="other.example/log")
    other.append(make_accepted(1))
    [result] = run_cases(
        tmp_path, receipt_case(format_custody(other.leaves[0], other.proof(0)), KEYS)
    )
    [check] = [c for c in result["checks"] if c["state"] == "failed"]
    assert (check["id"], check["code"]) == ("keys", "E_KEY")
    assert (check["expected"], check["received"]) == ("log.example/sextant", "other.example/log")
    assert "ed25519" not in states(result)  # a cause is told, not what follows from it


def test_what_was_not_checked_is_never_said_to_hold(tmp_path: Path, log: MemoryLog) -> None:
    receipt = format_custody(log.leaves[3], log.proof(3))
    without_keys, bare, held = run_cases(
        tmp_path,
        receipt_case(receipt, None),
        receipt_case(log.proof(3), KEYS),
        receipt_case(receipt, KEYS),
    )
    assert (without_keys["verdict"], states(without_keys)["keys"]) == ("open", "unchecked")
    assert (bare["verdict"], states(bare)["path"]) == ("open", "unchecked")
    assert held["headline"].endswith("Not checked here: ML-DSA-44 signature of the log.")
    assert states(held)["mldsa"] == "unchecked"


def test_receipts_of_each_kind_hold(tmp_path: Path, log: MemoryLog) -> None:
    refusal = EnvelopeRefusedEntry(
        v=1,
        type="envelope.refused",
        id=random128(77),
        t=INSTANT,
        nonce=random128(78),
        env=envelope_id(77),
        man=b64u(sha256(b"manifest 77").digest()),
        code="E_POLICY",
        reg=0,
    )
    refusing = MemoryLog([*log.leaves])
    index = refusing.append(refusal)
    results = run_cases(
        tmp_path,
        receipt_case(GOOD, GOLDEN_KEYS, envelope=CONTAINER[:70_000]),
        receipt_case(bundle(GOOD, CONTAINER), GOLDEN_KEYS),
        receipt_case(format_refusal(refusing.leaves[index], refusing.proof(index)), KEYS),
        receipt_case(log.proof(5), KEYS, entry=log.leaves[5].decode()),
        receipt_case(GOOD + "\r\n", GOLDEN_KEYS, pasted=True),
        receipt_case(log.proof(5).rstrip("\n"), KEYS, pasted=True, entry=log.leaves[5].decode()),
    )
    assert [result["verdict"] for result in results] == ["holds"] * 6
    assert [states(result).get("envelope") for result in results[:2]] == ["held", "held"]
    assert "refused envelope" in results[2]["headline"]
    assert "E_POLICY" in results[2]["headline"]


def test_every_entry_of_every_size_stands_where_it_stands(tmp_path: Path, log: MemoryLog) -> None:
    smaller = [MemoryLog(log.leaves[:size]) for size in range(1, SIZE + 1)]
    cases = [
        receipt_case(format_custody(tree.leaves[i], tree.proof(i)), KEYS)
        for tree in smaller[::4]
        for i in range(len(tree.leaves))
    ]
    assert {result["verdict"] for result in run_cases(tmp_path, *cases)} == {"holds"}


def heads_case(log: MemoryLog, first: int, second: int, path: list[bytes]) -> dict[str, Any]:
    return {
        "run": "heads",
        "own": log.checkpoint(first),
        "published": log.checkpoint(second),
        "path": [b64(node) for node in path],
        "trust": KEYS,
    }


def test_a_head_that_does_not_continue_the_receipt_is_evidence(
    tmp_path: Path, log: MemoryLog
) -> None:
    fork = MemoryLog([*log.leaves[:5], *reversed(log.leaves[5:])])
    hashes = [leaf_hash(leaf) for leaf in fork.leaves]
    path = consistency_path_of(hashes, 7)
    forked = {**heads_case(log, 7, SIZE, path), "published": fork.checkpoint()}
    same_size = {**heads_case(log, SIZE, SIZE, []), "published": fork.checkpoint()}
    shorter = heads_case(log, 7, SIZE, path[:-1])
    other = MemoryLog(origin="other.example/log", leaves=log.leaves)
    foreign = {**heads_case(log, 7, SIZE, []), "published": other.checkpoint()}
    results = run_cases(tmp_path, forked, same_size, shorter, foreign)
    told = [failed(result) for result in results]
    assert told == [{"continuity": "E_INTEGRITY"}] * 3 + [{"published": "E_KEY"}]
    assert "two different trees" in results[1]["checks"][1]["detail"]


def test_every_two_heads_of_one_history_agree_in_either_order(
    tmp_path: Path, log: MemoryLog
) -> None:
    hashes = [leaf_hash(leaf) for leaf in log.leaves]
    cases = []
    for first in range(1, SIZE + 1, 3):
        for second in range(first, SIZE + 1, 4):
            path = consistency_path_of(hashes[:second], first) if first < second else []
            cases.append(heads_case(log, first, second, path))
    backwards = {
        **heads_case(log, 7, 7, consistency_path_of(hashes[:12], 7)),
        "own": log.checkpoint(12),
    }
    results = run_cases(tmp_path, *cases, backwards)
    assert [failed(result) for result in results] == [{}] * len(results)
    assert results[-1]["asked"] == [["7", "12"]]


def test_the_head_of_the_trust_file_is_held_against_receipt_and_log(
    tmp_path: Path, log: MemoryLog
) -> None:
    fork = MemoryLog([*log.leaves[:5], *reversed(log.leaves[5:])])
    receipt = format_custody(log.leaves[3], log.proof(3))
    hashes = [leaf_hash(leaf) for leaf in log.leaves]
    bent = log.checkpoint(7).replace("\n7\n", "\n8\n")

    def heads(checkpoint: str) -> dict[str, Any]:
        path = consistency_path_of(hashes, 7)
        return {**heads_case(log, 7, SIZE, path), "trust": trust_file(checkpoint=checkpoint)}

    same, forked, other_size, continued, unsigned, diverged = run_cases(
        tmp_path,
        receipt_case(receipt, trust_file(checkpoint=log.checkpoint())),
        receipt_case(receipt, trust_file(checkpoint=fork.checkpoint())),
        receipt_case(receipt, trust_file(checkpoint=log.checkpoint(7))),
        heads(log.checkpoint(7)),
        heads(bent),
        heads(fork.checkpoint(7)),
    )
    assert (same["verdict"], states(same)["pinned"]) == ("holds", "held")
    assert failed(forked) == {"pinned": "E_INTEGRITY"}
    assert "two different trees" in forked["headline"]
    assert (other_size["verdict"], "pinned" in states(other_size)) == ("holds", False)
    assert states(continued)["pinned"] == "held"
    assert failed(unsigned) == {"pinned": "E_SIGNATURE"}
    assert failed(diverged) == {"pinned": "E_INTEGRITY"}


def test_witnesses_count_by_the_readers_policy(tmp_path: Path, log: MemoryLog) -> None:
    def witnessed(*names: str) -> bytes:
        head, _, note = log.proof(4).partition("\n\n")
        return format_custody(log.leaves[4], f"{head}\n\n{cosigned(note, *names)}")

    trust = trust_file(policy_text("xal", "xbo", "xch", threshold="2"))
    good = witnessed("xal", "xch")
    line = good.rindex(b"xch.example")
    bent = good[: line + 60] + (b"A" if good[line + 60] != 65 else b"B") + good[line + 61 :]
    two, one, broken, unpinned = run_cases(
        tmp_path,
        receipt_case(good, trust),
        receipt_case(witnessed("xbo"), trust),
        receipt_case(bent, trust),
        receipt_case(good, trust_file()),
    )
    assert (two["verdict"], states(two)["witnesses"]) == ("holds", "held")
    assert (one["verdict"], states(one)["witnesses"]) == ("holds", "noted")
    assert failed(broken) == {"witnesses": "E_SIGNATURE"}
    assert states(unpinned)["witnesses"] == "noted"


def test_a_quorum_that_hangs_on_unchecked_keys_stays_open(tmp_path: Path) -> None:
    policy = policy_text("xal", "xbo", threshold="2")
    cases = [
        {"run": "judge", "policy": policy, "checked": checked, "read": read}
        for checked, read in ((["xal", "xbo"], []), (["xal"], ["xbo"]), (["xal"], []))
    ]
    found = run_cases(tmp_path, *cases)
    assert [each["state"] for each in found] == ["met", "open", "lacking"]
    assert found[2]["lacks"] == "states has 1 of 2"


WRONG_KEYS = [
    ("", "No keys"),
    ("hello", "not a verifier key"),
    (GOLDEN["vkeys"][0], "one Ed25519 key and one ML-DSA-44 key"),
    (GOLDEN["vkeys"][0].replace("8051cd58", "8051cd59") + "\n" + GOLDEN["vkeys"][1], "id of"),
    (GOOD, "names no keys"),
    (trust_file().replace('"origin": "log', '"origin": "lag'), "another log"),
    (f"log {GOLDEN['vkeys'][0]}\nwitness a b\nquorum c\n", "3 lines at fault"),
    ('{"vkeys": 1}', "names no keys"),
    (trust_file(checkpoint="no head"), "No blank line"),
    (trust_file(checkpoint=MemoryLog([b"x"], "other.example/log").checkpoint()), "another log"),
]


def test_keys_that_cannot_be_used_are_refused_with_a_reason(tmp_path: Path) -> None:
    found = run_cases(tmp_path, *({"run": "trust", "trust": given} for given, _ in WRONG_KEYS))
    for (_, word), result in zip(WRONG_KEYS, found, strict=True):
        assert word in result["refused"]["message"]
        assert result["refused"]["code"].startswith("E_")


def test_keys_are_taken_from_every_file_that_has_them(tmp_path: Path) -> None:
    discovery = json.dumps({"origin": log_keys().origin, "vkeys": list(log_keys().vkeys)})
    given = [
        KEYS,
        discovery,
        trust_file(),
        trust_file(policy_text("xal")),
        policy_text("xal", "xbo"),
    ]
    found = run_cases(tmp_path, *({"run": "trust", "trust": each} for each in given))
    assert [each["origin"] for each in found] == [log_keys().origin] * 5
    assert [each["witnesses"] for each in found] == [None, None, None, ["xal"], ["xal", "xbo"]]


def test_the_chart_is_steps_under_round_numbers(tmp_path: Path) -> None:
    points = [{"time": 10, "size": 1}, {"time": 20, "size": 8}]
    small, large = run_cases(
        tmp_path,
        {"run": "chart", "most": 8, "points": points, "until": 30},
        {"run": "chart", "most": 16_400, "points": points, "until": 5},
    )
    assert small["ticks"] == [0, 2, 4, 6, 8]
    assert small["steps"] == [[10, 1], [20, 1], [20, 8], [30, 8]]
    assert large["ticks"] == [0, 5000, 10_000, 15_000, 20_000]
    assert large["steps"][-1] == [20, 8]
