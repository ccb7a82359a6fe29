"""The home folder of one party's client: configuration, keys, trust, what was sent and received.

```
config.json   who we are and where the services are
trust.json    pinned registrars and log keys, newest verified checkpoint
keys/         one file per private key; party.jws, our document in force; next/, what waits
sent/<id>/    container, content, receipt and replies of one envelope of ours; its upload, if open
inbox/<seq>/  one received envelope
cursor        how far the mailbox was collected
parties/      of an offline home: documents that were carried here, one file per party
stories/      of an offline home: what the exchange tells of envelopes, one file each
```
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from sextant_client.keystore import Keystore, Unlock
from sextant_client.trust import Trust
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.heading import Classification, Contact, Language, StateCode
from sextant_shared.models.strict import Strict, Version1, read_model

MAX_JSON_BYTES = 4 << 20
RESUMABLE_FROM_BYTES = 4 << 20  # below, to send it all again costs no more than to ask
STATE_CODE_LENGTH = 3  # ISO 3166-1 alpha-3


class Heading(Strict):
    """What every new declaration of this party begins with; members of the heading."""

    state_code: StateCode | None = None
    language: Language | None = None
    confidentiality: Classification | None = None
    na_contact: list[Contact] | None = None


class KeyPolicy(Strict):
    """When keys are due, in days. Identity design, lifecycle: no treaty sets them, so each may.

    `sig`, `seal`, `api`: how long until the next one; `overlap`: how long the one before stays
    active, longer than an envelope may lie sealed; `destroy`: how long after its last use the
    private half of a sealing key is kept; `warn`: how long before it is due it is told.
    """

    sig: Annotated[int, Field(ge=1)] = 365
    seal: Annotated[int, Field(ge=1)] = 90
    api: Annotated[int, Field(ge=1)] = 90
    overlap: Annotated[int, Field(ge=2)] = 14
    destroy: Annotated[int, Field(ge=1)] = 90
    warn: Annotated[int, Field(ge=0)] = 14


class Config(Strict):
    """Who we are and where the services are."""

    v: Version1
    party: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
    client_id: str
    secretariat: str = "SEC"
    exchange: str
    audit: str
    declarations: str | None = None
    trace_file: str | None = None
    resumable_from_bytes: Annotated[int, Field(ge=0)] = RESUMABLE_FROM_BYTES
    heading: Heading | None = None
    key_policy: KeyPolicy | None = None
    offline: bool = False
    ca_file: str | None = None
    certificate_file: str | None = None


@dataclass(frozen=True)
class Home:
    """One home folder."""

    path: Path
    unlock: Unlock = field(default_factory=Unlock)
    scenario: str | None = None
    """The drill that deposits ask a sandbox for."""

    @property
    def keys(self) -> Keystore:
        """The private keys, opened by what `unlock` names.

        Raises:
            PlatformError: `E_KEY` when the passphrase cannot be read.
        """
        return Keystore(self.path / "keys", self.unlock.passphrase(), self.unlock.token)

    @property
    def trust(self) -> Trust:
        """The pinned trust and newest verified checkpoint.

        Raises:
            PlatformError: `E_STATE` when the home was not set up, `E_MALFORMED`.
        """
        return Trust.load(self.path / "trust.json")

    def config(self) -> Config:
        """Return the configuration.

        Raises:
            PlatformError: `E_STATE` when the home was not set up, `E_MALFORMED`.
        """
        return read_model(Config, read_json(self.path / "config.json"))

    @property
    def secretariat(self) -> str:
        """Whom declarations go to; a home that was not set up takes the usual name."""
        if not (self.path / "config.json").exists():
            return str(Config.model_fields["secretariat"].default)
        return self.config().secretariat

    def heading(self) -> dict[str, Any]:
        """Return the members of the heading that are known: the State's code, contact, language.

        A home that was not set up knows none.

        Raises:
            PlatformError: `E_MALFORMED`, when the configuration is none.
        """
        if not (self.path / "config.json").exists():
            return {}
        config = self.config()
        code = config.party.removeprefix("NA-")
        known = (
            {"state_code": code}
            if config.party == f"NA-{code}" and len(code) == STATE_CODE_LENGTH
            else {}
        )
        stated = config.heading or Heading()
        return known | stated.model_dump(mode="json", exclude_none=True)

    def write_config(self, config: Config) -> None:
        """Store the configuration."""
        write_file(self.path / "config.json", as_json(config.model_dump(mode="json")))

    @property
    def sent(self) -> Path:
        """Folder of envelopes sent."""
        return self.path / "sent"

    @property
    def inbox(self) -> Path:
        """Folder of envelopes received."""
        return self.path / "inbox"

    def cursor(self) -> int:
        """Return how far the mailbox was collected."""
        path = self.path / "cursor"
        return int(path.read_text()) if path.exists() else 0

    def advance_cursor(self, seq: int) -> None:
        """Remember how far the mailbox was collected."""
        write_file(self.path / "cursor", str(seq).encode())


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON file of the home.

    Raises:
        PlatformError: `E_STATE` when it is missing, `E_MALFORMED`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.STATE,
            f"{path} is missing",
            fix="Set the home up with `sextant init`, or name another with --home.",
        ) from error
    return parse_json(data, max_bytes=MAX_JSON_BYTES, max_depth=12)


def as_json(value: Any) -> bytes:
    """Return readable JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that it is either the old one or the whole new one, also after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.new")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
