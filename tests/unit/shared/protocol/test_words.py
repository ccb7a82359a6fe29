"""What a person reads when a receipt or a container is refused: the exact words and the way out."""

import io
import json
from collections.abc import Callable

import pytest

from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.signing import SIGNATURE_SIZE
from sextant_shared.encoding import b64, b64u, canonical_json
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.notes import Note, format_note, parse_note
from sextant_shared.models.entries import DeclarationOpenedEntry
from sextant_shared.models.log import WitnessedHead
from sextant_shared.models.receipts import Level
from sextant_shared.protocol.checkpoints import LogKeys, sign_checkpoint, verify_checkpoint
from sextant_shared.protocol.jws import MAX_SIGNATURES, countersign_jws, parse_jws
from sextant_shared.protocol.levels import parse_witnessed, standing_of, verify_witnessed
from sextant_shared.protocol.logproof import HEADER, MAX_PROOF_CHARS, parse_proof
from sextant_shared.protocol.manifest import (
    format_prefix,
    parse_prefix,
    read_manifest,
    verify_manifest,
)
from sextant_shared.protocol.receipts import format_custody, verify_custody
from tests.support.envelopes import XAL, make_container, pair_of, resign
from tests.support.logs import (
    INSTANT,
    NOW,
    ORIGIN,
    MemoryLog,
    envelope_id,
    log_keys,
    log_signers,
    make_accepted,
    random128,
)
from tests.support.parties import PartyKeys
from tests.support.witnesses import cosigned, policy

PREFIX = "DXE1 and a 4-byte length"
ALGORITHMS = ", ".join(SIGNATURE_SIZE)


def told(work: Callable[[], object]) -> tuple[str, str, str, str, str]:
    with pytest.raises(PlatformError) as caught:
        work()
    error = caught.value
    return (str(error.code), error.detail, error.expected, error.received, error.fix)


def receipt(change: Callable[[str], str]) -> Callable[[], object]:
    log = MemoryLog()
    for number in range(2):
        log.append(make_accepted(number))
    text = change(format_custody(log.leaves[1], log.proof(1)).decode())
    return lambda: verify_custody(text.encode(), bytes(32), envelope_id(1), log.keys)


def test_another_spelling_of_a_receipt() -> None:
    assert told(receipt(lambda text: text + " ")) == (
        "E_MALFORMED",
        "the receipt is not in its canonical encoding",
        "RFC 8785 JSON, as the exchange handed it out",
        "",
        "Keep the receipt byte for byte; fetch it again from the exchange.",
    )


def test_a_receipt_that_claims_witnesses() -> None:
    assert told(receipt(lambda text: text.replace('"logged"', '"witnessed"'))) == (
        "E_MALFORMED",
        "the receipt claims witnesses, and no witness policy is pinned to check them",
        "logged",
        "witnessed",
        "Verify the receipt of level logged.",
    )


def test_a_proof_with_data_that_nothing_authenticates() -> None:
    def add(text: str) -> str:
        document = json.loads(text)
        document["proof"] = document["proof"].replace("\nindex", "\nextra AAAA\nindex", 1)
        return json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False)

    assert told(receipt(add)) == (
        "E_MALFORMED",
        "the proof in the receipt carries data that nothing authenticates",
        "",
        "",
        "",
    )


def test_a_container_that_ends_inside_its_manifest() -> None:
    container = make_container()
    size = int.from_bytes(container[4:8], "big")
    assert told(lambda: read_manifest(io.BytesIO(container[:100]))) == (
        "E_MALFORMED",
        "the container ends inside its manifest",
        f"{size} bytes",
        "92 bytes",
        "",
    )


def test_a_receipt_for_another_manifest() -> None:
    held = b64u(bytes(32))
    assert told(receipt(lambda text: text)) == (
        "E_DIGEST",
        "the receipt is for another manifest",
        held,
        make_accepted(1).man,
        "Compare the stored manifest with the one that was deposited.",
    )


def test_a_receipt_whose_entry_accepts_nothing() -> None:
    log = MemoryLog()
    entry = DeclarationOpenedEntry(
        v=1,
        type="declaration.opened",
        id=random128(7),
        t=INSTANT,
        nonce=random128(8),
        env=envelope_id(1),
        ref=0,
        commit=b64u(bytes(32)),
    )
    log.append(entry)
    data = format_custody(log.leaves[0], log.proof(0))
    assert told(lambda: verify_custody(data, bytes(32), envelope_id(1), log.keys)) == (
        "E_INTEGRITY",
        "the entry in the receipt is not about an accepted envelope",
        "envelope.accepted",
        "declaration.opened",
        "",
    )


def test_a_proof_without_end() -> None:
    assert told(lambda: parse_proof(HEADER + "\n" * 600_000)) == (
        "E_TOO_LARGE",
        f"a proof is longer than {MAX_PROOF_CHARS} characters",
        "",
        "",
        "",
    )


