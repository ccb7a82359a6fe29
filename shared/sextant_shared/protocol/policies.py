"""The witness policy: which logs, which witnesses, and how many of whom are enough.

Responsible for the file of C2SP tlog-policy, read strictly with every fault named at once, and for
its verdict on a note. Not responsible for the log's own signatures (`protocol.checkpoints`).

    policy  = *( line LF )
    line    = [ log / witness / group / quorum / "#" comment ]     ; words part at blanks and tabs
    log     = "log" vkey [ url ]
    witness = "witness" name vkey [ url ]
    group   = "group" name ( "all" / "any" / decimal ) name *name
    quorum  = "quorum" ( name / "none" )                           ; exactly once

A name is defined before it is used, and is a member of one group at most. Names are bytes; nothing
outside the file depends on them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.merkle.notes import VerifierKey, parse_checkpoint_body, parse_note, parse_vkey
from sextant_shared.protocol.cosignatures import Cosignature, Cosigner, find_cosignatures

MAX_POLICY_BYTES = 1 << 18
MAX_LOGS = 64
MAX_WITNESSES = 60  # a note has 64 signature lines at most, and the log's own are among them
MAX_GROUPS = 64
NONE = "none"
_LOG_TYPES = (0x01, 0x06)
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_BLANKS = re.compile("[ \t]+")
_THRESHOLD = re.compile("[1-9][0-9]{0,3}", re.ASCII)


@dataclass(frozen=True)
class PolicyLog:
    """A log that the policy accepts; its key is named by its origin."""

    key: VerifierKey
    url: str | None


@dataclass(frozen=True)
class PolicyWitness:
    """A witness: its name in this policy, its key, and where its `add-checkpoint` is."""

    name: str
    cosigner: Cosigner
    url: str | None


@dataclass(frozen=True)
class PolicyGroup:
    """A group has witnessed a head when `threshold` of its members have."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Quorum:
    """The verdict of a policy on one head."""

    is_met: bool
    seen: dict[str, Cosignature]
    missing: tuple[str, ...]
    lacks: str

    @property
    def first_time(self) -> int | None:
        """The earliest second at which one of the witnesses had seen the head."""
        return min((found.time for found in self.seen.values()), default=None)


@dataclass(frozen=True)
class Policy:
    """A policy as read."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[PolicyGroup, ...]
    quorum: str

    @property
    def cosigners(self) -> list[Cosigner]:
        """The keys of all witnesses."""
        return [witness.cosigner for witness in self.witnesses]

    def judge(self, checkpoint: str) -> Quorum:
        """Return whether enough witnesses cosigned; every line of a known key must verify.

        Raises:
            PlatformError: `E_MALFORMED`, `E_SIGNATURE` for a cosignature that does not hold.
        """
        note = parse_note(checkpoint)
        body = parse_checkpoint_body(note.text)
        found = find_cosignatures(self.cosigners, body, note.signatures)
        by_key = {cosignature.key: cosignature for cosignature in found}
        seen = {w.name: by_key[w.cosigner.key] for w in self.witnesses if w.cosigner.key in by_key}
        missing = tuple(w.name for w in self.witnesses if w.name not in seen)
        counts = self._count(set(seen))
        is_met = self.quorum == NONE or self.quorum in counts
        return Quorum(is_met, seen, missing, "" if is_met else self._lack(counts))

    def _count(self, witnessed: set[str]) -> set[str]:
        """Return all names that have witnessed; groups stand after their members in the file."""
        for group in self.groups:
            if len(witnessed.intersection(group.members)) >= group.threshold:
                witnessed.add(group.name)
        return witnessed

    def _lack(self, witnessed: set[str]) -> str:
        """Say why the quorum is not met, from the top down."""
        groups = {group.name: group for group in self.groups}
        said: list[str] = []
        open_names = [self.quorum]
        while open_names:
            name = open_names.pop(0)
            group = groups.get(name)
            if group is None:
                said.append(f"{name} has not cosigned")
                continue
            have = sum(member in witnessed for member in group.members)
            said.append(f"{name} has {have} of {group.threshold}")
            open_names += [m for m in group.members if m in groups and m not in witnessed]
        return "; ".join(said)


def parse_policy(data: bytes) -> Policy:
    """Return the policy in a file.

    Raises:
        PlatformError: `E_TOO_LARGE`; `E_MALFORMED` with one finding for each line at fault.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise PlatformError(Code.TOO_LARGE, f"a policy is longer than {MAX_POLICY_BYTES} bytes")
    reader = _Reader()
    text = data.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    if lines.pop():
        reader.fault(len(lines) + 1, "the last line does not end in a newline")
    for number, line in enumerate(lines, start=1):
        reader.read(number, line)
    if not reader.quorum:
        reader.fault(len(lines), "no line says what the quorum is", expected="quorum <name>")
    if reader.findings:
        first = reader.findings[0]
        raise PlatformError(
            Code.MALFORMED,
            f"the policy has {len(reader.findings)} line(s) at fault:"
            f" {first.source}: {first.message}",
            findings=reader.findings,
            fix="Correct every line that the findings name.",
        )
    return Policy(
        tuple(reader.logs), tuple(reader.witnesses), tuple(reader.groups), reader.quorum[0]
    )


