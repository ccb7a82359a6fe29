"""A party's word on its own envelopes: one envelope, one pair in force, one entry of the log."""

import json
from collections.abc import Callable

import pytest

from sextant_shared.clock import timestamp_ms, timestamp_s
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import PartyStatementEntry
from sextant_shared.models.party import KeyUse
from sextant_shared.models.statements import STATEMENT_TYP, LoggedStatement, Says, Statement
from sextant_shared.protocol.jws import parse_jws, sign_jws
from sextant_shared.protocol.keyhistory import verify_history
from sextant_shared.protocol.parties import Registry
from sextant_shared.protocol.statements import (
    ProvedStatement,
    newest_word,
    parse_statement,
    read_statement,
    sign_statement,
    verify_statement,
)
from tests.support.histories import Life
from tests.support.logs import envelope_id, random128
from tests.support.parties import pair

DAY = 86_400.0


def statement(life: Life, says: Says) -> Statement:
    return Statement(
        v=1,
        party="NA-XAL",
        t=timestamp_s(life.now),
        env=envelope_id(1),
        man=b64u(sha256(b"manifest")),
        says=says,
        reason="not ours",
    )


def logged(life: Life, raw: bytes, party: str = "NA-XAL") -> LoggedStatement:
    index = life.log.append(
        PartyStatementEntry(
            v=1,
            type="party.statement",
            id=random128(len(life.log.leaves)),
            t=timestamp_ms(life.now),
            nonce=random128(9),
            party=party,
            doc=b64u(sha256(raw)),
            reg=life.logged[-1][1],
        )
    )
    leaf, proof = life.log.leaves[index], life.log.proof(index)
    return LoggedStatement(statement=raw.decode(), entry=b64u(leaf), proof=proof)


def proved(life: Life, says: Says, by: tuple[Signer, Signer] | None = None) -> ProvedStatement:
    given = logged(life, sign_statement(statement(life, says), by or life.keys.sig))
    history = verify_history(life.history(), "NA-XAL", life.pinned, life.log.keys)
    return verify_statement(given, history, life.log.keys)


def test_a_statement_by_the_pair_in_force_is_proved_and_the_newest_counts() -> None:
    life = Life()
    first, second = proved(life, Says.REPUDIATED), proved(life, Says.AFFIRMED)
    assert newest_word([second, first]) is Says.AFFIRMED
    assert newest_word([]) is None
    assert f"repudiated by NA-XAL at log entry {first.index}" in first.words


@pytest.mark.parametrize("signers", ["stranger", "root", "half", "twice"])
def test_a_statement_by_anything_but_one_pair_in_force_is_refused(signers: str) -> None:
    life = Life()
    by = {
        "stranger": pair("stranger"),
        "root": life.keys.root,
        "half": life.keys.sig[:1],
        "twice": (life.keys.sig[0], life.keys.sig[0]),
    }[signers]
    payload = sign_statement(statement(life, Says.AFFIRMED), life.keys.sig)
    raw = sign_jws(_payload(payload), STATEMENT_TYP, by)
    with pytest.raises(PlatformError) as caught:
        read_statement(raw, Registry({"NA-XAL": life.document}))
    assert caught.value.code in {Code.KEY, Code.SIGNATURE}


def test_the_word_of_a_pair_that_is_itself_suspect_does_not_count() -> None:
    life = Life()
    stolen = life.keys.sig
    given = logged(life, sign_statement(statement(life, Says.AFFIRMED), stolen))
    life.now += DAY
    life.rotate("sig 2")
    life.revoke([half.kid for half in stolen], life.now - 2 * DAY)
    honest = proved(life, Says.REPUDIATED)
    history = verify_history(life.history(), "NA-XAL", life.pinned, life.log.keys)
    doubtful = verify_statement(given, history, life.log.keys)
    assert "suspect key" in doubtful.words
    assert newest_word([doubtful]) is None
    assert newest_word([honest, doubtful]) is Says.REPUDIATED


