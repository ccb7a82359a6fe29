"""What a service notes of itself: the entry it owes to the log, and which notes are due.

Pure. A note is an entry with its detail, and the `state` that the next note of the same type and
subject is compared with. Not responsible for storing or delivering.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from sextant_shared.clock import random_bytes, timestamp_ms
from sextant_shared.encoding import b64u, canonical_json, parse_json, sha256
from sextant_shared.models.entries import format_entry, parse_entry
from sextant_shared.protocol.acts import SALT_BYTES, commitment

MAX_STATE_BYTES = 1 << 20
Last = Callable[[str, str], str | None]
"""Gives the state that was noted last: of which type, about which subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeNote:
    """A note as it is stored; `detail` and `salt` open the commitment, None without one."""

    type: str
    subject: str
    state: str
    owner: str
    entry: bytes
    detail: bytes | None
    salt: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a service runs with now: values of settings, digests of policies, ids of keys by use."""

    settings: Mapping[str, str]
    policies: Mapping[str, bytes] = field(default_factory=dict)
    keys: Mapping[str, Collection[str]] = field(default_factory=dict)


def make_note(
    type_: str,
    members: Mapping[str, object],
    now: float,
    *,
    owner: str,
    detail: Mapping[str, Any] | None = None,
    about: tuple[str, str] = ("", ""),
) -> MadeNote:
    """Return a note with its entry: fresh id, nonce and salt, so nothing of it can be guessed.

    `about` is the subject and the state that the next note is compared with.
    """
    salt = data = None
    committed = {}
    if detail is not None:
        salt, data = random_bytes(SALT_BYTES), canonical_json(dict(detail))
        committed["commit"] = b64u(commitment(salt, data))
    entry = {
        "v": 1,
        "type": type_,
        "id": b64u(random_bytes(16)),
        "t": timestamp_ms(now),
        "nonce": b64u(random_bytes(16)),
        **{name: value for name, value in members.items() if value is not None},
        **committed,
    }
    return MadeNote(
        type=type_,
        subject=about[0],
        state=about[1],
        owner=owner,
        entry=format_entry(parse_entry(canonical_json(entry))),
        detail=data,
        salt=salt,
    )


def changes(service: str, in_force: InForce, last: Last, now: float) -> list[MadeNote]:
    """Return a note for everything that is no longer as it was noted last."""
    found = _config(service, in_force.settings, last, now)
    for policy, digest in sorted(in_force.policies.items()):
        old, new = last("policy.change", policy), b64u(digest)
        if old != new:
            members = {"service": service, "policy": policy, "old": old, "new": new}
            note = make_note("policy.change", members, now, owner=service, about=(policy, new))
            found.append(note)
    for use, kids in sorted(in_force.keys.items()):
        found += _keys(service, use, set(kids), last, now)
    return found


def _config(service: str, settings: Mapping[str, str], last: Last, now: float) -> list[MadeNote]:
    """The state is a digest per setting: enough to name what changed, and no value is kept."""
    state = {name: b64u(sha256(value.encode())) for name, value in settings.items()}
    text = canonical_json(state)
    old = last("config.change", "")
    if old == text.decode():
        return []
    before = parse_json(old.encode(), max_bytes=MAX_STATE_BYTES) if old else {}
    changed = [n for n in sorted({*state, *before}) if state.get(n) != before.get(n)]
    members = {
        "service": service,
        "old": b64u(sha256(old.encode())) if old else None,
        "new": b64u(sha256(text)),
    }
    return [
        make_note(
            "config.change",
            members,
            now,
            owner=service,
            detail={"changed": changed},
            about=("", text.decode()),
        )
    ]


def _keys(service: str, use: str, kids: set[str], last: Last, now: float) -> list[MadeNote]:
    """A key that went and one that came are one event, as far as they pair up."""
    before = set((last("key.event", use) or "").split())
    pairs = zip_longest(sorted(before - kids), sorted(kids - before))
    state = " ".join(sorted(kids))
    return [
        make_note(
            "key.event",
            {"service": service, "use": use, "old": old, "new": new},
            now,
            owner=service,
            about=(use, state),
        )
        for old, new in pairs
    ]
