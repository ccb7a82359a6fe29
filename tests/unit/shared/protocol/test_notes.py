"""What a service notes of itself: the whole entry, and what the next note is compared with."""

import json
from typing import Any

import pytest

from sextant_shared.encoding import b64u, b64u_decode, canonical_json, sha256
from sextant_shared.errors import PlatformError
from sextant_shared.protocol.acts import commitment
from sextant_shared.protocol.notes import InForce, MadeNote, changes, make_note

NOW, T = 1_795_519_680.5, "2026-11-24T11:28:00.500Z"
FIRST, SECOND, THIRD = "A" * 43, "E" * 43, "I" * 43


def digest(text: str) -> str:
    return b64u(sha256(text.encode()))


def entry_of(note: MadeNote) -> dict[str, Any]:
    """Return the entry's members but those that are drawn anew each time, whose sizes must fit."""
    members: dict[str, Any] = json.loads(note.entry)
    for name in ("id", "nonce"):
        assert len(b64u_decode(members.pop(name))) == 16
    if note.detail is not None and note.salt is not None:
        assert len(note.salt) == 32
        assert members.pop("commit") == b64u(commitment(note.salt, note.detail))
    return members


def test_a_note_commits_to_its_detail_and_leaves_out_what_is_not_there() -> None:
    note = make_note(
        "backup",
        {"of": "exchange", "size": 1, "nothing": None},
        NOW,
        owner="audit",
        detail={"note": "why"},
        about=("exchange", "1"),
    )
    assert entry_of(note) == {"v": 1, "type": "backup", "t": T, "of": "exchange", "size": 1}
    assert (note.type, note.subject, note.state, note.owner, note.detail) == (
        "backup",
        "exchange",
        "1",
        "audit",
        b'{"note":"why"}',
    )
    assert note.entry == canonical_json(json.loads(note.entry))


def test_a_note_without_a_detail_commits_to_nothing() -> None:
    members = {"service": "audit", "policy": "retention", "new": FIRST}
    note = make_note("policy.change", members, NOW, owner="audit")
    assert (note.detail, note.salt, note.subject, note.state) == (None, None, "", "")
    assert entry_of(note) == {"v": 1, "type": "policy.change", "t": T, **members}


def test_two_notes_of_the_same_have_nothing_in_common_that_could_be_guessed() -> None:
    members = {"of": "audit", "size": 1}
    one, two = (make_note("backup", members, NOW, owner="audit", detail={}) for _ in range(2))
    assert one.salt != two.salt
    for name in ("id", "nonce", "commit"):
        assert json.loads(one.entry)[name] != json.loads(two.entry)[name]


def test_an_entry_that_its_type_does_not_have_is_refused() -> None:
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        make_note("backup", {"colour": "red"}, NOW, owner="audit")


def noted(states: dict[tuple[str, str], str], in_force: InForce) -> list[MadeNote]:
    """Return the notes that are due, and keep their states as a service does."""
    found = changes("exchange", in_force, lambda *about: states.get(about), NOW)
    states.update({(note.type, note.subject): note.state for note in found})
    return found


def told(notes: list[MadeNote]) -> list[dict[str, Any]]:
    """Return the entries of notes without what they all have."""
    entries = [entry_of(note) for note in notes]
    for note, entry in zip(notes, entries, strict=True):
        assert (entry.pop("v"), entry.pop("t"), entry.pop("service")) == (1, T, "exchange")
        assert note.owner == "exchange"
    return entries


def test_settings_are_noted_by_name_and_digest() -> None:
    states: dict[tuple[str, str], str] = {}
    [first] = noted(states, InForce(settings={"a": "1", "b": "2"}))
    before = canonical_json({"a": digest("1"), "b": digest("2")}).decode()
    assert told([first]) == [{"type": "config.change", "new": digest(before)}]
    assert (first.subject, first.state, first.detail) == ("", before, b'{"changed":["a","b"]}')
    assert noted(states, InForce(settings={"b": "2", "a": "1"})) == []
    [second] = noted(states, InForce(settings={"c": "3", "b": "2"}))
    after = canonical_json({"b": digest("2"), "c": digest("3")}).decode()
    assert told([second]) == [
        {"type": "config.change", "old": digest(before), "new": digest(after)}
    ]
    assert (second.state, second.detail) == (after, b'{"changed":["a","c"]}')


def test_policies_are_noted_each_by_itself_in_their_order() -> None:
    states: dict[tuple[str, str], str] = {}
    noted(states, InForce(settings={}))
    one, two = b"1" * 32, b"2" * 32
    found = noted(states, InForce(settings={}, policies={"witnesses": one, "retention": one}))
    assert told(found) == [
        {"type": "policy.change", "policy": policy, "new": b64u(one)}
        for policy in ("retention", "witnesses")
    ]
    assert [(note.subject, note.state, note.detail) for note in found] == [
        ("retention", b64u(one), None),
        ("witnesses", b64u(one), None),
    ]
    found = noted(states, InForce(settings={}, policies={"witnesses": two, "retention": one}))
    assert told(found) == [
        {"type": "policy.change", "policy": "witnesses", "old": b64u(one), "new": b64u(two)}
    ]


def test_keys_that_came_and_went_pair_up_within_their_use() -> None:
    states: dict[tuple[str, str], str] = {}
    noted(states, InForce(settings={}))

    def events(**keys: list[str]) -> list[tuple[str, str | None, str | None, str]]:
        found = noted(states, InForce(settings={}, keys=keys))
        entries = told(found)
        assert {entry["type"] for entry in entries} <= {"key.event"}
        return [
            (entry["use"], entry.get("old"), entry.get("new"), note.state)
            for entry, note in zip(entries, found, strict=True)
        ]

    assert events(sealing=[SECOND, FIRST], issuer=[THIRD]) == [
        ("issuer", None, THIRD, THIRD),
        ("sealing", None, FIRST, f"{FIRST} {SECOND}"),
        ("sealing", None, SECOND, f"{FIRST} {SECOND}"),
    ]
    assert events(sealing=[SECOND, FIRST], issuer=[THIRD]) == []
    assert events(sealing=[SECOND, THIRD]) == [("sealing", FIRST, THIRD, f"{SECOND} {THIRD}")]
    assert events(sealing=[]) == [("sealing", SECOND, None, ""), ("sealing", THIRD, None, "")]