@dataclass
class _Reader:
    """What was read so far, and what was wrong with it."""

    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: list[PolicyGroup] = field(default_factory=list)
    quorum: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=lambda: {NONE})
    members: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def fault(self, number: int, message: str, *, expected: str = "", received: str = "") -> None:
        shown = received.encode("utf-8", "backslashreplace").decode()[:80]
        self.findings.append(
            Finding(
                rule="POLICY",
                severity=Severity.MUST_FIX,
                pointer=f"/{number}",
                message=message,
                expected=expected,
                received=shown,
                source=f"line {number}",
            )
        )

    def read(self, number: int, line: str) -> None:
        if _FORBIDDEN.search(line):
            self.fault(number, "the line holds a control character", expected="only tabs")
            return
        words = [word for word in _BLANKS.split(line) if word]
        if not words or words[0].startswith("#"):
            return
        kinds: dict[str, Callable[[Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        try:
            if words[0] not in kinds:
                raise _fault("no such kind of line", ", ".join(kinds), words[0])
            kinds[words[0]](words[1:])
        except PlatformError as error:
            self.fault(number, error.detail, expected=error.expected, received=error.received)

    def _log(self, words: Sequence[str]) -> None:
        if len(words) not in {1, 2}:
            raise _fault("a log is a verifier key and perhaps an address", "log <vkey> [<url>]")
        key = parse_vkey(words[0])
        if key.type not in _LOG_TYPES:
            expected = "type 0x01 (Ed25519) or 0x06 (ML-DSA-44)"
            raise _fault("the key is not one a log signs with", expected, f"0x{key.type:02x}")
        if any(log.key.public_key == key.public_key for log in self.logs):
            raise _fault("a log with this key is defined already", "another key", words[0])
        self._apart(key.public_key, [w.cosigner.key for w in self.witnesses])
        self._room(len(self.logs), MAX_LOGS)
        self.logs.append(PolicyLog(key, words[1] if len(words) > 1 else None))

    def _witness(self, words: Sequence[str]) -> None:
        if len(words) not in {2, 3}:
            raise _fault("a witness is a name and a key", "witness <name> <vkey> [<url>]")
        cosigner = Cosigner.from_vkey(words[1])
        public = cosigner.key.public_key
        if any(w.cosigner.key.public_key == public for w in self.witnesses):
            raise _fault("a witness with this key is defined already", "another key", words[1])
        self._apart(public, [log.key for log in self.logs])
        self._room(len(self.witnesses), MAX_WITNESSES)
        self._define(words[0])
        self.witnesses.append(
            PolicyWitness(words[0], cosigner, words[2] if len(words) > 2 else None)  # noqa: PLR2004
        )

    def _group(self, words: Sequence[str]) -> None:
        if len(words) < len(("name", "threshold", "member")):
            raise _fault("a group has a name, a threshold and members", "group <name> <k> <name>…")
        name, threshold, *members = words
        if threshold in {"all", "any"}:
            count = len(members) if threshold == "all" else 1
        elif _THRESHOLD.fullmatch(threshold) and int(threshold) <= len(members):
            count = int(threshold)
        else:
            expected = f"all, any, or a number from 1 to {len(members)}"
            raise _fault(f"the threshold of {name} is out of range", expected, threshold)
        known = self.names - {NONE}
        for member in members:
            if member not in known:
                raise _fault(f"{member} is not defined above", "a witness or group", member)
        twice = [m for m in members if m in self.members or members.count(m) > 1]
        if twice:
            raise _fault("a name is a member once only", "one group for each name", twice[0])
        self._room(len(self.groups), MAX_GROUPS)
        self._define(name)
        self.members.update(members)
        self.groups.append(PolicyGroup(name, count, tuple(members)))

    def _quorum(self, words: Sequence[str]) -> None:
        if len(words) != 1:
            raise _fault("the quorum is one name", "quorum <name>", " ".join(words))
        if words[0] not in self.names:
            raise _fault(f"{words[0]} is not defined above", "a witness, a group or none", words[0])
        if self.quorum:
            raise _fault("the quorum is defined already", "one quorum line", words[0])
        self.quorum.append(words[0])

    def _define(self, name: str) -> None:
        if name in self.names:
            raise _fault(f"the name {name} is in use", "another name", name)
        self.names.add(name)

    @staticmethod
    def _apart(public: bytes, others: Sequence[VerifierKey]) -> None:
        if any(other.public_key == public for other in others):
            raise _fault("a log is no witness of itself", "a key of somebody else")

    @staticmethod
    def _room(count: int, limit: int) -> None:
        if count >= limit:
            raise _fault("too many lines of this kind", f"at most {limit}", str(count + 1))


def _fault(detail: str, expected: str, received: str = "") -> PlatformError:
    return PlatformError(Code.MALFORMED, detail, expected=expected, received=received)
