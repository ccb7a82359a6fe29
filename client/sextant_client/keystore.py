"""Private keys of a party, one file a key; sealed under a passphrase when one is given."""

from dataclasses import dataclass
from pathlib import Path

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SoftwareOpener
from sextant_shared.crypto.signing import PROFILES, Signer
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.keyfiles import (
    PrivateKey,
    generate_key,
    read_key_file,
    write_key_file,
)

KEMS = {"K1": Alg.K1, "K2": Alg.K2}


@dataclass(frozen=True)
class Keystore:
    """A folder of key files named `<use>-<algorithm>-<first characters of the kid>.json`."""

    folder: Path
    passphrase: bytes | None = None

    def generate(self, use: KeyUse, *, profile: str = "S1", kem: str = "K1") -> list[PrivateKey]:
        """Create the keys of one use: a pair for root and sig, one for seal and api.

        Raises:
            PlatformError: `E_STATE` when a file exists.
        """
        algorithms = {
            KeyUse.ROOT: PROFILES["S1"],
            KeyUse.SIG: PROFILES[profile],
            KeyUse.SEAL: (KEMS[kem],),
            KeyUse.API: (Alg.ED25519,),
        }[use]
        keys = [generate_key(alg, use) for alg in algorithms]
        for key in keys:
            name = f"{use}-{key.key.alg}-{key.kid[:8]}.json"
            write_key_file(self.folder / name, key, self.passphrase)
        return keys

    def all(self) -> list[PrivateKey]:
        """Load every key, in order of file names.

        Raises:
            PlatformError: `E_KEY`, `E_MALFORMED`.
        """
        return [read_key_file(path, self.passphrase) for path in sorted(self.folder.glob("*.json"))]

    def of_use(self, use: KeyUse) -> list[PrivateKey]:
        """Load the keys of one use.

        Raises:
            PlatformError: `E_KEY`, `E_MALFORMED`.
        """
        paths = sorted(self.folder.glob(f"{use}-*.json"))
        return [read_key_file(path, self.passphrase) for path in paths]

    def pair(self, use: KeyUse, allowed: list[str] | None = None) -> tuple[Signer, Signer]:
        """Return a signing pair in profile order, among the key ids allowed.

        Raises:
            PlatformError: `E_KEY` when the folder holds none.
        """
        signers = {
            key.key.alg: key.signer
            for key in self.of_use(use)
            if allowed is None or key.kid in allowed
        }
        for first, second in PROFILES.values():
            if first in signers and second in signers:
                return signers[first], signers[second]
        raise PlatformError(
            Code.KEY, f"no {use} pair in {self.folder}", fix="Create one: sextant keys generate."
        )

    def api_signer(self) -> Signer:
        """Return the access key.

        Raises:
            PlatformError: `E_KEY` when there is none.
        """
        keys = self.of_use(KeyUse.API)
        if not keys:
            raise PlatformError(Code.KEY, f"no access key in {self.folder}")
        return keys[0].signer

    def opener(self, kid: str) -> SoftwareOpener:
        """Return the sealing key `kid`.

        Raises:
            PlatformError: `E_KEY` when it is not here.
        """
        for key in self.of_use(KeyUse.SEAL):
            if key.kid == kid:
                return key.opener
        raise PlatformError(Code.KEY, f"the private half of sealing key {kid} is not here")
