"""Which keys a party had at each position of the log, and what is to be said of a signature since.

Responsible for judging by log position alone: dates in documents, clocks and today's registry play
no part in whether a signature is valid. Not responsible for verifying the signature itself.

* **Valid** or not is decided where the exchange decided: at the newest party entry when it
  accepted (`reg` of the entry). The document in force there lists the key as active, or the
  signature is none.
* **Flagged** is what the log shows later, or beside it: the key was suspended or revoked with a
  `suspect_from` no later than the entry's log time; or it was removed between `reg` and the entry
  itself, so that it was accepted under a state that the log had left behind. Flagged is not erased:
  the party says what it makes of it (`sextant_shared.protocol.statements`).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from sextant_shared.clock import parse_timestamp
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import PartyDocumentEntry, parse_entry
from sextant_shared.models.party import KeyStatus, KeyUse, PartyHistory, PartyKey
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.logproof import verify_proof
from sextant_shared.protocol.parties import RegistrarSet, VerifiedParty
from sextant_shared.protocol.recovery import verify_recoveries, verify_succession

_REMOVED = (KeyStatus.SUSPENDED, KeyStatus.REVOKED)


@dataclass(frozen=True, slots=True)
class VersionInForce:
    """A version and the place in the log since which it is in force."""

    index: int
    party: VerifiedParty


@dataclass(frozen=True, slots=True)
class Flag:
    """Why a signature that was valid is not to be relied on without asking the party."""

    kid: str
    status: KeyStatus
    suspect_from: str | None
    reason: str
    since: int

    @property
    def words(self) -> str:
        """The flag as people read it."""
        began = f", suspected from {self.suspect_from}" if self.suspect_from else ""
        why = f" ({self.reason})" if self.reason else ""
        return f"key {self.kid[:12]}… {self.status} at log entry {self.since}{began}{why}"


@dataclass(frozen=True)
class KeyHistory:
    """All versions of one party's document, oldest first."""

    versions: tuple[VersionInForce, ...]

    @property
    def newest(self) -> VersionInForce:
        """The newest version that this history knows."""
        return self.versions[-1]

    def at(self, index: int) -> VerifiedParty:
        """Return the document in force at log position `index`.

        Raises:
            PlatformError: `E_KEY` before the party was enrolled.
        """
        position = bisect_right([version.index for version in self.versions], index)
        if position == 0:
            raise PlatformError(
                Code.KEY,
                f"{self.newest.party.document.party} was not enrolled at log entry {index}",
                expected=f"log entry {self.versions[0].index} or later",
                received=str(index),
            )
        return self.versions[position - 1].party

    def require_active(self, kids: Sequence[str], use: KeyUse, reg: int) -> None:
        """Check that all `kids` were active keys of that use at the party entry `reg`.

        Raises:
            PlatformError: `E_KEY`.
        """
        document = self.at(reg)
        for kid in kids:
            document.key(kid, use)

    def flags(self, kids: Sequence[str], reg: int, index: int, t: str) -> list[Flag]:
        """Return what the log says against a signature accepted under `reg` at `index`, time `t`.

        One flag a key, the newest; none when the log says nothing against it.
        """
        return [flag for kid in kids if (flag := self._flag(kid, reg, index, t)) is not None]

    def _flag(self, kid: str, reg: int, index: int, t: str) -> Flag | None:
        key, since = self._newest_line(kid)
        if key is None:
            return None
        suspected = key.suspect_from
        if key.status in _REMOVED and suspected is not None and _not_after(suspected, t):
            return _flagged(key, since)
        for version in reversed(self.versions):
            if not reg < version.index <= index:
                continue
            line = _line(version.party, kid)
            if line is not None and line.status is not KeyStatus.ACTIVE:
                return _flagged(line, version.index)
        return None

    def _newest_line(self, kid: str) -> tuple[PartyKey | None, int]:
        """Return what the newest version says of a key, and since which position it says that."""
        newest = _line(self.newest.party, kid)
        since = self.newest.index
        for version in reversed(self.versions):
            if _line(version.party, kid) != newest:
                break
            since = version.index
        return newest, since


def verify_history(
    history: PartyHistory, party: str, registrars: RegistrarSet, log_keys: LogKeys
) -> KeyHistory:
    """Return a party's history, each version proved to stand in the log, in order, without a gap.

    It says nothing about versions newer than its last: whoever withholds them is found by the
    registry's state proof of a later entry.

    Raises:
        PlatformError: `E_INTEGRITY` for an entry that is not in the log or not of this version,
            else what `verify_succession` raises.
    """
    waited = verify_recoveries(history.recoveries, registrars, log_keys)
    before: VerifiedParty | None = None
    versions: list[VersionInForce] = []
    for logged in history.versions:
        before = verify_succession(logged.document.encode(), registrars, before, waited)
        leaf = b64u_decode(logged.entry)
        index = verify_proof(leaf, logged.proof, log_keys).index
        entry = parse_entry(leaf)
        expected = (party, before.document.ver, b64u(before.digest))
        if (
            not isinstance(entry, PartyDocumentEntry)
            or (entry.party, entry.ver, entry.doc) != expected
            or before.document.party != party
            or (versions and versions[-1].index >= index)
        ):
            raise PlatformError(
                Code.INTEGRITY,
                "an entry of the history is not the one of its version, or not in order",
                expected=" ".join(map(str, expected)),
                received=f"{entry.type} at {index}",
            )
        versions.append(VersionInForce(index, before))
    return KeyHistory(tuple(versions))


def suspect_keys(party: VerifiedParty, t: str) -> dict[str, PartyKey]:
    """Return the signing keys that the document suspects at the log time `t`, by key id."""
    return {
        key.kid: key
        for key in party.document.keys
        if key.use is KeyUse.SIG
        and key.status in _REMOVED
        and key.suspect_from is not None
        and _not_after(key.suspect_from, t)
    }


def _line(party: VerifiedParty, kid: str) -> PartyKey | None:
    return next((key for key in party.document.keys if key.kid == kid), None)


def _flagged(key: PartyKey, since: int) -> Flag:
    return Flag(key.kid, key.status, key.suspect_from, key.reason, since)


def _not_after(earlier: str, later: str) -> bool:
    return parse_timestamp(earlier) <= parse_timestamp(later)