def test_a_statement_without_its_own_entry_is_refused() -> None:
    life = Life()
    history = verify_history(life.history(), "NA-XAL", life.pinned, life.log.keys)
    history.require_active([life.keys.sig[0].kid], KeyUse.SIG, life.logged[-1][1])
    one = logged(life, sign_statement(statement(life, Says.AFFIRMED), life.keys.sig))
    other = sign_statement(statement(life, Says.REPUDIATED), life.keys.sig)
    with pytest.raises(PlatformError, match="not about this statement") as caught:
        verify_statement(
            one.model_copy(update={"statement": other.decode()}), history, life.log.keys
        )
    assert caught.value.code is Code.INTEGRITY


def test_who_claims_to_have_signed_is_read_before_anything_is_verified() -> None:
    life = Life()
    said = statement(life, Says.AFFIRMED)
    found = parse_statement(sign_statement(said, pair("stranger")))
    assert found == (said, tuple(half.kid for half in pair("stranger")))


def told(work: Callable[[], object]) -> tuple[str, str, str, str]:
    with pytest.raises(PlatformError) as caught:
        work()
    error = caught.value
    return str(error.code), error.detail, error.expected, error.received


def test_half_a_pair_and_a_foreign_entry_are_refused_in_these_words() -> None:
    life = Life()
    registry = Registry({"NA-XAL": life.document})
    raw = sign_statement(statement(life, Says.AFFIRMED), life.keys.sig)
    half = sign_jws(_payload(raw), STATEMENT_TYP, life.keys.sig[:1])
    assert told(lambda: read_statement(half, registry)) == (
        "E_SIGNATURE",
        "a statement bears exactly one pair of signatures",
        "2",
        "1",
    )
    one = logged(life, raw)
    history = verify_history(life.history(), "NA-XAL", life.pinned, life.log.keys)
    index = life.logged[-1][1]
    other = LoggedStatement(
        statement=raw.decode(), entry=b64u(life.log.leaves[index]), proof=life.log.proof(index)
    )
    assert told(lambda: verify_statement(other, history, life.log.keys)) == (
        "E_INTEGRITY",
        "the log's entry is not about this statement",
        b64u(sha256(raw)),
        f"party.document at {index}",
    )
    found = verify_statement(one, history, life.log.keys)
    at = len(life.log.leaves) - 1
    assert (found.index, found.t, found.flags) == (at, timestamp_ms(life.now), ())
    assert found.words == f"affirmed by NA-XAL at log entry {at} (not ours)"
    assert (found.signed.raw, found.signed.digest) == (raw, sha256(raw))
    assert found.signed.kids == tuple(half.kid for half in life.keys.sig)


def test_a_statement_in_the_name_of_another_party_is_refused() -> None:
    life = Life()
    said = statement(life, Says.AFFIRMED).model_copy(update={"party": "NA-XBO"})
    given = logged(life, sign_statement(said, life.keys.sig))
    history = verify_history(life.history(), "NA-XAL", life.pinned, life.log.keys)
    assert told(lambda: verify_statement(given, history, life.log.keys))[0] == "E_KEY"


def test_a_signature_that_names_another_algorithm_than_its_key_is_refused() -> None:
    life = Life()
    raw = sign_statement(statement(life, Says.AFFIRMED), life.keys.sig)
    document = json.loads(raw)
    halves = document["signatures"]
    renamed = {**json.loads(b64u_decode(halves[0]["protected"])), "alg": "ES384"}
    halves[0]["protected"] = b64u(canonical_json(renamed))
    bent = canonical_json(document)
    found = told(lambda: read_statement(bent, Registry({"NA-XAL": life.document})))
    assert found == ("E_KEY", "a signature names another algorithm than its key", "", "")


def _payload(raw: bytes) -> bytes:
    return parse_jws(raw, STATEMENT_TYP, 1 << 16).payload
