"""Why a receipt, proof or checkpoint is refused: its class and its words, in `words.json`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sextant_client.errors import VerificationError, exit_status
from sextant_client.trust import PinnedLog, Trust, TrustFile
from sextant_client.verifier.files import About, Proved, verify_file
from sextant_shared.cbor import decode_cbor, encode_cbor
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.errors import PlatformError
from sextant_shared.models.entries import EnvelopeRefusedEntry
from sextant_shared.models.receipts import Level
from sextant_shared.protocol.cose_receipts import format_consistency, sign_root
from sextant_shared.protocol.receipts import format_custody
from sextant_shared.protocol.refusals import format_refusal
from tests.support.logs import (
    INSTANT,
    NOW,
    ORIGIN,
    MemoryLog,
    envelope_id,
    make_accepted,
    random128,
    receipt_key,
    receipt_signer,
)
from tests.support.witnesses import policy_text
from tests.unit.client.verifier.bundles import ROOM, Bundle, edited, lettered, told
from tests.unit.client.verifier.test_bundles import WORDS, repinned, trusted

ENTRY = About(entry=ROOM / "entry.json")
Case = Callable[[Path], Proved]


def judged(
    data: bytes,
    about: About | None = None,
    trust: Trust | None = None,
    level: Level = Level.LOGGED,
) -> Case:
    """Return the case of a file with these bytes."""

    def case(folder: Path) -> Proved:
        path = folder / "file"
        path.write_bytes(data)
        return verify_file(path, trust or trusted(), level, about)

    return case


def room(file: str) -> bytes:
    return (ROOM / file).read_bytes()


def beside(name: str, data: bytes, **given: Any) -> Case:
    """Return the case of a proof or receipt whose entry or container is these bytes."""

    def case(folder: Path) -> Proved:
        path = folder / "beside"
        path.write_bytes(data)
        return verify_file(
            ROOM / name, trusted(), Level.LOGGED, About(**dict.fromkeys(given, path))
        )

    return case


def with_entry(data: bytes) -> Case:
    return beside("entry.tlog-proof", data, entry=True)


def cosed(label: int, value: object) -> bytes:
    """Return the COSE receipt with one member of its protected header set."""
    tagged = decode_cbor(room("entry.cose"))
    header = decode_cbor(tagged.value[0])
    header[label] = value
    tagged.value[0] = encode_cbor(header)
    return encode_cbor(tagged)


def cose_proof(change: Callable[[list[Any]], object]) -> bytes:
    """Return the COSE receipt with its proof changed, which nobody signs by itself."""
    tagged = decode_cbor(room("entry.cose"))
    proof = decode_cbor(tagged.value[1][396][-1][0])
    change(proof)
    tagged.value[1] = {396: {-1: [encode_cbor(proof)]}}
    return encode_cbor(tagged)


# --- a log in memory ------------------------------------------------------------------------------


def memory(*entries: Any, label: str = "log") -> MemoryLog:
    log = MemoryLog([], label=label)
    for entry in entries:
        log.append(entry)
    return log


REFUSED = EnvelopeRefusedEntry(
    v=1,
    type="envelope.refused",
    id=random128(9),
    t=INSTANT,
    nonce=random128(10),
    env=envelope_id(9),
    man=b64u(sha256(b"manifest")),
    code="E_REPLAY",
    reg=0,
)
LOG = memory(make_accepted(1), REFUSED, b"no entry", make_accepted(3))
FORK = memory(make_accepted(1), REFUSED, b"no entry", make_accepted(4))


def pinned(log: MemoryLog, **changes: Any) -> Trust:
    """Return a trust file that pins a log in memory."""
    key = dict(receipt_key(log.origin, log.label).verifier.jwk)
    at = PinnedLog(origin=log.origin, vkeys=list(log.keys.vkeys), receipt_key=key)
    known = trusted().file.model_copy(update={"log": at, "policy": None})
    return Trust(TrustFile.model_validate({**known.model_dump(), **changes}))


HEAD, OTHER_HEAD = LOG.checkpoint(), FORK.checkpoint()
OURS, KNOWING = pinned(LOG), pinned(LOG, checkpoint=OTHER_HEAD)
REFUSAL = format_refusal(LOG.leaves[1], LOG.proof(1))
CONSISTENCY = format_consistency(
    sign_root(ORIGIN, bytes(32), receipt_signer(), NOW), 3, 4, [bytes(32)]
)


def odd(file: str) -> bytes:
    """Return a file with another letter in the log's first signature."""
    data = room(file)
    return lettered(data, data.index(b"=\n", data.index("— ".encode())) - 3)


