"""The keys a party holds, chosen by what its own document says: which pair signs, which key opens.

A key folder holds key files and, once the party is enrolled, `party.jws`: the newest document in
force that the party took up. Only keys in force stand there; those that are made and not yet
enrolled wait in `next/`, which is not read.

The document only selects among keys that are ours. It is not verified here: whoever can write the
folder can replace the keys themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sextant_shared.crypto.sealing import Opener
from sextant_shared.crypto.signing import PROFILES, Signer
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus, KeyUse, PartyDocument
from sextant_shared.protocol.keyfiles import PrivateKey, read_key_file
from sextant_shared.protocol.parties import read_party_document

DOCUMENT = "party.jws"
NEXT = "next"


@dataclass(frozen=True)
class KeyRing:
    """Private keys by key id, in the order in which they are to be preferred: newest last."""

    keys: Mapping[str, PrivateKey]

    def openers(self) -> dict[str, Opener]:
        """Return every key that opens, old ones too: what was sealed before must still open."""
        return {kid: key.opener for kid, key in self.keys.items() if key.use == KeyUse.SEAL}

    def signing_pair(self) -> tuple[Signer, Signer]:
        """Return the newest pair that may sign, in profile order.

        Raises:
            PlatformError: `E_KEY` when there is none.
        """
        newest = {key.key.alg: key.signer for key in self.keys.values() if key.use == KeyUse.SIG}
        for first, second in PROFILES.values():
            if first in newest and second in newest:
                return newest[first], newest[second]
        raise PlatformError(
            Code.KEY,
            "the key folder holds no signing pair that is in force",
            fix="Enrol one: sextant keys rotate sig.",
        )


def read_keyring(folder: Path, read: Callable[[Path], PrivateKey] = read_key_file) -> KeyRing:
    """Load a key folder: openers in any state, signers only while they are active.

    `read` loads one key file: it knows the passphrase, and where else halves of keys may lie.

    Raises:
        PlatformError: `E_KEY`, `E_MALFORMED`.
    """
    held = [read(path) for path in sorted(folder.glob("*.json"))]
    document = read_own_document(folder)
    if document is None:
        return KeyRing({key.kid: key for key in held})
    by_kid = {key.kid: key for key in held}
    status = {line.kid: line.status for line in document.keys}
    chosen = [line.kid for line in document.keys if line.kid in by_kid]
    # A sealing key that left the document may still be owed an envelope, until it is destroyed.
    rest = [key.kid for key in held if key.kid not in status and key.use == KeyUse.SEAL]
    return KeyRing(
        {
            kid: by_kid[kid]
            for kid in [*rest, *chosen]
            if by_kid[kid].use == KeyUse.SEAL or status[kid] is KeyStatus.ACTIVE
        }
    )


def read_own_document(folder: Path) -> PartyDocument | None:
    """Return the document in a key folder, None when the party was not enrolled from it.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    path = folder / DOCUMENT
    return read_party_document(path.read_bytes())[1] if path.exists() else None


def folder_state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a key folder does: names, sizes and times of its files."""
    found = []
    for path in sorted(folder.iterdir()):
        stat = path.stat()
        if path.is_file():
            found.append((path.name, stat.st_size, stat.st_mtime_ns))
    return tuple(found)
