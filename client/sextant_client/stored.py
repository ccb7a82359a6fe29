"""One envelope on disk, sent or received: the same files, the same names."""

from dataclasses import dataclass
from pathlib import Path

from sextant_client.home import read_json
from sextant_shared.encoding import b64u_decode
from sextant_shared.models.envelope import Header
from sextant_shared.models.package import PACKAGE_CTY
from sextant_shared.protocol.manifest import Manifest, read_manifest
from sextant_shared.protocol.package import read_package_manifest, read_part


@dataclass(frozen=True)
class StoredEnvelope:
    """A folder with the sealed bytes, what is inside, its custody receipt, and what proves it."""

    folder: Path

    @property
    def container(self) -> Path:
        """The sealed bytes."""
        return self.folder / "container.dxe"

    @property
    def content(self) -> Path:
        """What is inside."""
        return self.folder / "content"

    @property
    def parts(self) -> Path:
        """The folder with the documents of a package that was received."""
        return self.folder / "parts"

    def message(self) -> bytes:
        """Return what the envelope is about: the content, or the message of a package.

        Raises:
            PlatformError: `E_MALFORMED` and the rest for a package that cannot be read.
        """
        if self.header.cty == PACKAGE_CTY:
            return read_part(self.content)
        return self.content.read_bytes()

    def message_cty(self) -> str:
        """Return the type of the message.

        Raises:
            PlatformError: as `message`.
        """
        cty = self.header.cty
        if cty != PACKAGE_CTY:
            return cty
        with self.content.open("rb") as source:
            return read_package_manifest(source)[0].message.cty

    @property
    def receipt(self) -> Path:
        """The custody receipt, once there is one."""
        return self.folder / "custody.json"

    @property
    def refusal(self) -> Path:
        """The receipt of its refusal, if the exchange refused it and the log says so."""
        return self.folder / "refused.json"

    @property
    def witnessed(self) -> Path:
        """The head that witnesses the receipt, once it was fetched."""
        return self.folder / "witnessed.json"

    @property
    def proof(self) -> Path:
        """The file with `kpc`."""
        return self.folder / "proof.json"

    @property
    def kpc(self) -> bytes:
        """The key that proves the content to others without opening anything."""
        return b64u_decode(str(read_json(self.proof)["kpc"]), 32)

    @property
    def upload(self) -> Path:
        """Where the exchange keeps what arrived of it, while it is sent in parts."""
        return self.folder / "upload.json"

    def manifest(self) -> Manifest:
        """Read the manifest from the container.

        Raises:
            PlatformError: `E_MALFORMED`.
        """
        with self.container.open("rb") as file:
            return read_manifest(file)

    @property
    def header(self) -> Header:
        """The header."""
        return self.manifest().header

    @property
    def digest(self) -> bytes:
        """Digest of the manifest."""
        return self.manifest().digest