# ---- the head of a container


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        (b"ZIP1" + bytes(5), ("E_MALFORMED", "not a DXE container", PREFIX, "5a49503100000000")),
        (b"DXE1" + bytes(3), ("E_MALFORMED", "not a DXE container", PREFIX, "44584531000000")),
        (b"DXE9" + bytes(4), ("E_VERSION", "unknown container version", "DXE1", "44584539")),
        (
            b"DXE1\x00\x01\x00\x01",
            ("E_TOO_LARGE", "the manifest is too long", "at most 65536 bytes", "65537 bytes"),
        ),
    ],
)
def test_a_beginning_that_is_no_container_s(prefix: bytes, words: tuple[str, ...]) -> None:
    assert told(lambda: parse_prefix(prefix)) == (*words, "")


def test_a_manifest_of_the_greatest_length_is_read() -> None:
    assert parse_prefix(b"DXE1\x00\x01\x00\x00") == 65536
    assert format_prefix(bytes(65536)) == b"DXE1\x00\x01\x00\x00"


def test_a_signature_by_another_key_than_the_registered_one() -> None:
    found = read_manifest(io.BytesIO(make_container()))
    registered, used = PartyKeys("NA-XBO").sig[0], XAL.sig[0]
    assert told(lambda: verify_manifest(found, pair_of(PartyKeys("NA-XBO").sig))) == (
        "E_KEY",
        "a signature is not by the key the header names",
        f"Ed25519 by {registered.kid}",
        f"Ed25519 by {used.kid}",
        "The algorithm belongs to the registered key; messages do not choose it.",
    )


def test_half_a_pair_verifies_nothing() -> None:
    found = read_manifest(io.BytesIO(make_container()))
    with pytest.raises(ValueError, match="zip"):
        verify_manifest(found, pair_of(XAL.sig)[:1])


def test_a_body_format_with_an_endless_name_is_cut_when_it_is_told() -> None:
    container = resign(make_container(), lambda _, header: header.update(enc="C" * 60))
    assert told(lambda: read_manifest(io.BytesIO(container))) == (
        "E_VERSION",
        "unknown enc in the header",
        "C1",
        "C" * 40,
        "",
    )


# ---- signatures


def protected(**changes: object) -> bytes:
    """Return a JWS of one signature with this protected header."""
    header = {"alg": "Ed25519", "kid": XAL.sig[0].kid, "typ": "test", **changes}
    line = {"protected": b64u(canonical_json(header)), "signature": b64u(bytes(64))}
    return canonical_json({"payload": b64u(b"{}"), "signatures": [line]})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            protected(typ="t" * 60),
            ("E_MALFORMED", "another kind of document", "test", "t" * 40),
        ),
        (protected(typ=7), ("E_MALFORMED", "another kind of document", "test", "7")),
        (
            protected(alg="a" * 60),
            ("E_KEY", "the signature algorithm is not in the registry", ALGORITHMS, "a" * 40),
        ),
        (
            protected(**{"z" * 90: 1}),
            (
                "E_MALFORMED",
                "a protected header has other members than it may",
                "alg, kid, typ",
                f"alg, kid, typ, {'z' * 65}",
            ),
        ),
    ],
)
def test_what_a_signature_says_of_itself_is_cut_when_it_is_told(
    data: bytes, words: tuple[str, ...]
) -> None:
    assert told(lambda: parse_jws(data, "test", 65536)) == (*words, "")


def test_a_protected_header_of_256_bytes_is_read_and_one_more_is_not() -> None:
    room = 256 - len(canonical_json({"alg": "Ed25519", "kid": XAL.sig[0].kid, "typ": ""}))
    assert parse_jws(protected(typ="t" * room), "t" * room, 65536).payload == b"{}"
    longer = "t" * (room + 1)
    assert told(lambda: parse_jws(protected(typ=longer), longer, 65536))[0] == "E_TOO_LARGE"
    nested = told(lambda: parse_jws(protected(kid=[]), "test", 65536))
    assert nested[:2] == ("E_MALFORMED", "JSON is nested too deep")


def test_as_many_signatures_as_allowed_are_read() -> None:
    line = json.loads(protected())["signatures"][0]
    most = canonical_json({"payload": b64u(b"{}"), "signatures": [line] * MAX_SIGNATURES})
    assert len(parse_jws(most, "test", len(most)).signatures) == MAX_SIGNATURES
    more = countersign_jws(most, "test", len(most), XAL.sig)
    assert told(lambda: parse_jws(more, "test", len(more)))[1] == (
        f"a JWS carries 1 to {MAX_SIGNATURES} signatures"
    )


# ---- the log's head and its proofs


def test_a_log_of_other_keys_and_one_without_a_name() -> None:
    ed25519, ml_dsa = log_signers()
    assert told(lambda: LogKeys.of_signers(ORIGIN, (ml_dsa, ed25519))) == (
        "E_KEY",
        "a log has one Ed25519 key (type 0x01) and one ML-DSA-44 key (type 0x06)",
        "both, named by the origin",
        "ML-DSA-44 and Ed25519",
        "",
    )
    assert told(lambda: LogKeys.of_signers(f"+{'x' * 90}", (ed25519, ml_dsa))) == (
        "E_KEY",
        "an origin is a schema-less URL without spaces or plus, of at most 255 bytes",
        "",
        f"+{'x' * 79}",
        "",
    )


