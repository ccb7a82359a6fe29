"""How the signature of an envelope is judged by what the log says since, word for word."""

from collections.abc import Sequence

import pytest

from sextant_client.identity.judging import Judged
from sextant_shared.errors import PlatformError
from sextant_shared.models.statements import LoggedStatement, Says
from tests.unit.client.identity.sent import DAY, Sent
from tests.unit.client.verifier.bundles import told


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