ACT = json.loads(room("recall.json"))
DOCUMENT = Bundle().json("envelope/registry.json")
FILES: dict[str, Case] = {
    # of no kind
    "no bytes": judged(b""),
    "bytes that are no text": judged(b"\xff\xfe"),
    "words": judged(b"hello\n"),
    "a file of 1 MiB": judged(b" " * (1 << 20)),
    "a longer file": judged(b" " * ((1 << 20) + 1)),
    "a file that is not there": lambda folder: verify_file(folder / "none", trusted()),
    "a bundle that is none": judged(b"PK"),
    # receipts
    "a receipt that is no JSON": judged(b"{"),
    "a receipt of no kind": judged(b"{}"),
    "a receipt of an unknown kind": judged(canonical_json({"kind": "k" * 41})),
    "a receipt with a member more": judged(edited("custody.json", more=1)),
    "a receipt whose entry is no base64": judged(edited("custody.json", entry="?")),
    "a receipt whose proof is none": judged(edited("custody.json", proof="")),
    "a receipt with another entry": judged(edited("custody.json", entry="e30")),
    "a receipt whose entry is none": judged(
        format_custody(LOG.leaves[2], LOG.proof(2)), trust=OURS
    ),
    "a receipt in another spelling": judged(room("custody.json") + b" "),
    "a receipt of an acceptance under another name": judged(
        format_custody(LOG.leaves[1], LOG.proof(1)), trust=OURS
    ),
    "a refusal that accepts": judged(format_refusal(LOG.leaves[0], LOG.proof(0)), trust=OURS),
    "a receipt of another log": judged(REFUSAL),
    "a receipt by other keys of that name": judged(REFUSAL, trust=pinned(memory(label="other"))),
    "an act in another spelling": judged(room("recall.json") + b"\n"),
    "an act that claims witnesses": judged(edited("recall.json", level="witnessed")),
    "an act without its salt": judged(edited("recall.json", salt=None)),
    "an act with another detail": judged(edited("recall.json", detail=b64u(b"{}"))),
    "an act that is no act": judged(
        edited(
            "recall.json", entry=b64u(LOG.leaves[0]), proof=LOG.proof(0), detail=None, salt=None
        ),
        trust=OURS,
    ),
    "a receipt of custody over an act": judged(
        edited("custody.json", **{name: ACT[name] for name in ("entry", "proof")})
    ),
    "a receipt of custody over a document": judged(
        edited("custody.json", **{name: DOCUMENT[name] for name in ("entry", "proof")})
    ),
    "an act over a document": judged(
        edited("recall.json", **{name: DOCUMENT[name] for name in ("entry", "proof")})
    ),
    "the container of another": beside(
        "custody.json", Bundle("package.zip").members["envelope/container.dxe"], container=True
    ),
    "a container that is none": beside("custody.json", b"DXE2", container=True),
    "a container that is not there": judged(room("custody.json"), About(container=ROOM / "none")),
    "a receipt without witnesses": judged(room("custody.json"), level=Level.WITNESSED),
    # tlog-proofs
    "a proof without its entry": judged(room("entry.tlog-proof")),
    "a proof with an entry that is not there": judged(
        room("entry.tlog-proof"), About(entry=ROOM / "none")
    ),
    "a proof with the entry of another": with_entry(LOG.leaves[0]),
    "a proof with a file that is no JSON": with_entry(b"entry"),
    "a proof with a file of unknown kind": with_entry(b'{"kind":"other"}'),
    "a proof with a receipt that is none": with_entry(b'{"kind":"custody"}'),
    "a proof with an endless entry": with_entry(b" " * ((1 << 20) + 1)),
    "a proof that is none": judged(b"c2sp.org/tlog-proof@v1\n", ENTRY),
    "a proof of another version": judged(b"c2sp.org/tlog-proof@v2\n", ENTRY),
    "a proof that another key signed": judged(odd("entry.tlog-proof"), ENTRY),
    "a proof without witnesses": judged(
        room("entry.tlog-proof"), ENTRY, trusted(policy=None), Level.WITNESSED
    ),
    # COSE receipts
    "a COSE receipt without its entry": judged(room("entry.cose")),
    "a COSE receipt that is none": judged(b"\xd2", ENTRY),
    "a COSE receipt of consistency": judged(CONSISTENCY, ENTRY, OURS),
    "a COSE receipt of another log": judged(cosed(15, {1: "other" * 20, 6: 1}), ENTRY),
    "a COSE receipt by another key": judged(cosed(4, b"other" * 20), ENTRY),
    "a COSE receipt of another time": judged(cosed(15, {1: "log.example/platform", 6: 1}), ENTRY),
    "a COSE receipt of another algorithm": judged(cosed(1, -7), ENTRY),
    "a COSE receipt that goes on": judged(room("entry.cose") + b"\0", ENTRY),
    "a COSE receipt of another place": judged(
        cose_proof(lambda proof: proof.__setitem__(1, 9)), ENTRY
    ),
    "a COSE receipt beyond its tree": judged(
        cose_proof(lambda proof: proof.__setitem__(0, 9)), ENTRY
    ),
    "a COSE receipt with a short path": judged(cose_proof(lambda proof: proof[2].pop()), ENTRY),
    "a COSE receipt with the entry of another": beside("entry.cose", LOG.leaves[0], entry=True),
    "a COSE receipt, and witnesses asked for": judged(
        room("entry.cose"), ENTRY, None, Level.WITNESSED
    ),
    "a COSE receipt, and no key for it": judged(
        room("entry.cose"), ENTRY, repinned(receipt_key=None)
    ),
    "a COSE receipt, and a key that is none": judged(
        room("entry.cose"), ENTRY, repinned(receipt_key={"kty": "EC"})
    ),
    "a COSE receipt, and a key of another kind": judged(
        room("entry.cose"),
        ENTRY,
        repinned(receipt_key=trusted().file.registrars.registrars[0].keys[0]),
    ),
    # checkpoints
    "a checkpoint of another log": judged(HEAD.encode()),
    "a checkpoint of a log with a long name": judged(
        MemoryLog([], origin="o" * 90).checkpoint().encode()
    ),
    "a checkpoint by other keys of that name": judged(
        memory(label="other").checkpoint().encode(), trust=OURS
    ),
    "a checkpoint that another key signed": judged(odd("checkpoint.txt")),
    "a checkpoint without signatures": judged(room("checkpoint.txt").split(b"\n\n")[0] + b"\n"),
    "a checkpoint of another history": judged(HEAD.encode(), trust=KNOWING),
    "a checkpoint, and a known one that is none": judged(
        room("checkpoint.txt"), trust=trusted(checkpoint="log\n")
    ),
    "a checkpoint, and a policy for other logs": judged(
        room("checkpoint.txt"), trust=trusted(policy=policy_text("a"))
    ),
    "a checkpoint without witnesses": judged(HEAD.encode(), None, OURS, Level.WITNESSED),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_does_not_hold_is_refused(case: str, tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        FILES[case](tmp_path)
    assert told(caught.value) == WORDS["files"][case]


def test_two_heads_of_one_size_are_kept_as_evidence(tmp_path: Path) -> None:
    with pytest.raises(VerificationError) as caught:
        FILES["a checkpoint of another history"](tmp_path)
    assert caught.value.evidence == {"known": OTHER_HEAD, "seen": HEAD}


def test_a_file_that_is_not_there_is_no_failure_of_evidence(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        FILES["a file that is not there"](tmp_path)
    assert exit_status(caught.value) == 3


@pytest.mark.parametrize("known", [FORK.checkpoint(3), HEAD, None])
def test_a_head_is_judged_beside_one_of_another_size_or_the_same(
    known: str | None, tmp_path: Path
) -> None:
    found = judged(HEAD.encode(), trust=pinned(LOG, checkpoint=known))(tmp_path)
    assert found.facts["size"] == 4


def test_a_receipt_of_a_refusal_says_of_which_envelope(tmp_path: Path) -> None:
    found = judged(REFUSAL, trust=OURS)(tmp_path)
    assert found.summary == (
        f"envelope.refused {envelope_id(9)}, log entry 1, {INSTANT}, level logged"
    )
    assert found.document["kind"] == "refusal"
    assert [check.found for check in found.checks] == [
        "entry 1 under size 4",
        f"{REFUSED.man[:16]}… no container was given",
        "level logged: no witness policy is pinned",
    ]
