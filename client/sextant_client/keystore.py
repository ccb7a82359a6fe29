"""Private keys of a party, one file a key; sealed under a passphrase when one is given.

Keys that are made and not yet enrolled wait in the folder `next` inside; nothing uses them.

The classical halves may lie in a hardware token; their files then say where.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.pkcs11 import TokenAccess, TokenUri
from sextant_shared.crypto.sealing import Opener
from sextant_shared.crypto.signing import PROFILES, Signer
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus, KeyUse
from sextant_shared.protocol.keyfiles import (
    KeyFile,
    PrivateKey,
    generate_key,
    read_key_file,
    read_public,
    write_key_file,
)
from sextant_shared.protocol.keyring import NEXT, read_own_document
from sextant_shared.protocol.tokenkeys import (
    check_fits_token,
    discard_from_token,
    generate_in_token,
    try_key,
)

KEMS = {"K1": Alg.K1, "K2": Alg.K2}


@dataclass(frozen=True)
class Unlock:
    """What opens the keys of a home: paths, never secrets."""

    passphrase_file: Path | None = None
    token: TokenAccess = field(default_factory=TokenAccess)

    def passphrase(self) -> bytes | None:
        """Return the passphrase of sealed key files, None when none is given.

        Raises:
            PlatformError: `E_KEY` when the file cannot be read.
        """
        if self.passphrase_file is None:
            return None
        try:
            return self.passphrase_file.read_bytes().rstrip(b"\n")
        except OSError as error:
            raise PlatformError(Code.KEY, f"cannot read {self.passphrase_file}") from error


@dataclass(frozen=True)
class Keystore:
    """A folder of key files named `<use>-<algorithm>-<first characters of the kid>.json`."""

    folder: Path
    passphrase: bytes | None = None
    token: TokenAccess = field(default_factory=TokenAccess)

    @property
    def next(self) -> "Keystore":
        """The keys that wait for their enrolment."""
        return replace(self, folder=self.folder / NEXT)

    def generate(
        self,
        use: KeyUse,
        *,
        profile: str = "S1",
        kem: str = "K1",
        token: TokenUri | None = None,
    ) -> list[PrivateKey]:
        """Create the keys of one use: a pair for root and sig, one for seal and api.

        With `token` the classical halves are made in it, the others go into files.

        Raises:
            PlatformError: `E_STATE` when a file exists; `E_KEY` for a profile that is none, or
                that has no place in a token; `E_UNAVAILABLE` when the token does not make them.
        """
        check_profiles(profile, kem)
        algorithms = {
            KeyUse.ROOT: PROFILES["S1"],
            KeyUse.SIG: PROFILES[profile],
            KeyUse.SEAL: (KEMS[kem],),
            KeyUse.API: (Alg.ED25519,),
        }[use]
        if token is None:
            return [self._keep(generate_key(alg, use)) for alg in algorithms]
        for alg in algorithms:
            check_fits_token(alg)
        return [self._keep(generate_in_token(alg, use, token, self.token)) for alg in algorithms]

    def _keep(self, key: PrivateKey) -> PrivateKey:
        """Write the file of a new key; what no file names does not stay in a token either."""
        try:
            write_key_file(
                self.folder / f"{key.use}-{key.key.alg}-{key.kid[:8]}.json", key, self.passphrase
            )
        except (PlatformError, OSError):
            with suppress(PlatformError):  # why it could not be written weighs more
                discard_from_token(key, self.token)
            raise
        return key

    def files(self) -> list[KeyFile]:
        """Return what the files say, in order of their names: no passphrase, no token is needed.

        Raises:
            PlatformError: `E_KEY`, `E_MALFORMED`.
        """
        return [read_public(path) for path in sorted(self.folder.glob("*.json"))]

    def all(self) -> list[PrivateKey]:
        """Load every key, in order of file names.

        Raises:
            PlatformError: `E_KEY`, `E_MALFORMED`.
        """
        return self._read("*.json")

    def of_use(self, use: KeyUse) -> list[PrivateKey]:
        """Load the keys of one use.

        Raises:
            PlatformError: `E_KEY`, `E_MALFORMED`.
        """
        return self._read(f"{use}-*.json")

    def _read(self, pattern: str) -> list[PrivateKey]:
        paths = sorted(self.folder.glob(pattern))
        return [read_key_file(path, self.passphrase, self.token) for path in paths]

    def pair(self, use: KeyUse, allowed: list[str] | None = None) -> tuple[Signer, Signer]:
        """Return a signing pair in profile order, among the key ids allowed, the last of them.

        Raises:
            PlatformError: `E_KEY` when the folder holds none.
        """
        held = self.of_use(use)
        if allowed is not None:
            held = sorted(
                (key for key in held if key.kid in allowed), key=lambda k: allowed.index(k.kid)
            )
        signers = {key.key.alg: key.signer for key in held}
        for first, second in PROFILES.values():
            if first in signers and second in signers:
                return signers[first], signers[second]
        raise PlatformError(
            Code.KEY, f"no {use} pair in {self.folder}", fix="Create one: sextant keys generate."
        )

    def api_signer(self) -> Signer:
        """Return the access key: the newest that our document in force lists, if one is known.

        Raises:
            PlatformError: `E_KEY` when there is none.
        """
        keys = self.of_use(KeyUse.API)
        if not keys:
            raise PlatformError(Code.KEY, f"no access key in {self.folder}")
        document = read_own_document(self.folder)
        listed = [
            line.kid
            for line in (document.keys if document else [])
            if line.use is KeyUse.API and line.status is KeyStatus.ACTIVE
        ]
        in_force = sorted(
            (key for key in keys if key.kid in listed), key=lambda k: listed.index(k.kid)
        )
        chosen = in_force[-1] if in_force else keys[0]
        if chosen.token is not None:
            try_key(chosen)  # now, and not within calls that are tried again
        return chosen.signer

    def opener(self, kid: str) -> Opener:
        """Return the sealing key `kid`.

        Raises:
            PlatformError: `E_KEY` when it is not here.
        """
        for key in self.of_use(KeyUse.SEAL):
            if key.kid == kid:
                return key.opener
        raise PlatformError(Code.KEY, f"the private half of sealing key {kid} is not here")


def check_profiles(profile: str, kem: str) -> None:
    """Say that a profile is none, before anything is made.

    Raises:
        PlatformError: `E_KEY`.
    """
    for name, known in ((profile, PROFILES), (kem, KEMS)):
        if name not in known:
            raise PlatformError(
                Code.KEY, "no such profile", expected=" or ".join(known), received=name[:20]
            )