def test_two_keys_that_name_two_logs() -> None:
    first, second = log_keys().vkeys[0], log_keys("log.example/other").vkeys[1]
    assert told(lambda: LogKeys.from_vkeys([second, first])) == (
        "E_KEY",
        "the two keys of a log carry its origin as their name",
        ORIGIN,
        "log.example/other",
        "",
    )


def test_a_head_of_another_log() -> None:
    other = sign_checkpoint("log.example/other", 7, bytes(32), log_signers(), NOW)
    assert told(lambda: verify_checkpoint(other, log_keys())) == (
        "E_KEY",
        "the checkpoint is of another log",
        ORIGIN,
        "log.example/other",
        "",
    )


def test_a_head_with_more_lines_than_are_signed() -> None:
    note = parse_note(sign_checkpoint(ORIGIN, 7, bytes(32), log_signers(), NOW))
    extended = format_note(Note(f"{note.text}{'e' * 90}\nmore\n", note.signatures))
    assert told(lambda: verify_checkpoint(extended, log_keys())) == (
        "E_MALFORMED",
        "the checkpoint has extension lines, which the ML-DSA signature does not cover",
        "",
        "e" * 80,
        "",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("h" * 90 + "\n\nx", ("the proof does not begin with its header", HEADER, "h" * 80)),
        (f"{HEADER}\nindex 0", ("the proof does not begin with its header", HEADER, HEADER)),
        (
            f"{HEADER}\nindex {'9' * 90}\n\nx",
            ("the proof names no index", "index <decimal>", f"index {'9' * 74}"),
        ),
        (f"{HEADER}\n\nx", ("the proof names no index", "index <decimal>", "")),
        (
            f"{HEADER}\nfirst\nsecond\n\nx",
            ("the proof names no index", "index <decimal>", "first"),
        ),
    ],
)
def test_what_is_no_proof_is_cut_when_it_is_told(text: str, words: tuple[str, ...]) -> None:
    assert told(lambda: parse_proof(text)) == ("E_MALFORMED", *words, "")


def test_the_longest_proof_and_the_longest_path_are_read() -> None:
    node = b64(bytes(32))
    head = f"{HEADER}\nindex {'9' * 19}\n" + f"{node}\n" * 63 + "\n"
    longest = parse_proof(head.ljust(MAX_PROOF_CHARS, "x"))
    assert (longest.index, longest.path) == (int("9" * 19), (bytes(32),) * 63)
    assert longest.extra is None
    assert told(lambda: parse_proof(head.ljust(MAX_PROOF_CHARS + 1, "x")))[0] == "E_TOO_LARGE"


def test_a_witnessed_head_for_another_receipt() -> None:
    log = MemoryLog([])
    for number in range(9):
        log.append(make_accepted(number))
    older = verify_checkpoint(log.checkpoint(5), log.keys)

    def head(first: int, path: list[str]) -> WitnessedHead:
        fields = {"v": 1, "kind": "witnessed", "first": first, "second": 9, "path": path}
        return WitnessedHead.model_validate({**fields, "checkpoint": log.checkpoint(9)})

    assert told(lambda: verify_witnessed(head(4, []), older, log.keys, None)) == (
        "E_INTEGRITY",
        "the witnessed head is for another receipt",
        "a proof from size 5 to size 9",
        "from size 4 to size 9",
        "",
    )
    node = b64(bytes(32))
    endless = told(lambda: verify_witnessed(head(5, [node] * 64), older, log.keys, None))
    assert endless == ("E_MALFORMED", "the consistency proof is too long", "", "", "")
    longest = told(lambda: verify_witnessed(head(5, [node] * 63), older, log.keys, None))
    assert longest[0] == "E_INTEGRITY"


def test_a_witnessed_head_without_end() -> None:
    assert told(lambda: parse_witnessed(b" " * (1 << 20)))[0] == "E_MALFORMED"
    assert told(lambda: parse_witnessed(b" " * ((1 << 20) + 1)))[0] == "E_TOO_LARGE"


def test_what_is_said_of_a_head_that_witnesses_saw() -> None:
    log = MemoryLog([])
    log.append(make_accepted(0))
    seen = cosigned(log.checkpoint(), "xal", "xch")
    standing = standing_of(seen, log.keys, policy("xal", "xbo", "xch", threshold="2"))
    assert standing.quorum is not None
    since = timestamp_s(standing.quorum.first_time or 0)
    names = ", ".join(standing.quorum.seen)
    assert standing.words == f"level witnessed: {names}, first at {since}"
    unpinned = standing_of(seen, log.keys, None)
    assert unpinned.words == "level logged: no witness policy is pinned"


@pytest.mark.parametrize("proof", ['plain "quoted" \\ \n', "é"])
@pytest.mark.parametrize("level", list(Level))
def test_a_receipt_has_one_spelling_whatever_its_proof(proof: str, level: Level) -> None:
    whole = {"v": 1, "kind": "custody", "level": str(level), "entry": b64u(b"e"), "proof": proof}
    assert format_custody(b"e", proof, level=level) == canonical_json(whole)
