"""Keys are judged by log position: over years with rotations, revocation and root loss."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_shared.clock import timestamp_ms, timestamp_s
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus, KeyUse, PartyDocument, PartyKey
from sextant_shared.protocol.keyhistory import (
    Flag,
    KeyHistory,
    VersionInForce,
    suspect_keys,
    verify_history,
)
from sextant_shared.protocol.parties import VerifiedParty
from tests.support.histories import Life
from tests.support.logs import NOW
from tests.support.parties import PartyKeys, party_key

DAY = 86_400.0
YEAR = 365 * DAY


def verified(life: Life) -> KeyHistory:
    return verify_history(life.history(), "NA-XAL", life.pinned, life.log.keys)


def active(history: KeyHistory, kids: list[str], reg: int) -> bool:
    try:
        history.require_active(kids, KeyUse.SIG, reg)
    except PlatformError as error:
        return error.code is not Code.KEY
    return True


def test_ten_years_with_rotations_a_theft_and_a_lost_root_are_judged_by_position() -> None:
    life = Life()
    sent = [([half.kid for half in life.keys.sig], life.accept())]
    for year in range(4):
        life.now += YEAR
        life.rotate(f"sig {year}")
        sent.append(([half.kid for half in life.keys.sig], life.accept()))
    life.now += DAY
    doubtful = life.accept()
    stolen = [half.kid for half in life.keys.sig]
    life.now += DAY
    life.revoke(stolen, life.now - 1.5 * DAY)
    lost = life.recovery()
    announced = life.announce(lost)
    life.now += 3 * DAY
    life.recover(lost, announced)
    life.rotate("sig after")
    after = ([half.kid for half in life.keys.sig], life.accept())
    history = verified(life)
    for kids, (reg, index, t) in [*sent, after]:
        history.require_active(kids, KeyUse.SIG, reg)
        assert history.flags(kids, reg, index, t) == []
    reg, index, t = doubtful
    flags = history.flags(stolen, reg, index, t)
    assert [flag.kid for flag in flags] == stolen
    assert "revoked" in flags[0].words
    assert "stolen" in flags[0].words
    for kids, (reg, _, _) in sent[:-1]:
        assert not active(history, kids, after[1][0])
        assert active(history, kids, reg)


def test_an_envelope_under_a_state_that_the_log_left_behind_is_flagged() -> None:
    life = Life()
    kids = [half.kid for half in life.keys.sig]
    before = life.logged[-1][1]
    life.now += DAY
    removed = life.revoke(kids, None)
    reg, index, t = life.accept(reg=before)
    history = verified(life)
    history.require_active(kids, KeyUse.SIG, reg)
    assert [flag.since for flag in history.flags(kids, reg, index, t)] == [removed, removed]


def test_a_party_has_no_keys_before_it_was_enrolled() -> None:
    with pytest.raises(PlatformError, match="not enrolled at log entry 0") as caught:
        verified(Life()).at(0)
    assert caught.value.code is Code.KEY


@pytest.mark.parametrize("fault", ["gap", "order", "other entry", "other party", "no recovery"])
def test_a_history_that_the_log_does_not_show_is_refused(fault: str) -> None:
    life = Life()
    life.rotate("sig 1")
    raw = life.recovery()
    announced = life.announce(raw)
    life.now += 3 * DAY
    life.recover(raw, announced)
    honest = life.history()
    versions = list(honest.versions)
    if fault == "gap":
        del versions[1]
    if fault == "order":
        versions.reverse()
    if fault == "other entry":
        entry = {"entry": versions[0].entry, "proof": versions[0].proof}
        versions[1] = versions[1].model_copy(update=entry)
    recoveries = [] if fault == "no recovery" else honest.recoveries
    bent = honest.model_copy(update={"versions": versions, "recoveries": recoveries})
    party = "NA-XBO" if fault == "other party" else "NA-XAL"
    with pytest.raises(PlatformError):
        verify_history(bent, party, life.pinned, life.log.keys)


def test_a_flag_says_which_key_since_when_and_why() -> None:
    life = Life()
    kids = [half.kid for half in life.keys.sig]
    accepted = life.accept()
    life.now += DAY
    since = life.revoke(kids, life.now - 2 * DAY)
    life.rotate("sig 2")
    flags = verified(life).flags(kids, *accepted)
    suspect_from = timestamp_s(life.now - 2 * DAY)
    assert flags == [Flag(kid, KeyStatus.REVOKED, suspect_from, "stolen", since) for kid in kids]
    assert flags[0].words == (
        f"key {kids[0][:12]}… revoked at log entry {since}, suspected from {suspect_from} (stolen)"
    )
    plain = Flag(kids[0], KeyStatus.SUSPENDED, None, "", 7)
    assert plain.words == f"key {kids[0][:12]}… suspended at log entry 7"


def test_keys_are_suspect_from_the_very_second_on_and_signing_keys_alone() -> None:
    life = Life()
    sig, root = ([half.kid for half in pair] for pair in (life.keys.sig, life.keys.root))
    suspected = life.now - DAY
    life.revoke(sig[:1], suspected)
    life.revoke(sig[1:], None)
    keys = [
        key.model_copy(update={"suspect_from": timestamp_s(suspected)} if key.kid in root else {})
        for key in life.document.document.keys
    ]
    document = life.document.document.model_copy(update={"keys": keys})
    party = replace(life.document, document=document)
    for t, expected in [(suspected - 1, []), (suspected, sig[:1]), (suspected + DAY, sig[:1])]:
        assert list(suspect_keys(party, timestamp_s(t))) == expected
    assert list(suspect_keys(Life().document, timestamp_s(suspected))) == []


def test_what_a_history_lacks_is_said() -> None:
    life = Life()
    with pytest.raises(PlatformError) as caught:
        verified(life).at(0)
    assert (caught.value.expected, caught.value.received) == ("log entry 1 or later", "0")
    life.rotate("sig 1")
    first, second = life.history().versions
    moved = second.model_copy(update={"entry": first.entry, "proof": first.proof})
    bent = life.history().model_copy(update={"versions": [first, moved]})
    with pytest.raises(PlatformError) as caught:
        verify_history(bent, "NA-XAL", life.pinned, life.log.keys)
    error = caught.value
    assert (error.code, error.detail, error.expected, error.received) == (
        Code.INTEGRITY,
        "an entry of the history is not the one of its version, or not in order",
        f"NA-XAL 2 {b64u(life.document.digest)}",
        "party.document at 1",
    )


# --- random histories against a model that replays the log -----------------------------------

PAIR = PartyKeys("NA-XAL").sig
KIDS = [half.kid for half in PAIR]
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("document"),
            st.lists(st.sampled_from(list(KeyStatus)), min_size=2, max_size=2),
            st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=2, max_size=2),
        ),
        st.tuples(st.just("envelope"), st.integers(0, 3), st.integers(0, 1)),
        st.tuples(st.just("other"), st.just(0), st.just(0)),
    ),
    max_size=24,
)


@dataclass
class Naive:
    """Walks the log from its beginning for each question."""

    log: list[tuple[str, object]] = field(default_factory=list)

    def state(self, position: int) -> dict[str, PartyKey]:
        found: dict[str, PartyKey] = {}
        for kind, what in self.log[: position + 1]:
            if kind == "document":
                assert isinstance(what, PartyDocument)
                found = {key.kid: key for key in what.keys}
        return found

    def is_active(self, kid: str, position: int) -> bool:
        key = self.state(position).get(kid)
        return key is not None and key.status is KeyStatus.ACTIVE

    def is_flagged(self, kid: str, reg: int, index: int, t: str) -> bool:
        last = self.state(len(self.log))[kid]
        removed = last.status in {KeyStatus.SUSPENDED, KeyStatus.REVOKED}
        # Seconds without a fraction, and all of one length: as text they sort as they are in time.
        if removed and last.suspect_from is not None and last.suspect_from[:-1] <= t[:19]:
            return True
        return any(not self.is_active(kid, position) for position in range(reg + 1, index + 1))


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_a_random_history_is_judged_as_a_replay_of_the_log_judges_it(
    steps: list[tuple[str, object, object]],
) -> None:
    first = PartyKeys("NA-XAL").document()
    naive = Naive([("other", None), ("document", first)])
    versions = [VersionInForce(1, VerifiedParty(first, b"", b""))]
    questions = []
    for number, (kind, what, more) in enumerate(steps, start=2):
        now = NOW + number
        if kind == "document":
            assert isinstance(what, list)
            assert isinstance(more, list)
            document = next_document(versions[-1].party.document, now, what, more)
            naive.log.append((kind, document))
            versions.append(VersionInForce(number, VerifiedParty(document, b"", b"")))
        else:
            naive.log.append((kind, None))
        if kind == "envelope":
            assert isinstance(what, int)
            assert isinstance(more, int)
            regs = [version.index for version in versions]
            questions.append((KIDS[more], regs[-1 - min(what, len(regs) - 1)], number))
    history = KeyHistory(tuple(versions))
    for kid, reg, index in questions:
        t = timestamp_ms(NOW + index)
        assert active(history, [kid], reg) == naive.is_active(kid, reg)
        if naive.is_active(kid, reg):  # what was never valid needs no flag
            assert bool(history.flags([kid], reg, index, t)) == naive.is_flagged(kid, reg, index, t)


def next_document(
    before: PartyDocument, now: float, statuses: list[KeyStatus], suspected: list[int | None]
) -> PartyDocument:
    lines = {
        kid: party_key(KeyUse.SIG, half, status).model_copy(
            update={
                "changed": timestamp_s(now),
                "suspect_from": None if offset is None else timestamp_s(now + offset),
            }
        )
        for kid, half, status, offset in zip(KIDS, PAIR, statuses, suspected, strict=True)
    }
    keys = [lines.get(key.kid, key) for key in before.keys]
    fresh = {"ver": before.ver + 1, "prev": b64u(bytes(32)), "keys": keys}
    return before.model_copy(update=fresh)
