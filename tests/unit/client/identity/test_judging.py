"""How the signature of an envelope is judged by what the log says since, word for word."""

import io
from collections.abc import Sequence

import pytest

from sextant_client.identity.judging import Judged, judge
from sextant_shared.clock import timestamp_ms, timestamp_s
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import PlatformError
from sextant_shared.models.entries import PartyStatementEntry
from sextant_shared.models.statements import LoggedStatement, Says, Statement, StatementList
from sextant_shared.protocol.manifest import Manifest, read_manifest
from sextant_shared.protocol.receipts import format_custody, verify_custody
from sextant_shared.protocol.statements import sign_statement
from tests.support.envelopes import make_container
from tests.support.histories import Life
from tests.support.logs import make_accepted, random128
from tests.unit.client.verifier.bundles import told

DAY = 86_400.0


class Sent:
    """One envelope of NA-XAL in the log of its life, and what NA-XAL says of it."""

    def __init__(self) -> None:
        self.life = Life()
        self.kids = [half.kid for half in self.life.keys.sig]
        self.manifest: Manifest = read_manifest(io.BytesIO(make_container()))
        header, reg = self.manifest.header, self.life.logged[-1][1]
        accepted = make_accepted(5, env=header.id, man=self.manifest.digest, reg=reg)
        entry = accepted.model_copy(update={"t": timestamp_ms(self.life.now)})
        self.index = self.life.log.append(entry)
        leaf, proof = self.life.log.leaves[self.index], self.life.log.proof(self.index)
        self.receipt = verify_custody(
            format_custody(leaf, proof), self.manifest.digest, header.id, self.life.log.keys
        )

    def say(
        self, says: Says, by: tuple[Signer, Signer] | None = None, **changes: str
    ) -> LoggedStatement:
        life, header = self.life, self.manifest.header
        about = {"env": header.id, "man": b64u(self.manifest.digest), "reason": "", **changes}
        statement = Statement.model_validate(
            {"v": 1, "party": "NA-XAL", "t": timestamp_s(life.now), "says": says, **about}
        )
        raw = sign_statement(statement, by or life.keys.sig)
        index = life.log.append(
            PartyStatementEntry(
                v=1,
                type="party.statement",
                id=random128(len(life.log.leaves)),
                t=timestamp_ms(life.now),
                nonce=random128(9),
                party="NA-XAL",
                doc=b64u(sha256(raw)),
                reg=life.logged[-1][1],
            )
        )
        leaf, proof = life.log.leaves[index], life.log.proof(index)
        return LoggedStatement(statement=raw.decode(), entry=b64u(leaf), proof=proof)

    def judged(self, *said: LoggedStatement) -> Judged:
        life = self.life
        listed = StatementList(statements=list(said)) if said else None
        return judge(
            self.manifest, self.receipt, life.history(), listed, life.pinned, life.log.keys
        )

    def stolen(self) -> tuple[str, ...]:
        """Revoke the pair, suspected since before the envelope; return the flags of that."""
        life = self.life
        life.rotate("sig 2")
        since = life.now - DAY
        index = life.revoke(self.kids, since)
        return tuple(
            f"key {kid[:12]}… revoked at log entry {index},"
            f" suspected from {timestamp_s(since)} (stolen)"
            for kid in self.kids
        )


def lines(judged: Judged) -> list[tuple[str, str]]:
    return [(check.name, check.found) for check in judged.checks]


def refused(sent: Sent, *said: LoggedStatement) -> Sequence[object]:
    with pytest.raises(PlatformError) as caught:
        sent.judged(*said)
    return told(caught.value)[1:]


@pytest.mark.parametrize(
    "change", [{"env": "0193a3c0-0000-7000-8000-000000000007"}, {"man": "A" * 43}]
)
def test_a_statement_about_another_envelope_is_refused(change: dict[str, str]) -> None:
    sent = Sent()
    about = change.get("env", sent.manifest.header.id)
    assert refused(sent, sent.say(Says.AFFIRMED, None, **change)) == [
        "E_INTEGRITY",
        "a statement is about another envelope",
        f"NA-XAL {sent.manifest.header.id}",
        f"NA-XAL {about}",
        "",
    ]


def test_keys_that_were_not_in_force_where_it_was_accepted_are_refused() -> None:
    sent = Sent()
    sent.life.rotate("sig 2")
    late = sent.life.logged[-1][1]
    sent.receipt = sent.receipt.__class__(
        **{name: getattr(sent.receipt, name) for name in sent.receipt.__slots__} | {"reg": late}
    )
    assert refused(sent)[0] == "E_KEY"


def test_the_keys_of_an_envelope_are_sound_until_the_log_says_otherwise() -> None:
    sent = Sent()
    found = sent.judged()
    assert lines(found) == [("keys since", "nothing against them up to version 1")]
    assert (found.flags, found.said) == ((), None)
    sent.life.now += DAY
    sent.life.rotate("sig 2")
    assert lines(sent.judged()) == [("keys since", "nothing against them up to version 2")]


def test_suspect_keys_are_flagged_one_by_one_and_the_newest_word_is_told() -> None:
    sent = Sent()
    flags = sent.stolen()
    first = sent.say(Says.REPUDIATED, reason="not ours")
    second = sent.say(Says.AFFIRMED)
    at = len(sent.life.log.leaves) - 2
    found = sent.judged(first, second)
    assert lines(found) == [
        ("keys since", "FLAGGED: " + "; ".join(flags)),
        ("statement", f"repudiated by NA-XAL at log entry {at} (not ours)"),
        ("statement", f"affirmed by NA-XAL at log entry {at + 1}"),
    ]
    assert (found.flags, found.said) == (flags, Says.AFFIRMED)


def test_the_word_of_a_thief_is_told_as_such_and_does_not_count() -> None:
    sent = Sent()
    word = sent.say(Says.AFFIRMED)
    at = len(sent.life.log.leaves) - 1
    sent.stolen()
    found = sent.judged(word)
    assert lines(found)[1] == (
        "statement",
        f"affirmed by NA-XAL at log entry {at}; itself signed by a suspect key",
    )
    assert found.said is None
