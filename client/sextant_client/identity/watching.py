"""Watches over our own entry in the registry, and takes up what we made ourselves.

At each contact the SDK has a log position proved to it. Whenever that position names a party entry
not seen before, our own document in force there is fetched with its proof and compared with the one
that this home knows (`keys/party.jws`):

* the same: nothing to say;
* a version that this home made (`keys/next/document.request`): its keys move into use;
* a version that only removes trust: taken up, and told, since a registrar may do that alone;
* anything else: an alert. Nothing is taken up until a person accepts it.

Once a session it also asks whether a recovery of our root is announced.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sextant_client.enrolment import read_request
from sextant_client.home import Home, read_json, write_file
from sextant_client.identity.signing import payload_of
from sextant_client.parties import PartyView
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import PartyDocument, RecoveryNotice
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.keyring import DOCUMENT, NEXT, read_own_document
from sextant_shared.protocol.parties import VerifiedParty, read_party_document
from sextant_shared.protocol.party_changes import only_removes

REQUEST = "document.request"  # no .json: key files are
_log = logging.getLogger("sextant.identity")


class Seen(StrEnum):
    """What the registry shows of us, beside what we know."""

    FIRST = "first"
    SAME = "same"
    OURS = "ours"
    REMOVED = "removed"
    STRANGE = "strange"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One look at our own entry; `words` are empty when there is nothing to say."""

    seen: Seen
    ver: int
    words: str

    @property
    def is_alert(self) -> bool:
        """Whether a person must look."""
        return self.seen in {Seen.REMOVED, Seen.STRANGE, Seen.RECOVERY}


def shout(sighting: Sighting) -> None:
    """Tell a person: the default, which reaches standard error unless logging is set up."""
    if sighting.is_alert:
        _log.critical("ALERT  %s", sighting.words)


@dataclass
class OwnEntry:
    """The watch of one home."""

    home: Home
    parties: PartyView
    party: str
    tell: Callable[[Sighting], None] = shout
    _looked: int = field(default=-1)
    _asked: bool = field(default=False)

    def at(self, reg: int) -> None:
        """Look at our entry as it was at the party entry `reg`, once for each.

        While the exchange is away nothing is seen, and the next contact looks again: a receipt that
        came is not to be lost over it.

        Raises:
            PlatformError: what verifying the proof raises.
        """
        if reg <= max(self._looked, self._stored()):
            return
        try:
            found = self.parties.at(self.party, reg)[1]
        except PlatformError as error:
            if error.code is Code.UNAVAILABLE:
                return
            raise
        self.see(found)
        write_file(self._file, str(reg).encode())
        self._looked = reg

    def newest(self) -> Sighting:
        """Look at our entry as it is now.

        Raises:
            PlatformError: what fetching and verifying the proof raise.
        """
        return self.see(self.parties.newest(self.party), is_newest=True)

    def see(self, found: VerifiedParty, *, is_newest: bool = False) -> Sighting:
        """Compare a document in force with what this home knows; take up what is ours."""
        sighting = compare(self.home.keys.folder, found, is_newest=is_newest)
        if sighting.seen in {Seen.FIRST, Seen.OURS, Seen.REMOVED}:
            take_up(self.home.keys.folder, found)
        self.tell(sighting)
        return sighting

    def recovery(self) -> str:
        """Return what is announced against our root, in words; empty when nothing is.

        Raises:
            PlatformError: what asking the exchange raises.
        """
        try:
            path = f"/v1/parties/{self.party}/recovery"
            notice = read_model(RecoveryNotice, self.parties.session.request("GET", path).json())
        except PlatformError as error:
            if error.code is Code.NOT_FOUND:
                return ""
            raise
        return (
            f"a recovery of our root is announced at log entry {notice.index}; it may take force"
            f" from {notice.not_before} on. If the root is not lost: sextant keys cancel-recovery."
        )

    def ask_for_recovery(self) -> None:
        """Tell of an announced recovery, once for each session.

        Raises:
            PlatformError: as `recovery`.
        """
        if not self._asked and (words := self.recovery()):
            self.tell(Sighting(Seen.RECOVERY, 0, words))
        self._asked = True

    @property
    def _file(self) -> Path:
        return self.home.path / "watched"

    def _stored(self) -> int:
        return int(self._file.read_text()) if self._file.exists() else -1


def compare(folder: Path, found: VerifiedParty, *, is_newest: bool = False) -> Sighting:
    """Say what a document in force is to the home with this key folder.

    An older version than we know is no news at an older position; as the newest it is withheld.

    Raises:
        PlatformError: `E_MALFORMED` for a file of ours that does not read.
    """
    known, ver = read_own_document(folder), found.document.ver
    if known is None:
        return Sighting(Seen.FIRST, ver, "")
    if known == found.document or (ver < known.ver and not is_newest):
        return Sighting(Seen.SAME, ver, "")
    if _is_made_here(folder, found):
        return Sighting(Seen.OURS, ver, f"version {ver}, made here, is in force")
    if ver < known.ver:
        words = (
            f"the exchange shows version {ver} of us as the newest, and {known.ver} was in force"
        )
        return Sighting(Seen.STRANGE, ver, words)
    if ver > known.ver and only_removes(known, found.document):
        removed = ", ".join(_removed(known, found.document)) or "nothing, yet it is not ours"
        words = f"the registry suspends or revokes keys of ours in version {ver}: {removed}"
        return Sighting(Seen.REMOVED, ver, words)
    words = (
        f"the registry shows version {ver} of {found.document.party}, which this home did not make"
        f" (it knows version {known.ver}). If you made it elsewhere: sextant keys accept."
        " If not, call your registrars at once and have its keys revoked."
    )
    return Sighting(Seen.STRANGE, ver, words)


def take_up(folder: Path, found: VerifiedParty) -> None:
    """Make a document the one that this home knows; its keys that waited come into use."""
    listed = {key.kid for key in found.document.keys}
    waiting = folder / NEXT
    for path in sorted(waiting.glob("*.json")) if waiting.exists() else []:
        if _kid_of(path) in listed:
            path.rename(folder / path.name)
    write_file(folder / DOCUMENT, found.raw)
    if _is_made_here(folder, found):
        (waiting / REQUEST).unlink()


def _is_made_here(folder: Path, found: VerifiedParty) -> bool:
    path = folder / NEXT / REQUEST
    if not path.exists():
        return False
    return payload_of(read_request(path)) == read_party_document(found.raw)[0].payload


def _removed(before: PartyDocument, after: PartyDocument) -> Sequence[str]:
    old = {key.kid: key for key in before.keys}
    return [
        f"{key.use} {key.kid[:12]} {key.status} ({key.reason})"
        for key in after.keys
        if key != old.get(key.kid)
    ]


def _kid_of(path: Path) -> str:
    return str(read_json(path).get("kid", ""))
