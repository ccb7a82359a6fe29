"""Who may ask for tokens: the port, and the clients that stand in a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import Field, TypeAdapter, ValidationError

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Verifier
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, findings_of
from sextant_shared.protocol.access import Role, Subject


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A known client and the key that must have signed its assertion."""

    subject: Subject
    verifier: Verifier


class ClientDirectory(Protocol):
    """Port: who may ask for tokens. Look-ups are in memory."""

    def find(self, client_id: str, kid: str) -> ClientRecord:
        """Return the client, or raise `E_AUTH`."""
        ...


class StaticClient(Strict):
    """One line of a clients file."""

    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
    role: Annotated[Role, Field(strict=False)]
    party: str | None
    jwk: dict[str, str]


class StaticDirectory:
    """Clients named in a file: services, officers, auditors, registrars, operators."""

    def __init__(self, clients: Sequence[StaticClient]) -> None:
        self._records: Mapping[tuple[str, str], ClientRecord] = {}
        self._subjects: Mapping[str, Subject] = {}
        self._take(clients)

    def _take(self, clients: Sequence[StaticClient]) -> None:
        records: dict[tuple[str, str], ClientRecord] = {}
        subjects: dict[str, Subject] = {}
        for client in clients:
            verifier = Verifier.from_jwk(client.jwk)
            subject = Subject(client.client_id, client.role, client.party)
            if verifier.alg is not Alg.ED25519:
                raise _unusable(client, "its key is no Ed25519 key")
            if (client.role is Role.PARTY) != (client.party is not None):
                raise _unusable(client, "a client names a party exactly when its role is party")
            if subjects.setdefault(client.client_id, subject) != subject:
                raise _unusable(client, "it stands there twice, and differs")
            records[client.client_id, verifier.kid] = ClientRecord(subject, verifier)
        self._records, self._subjects = records, subjects

    @classmethod
    def from_file(cls, path: Path | None) -> "StaticDirectory":
        """Load a clients file; None is an empty directory.

        Raises:
            PlatformError: `E_MALFORMED`, `E_KEY`.
        """
        return cls(_read(path))

    def renew(self, path: Path | None) -> None:
        """Put what a clients file says now in the place of what it said before.

        Tokens that were given out hold until they end, some minutes later.

        Raises:
            PlatformError: as `from_file`; then nothing changed.
        """
        self._take(_read(path))

    def knows(self, client_id: str) -> bool:
        """Return whether the file names this client."""
        return client_id in self._subjects

    def find(self, client_id: str, kid: str) -> ClientRecord:
        """Return the client of that id and key.

        Raises:
            PlatformError: `E_AUTH`.
        """
        record = self._records.get((client_id, kid))
        if record is None:
            raise PlatformError(
                Code.AUTH,
                "unknown client or key",
                received=f"{client_id} with key {kid}"[:120],
                fix="Check the client id, and that this key is the registered one.",
            )
        return record


def _read(path: Path | None) -> list[StaticClient]:
    if path is None:
        return []
    try:
        return TypeAdapter(list[StaticClient]).validate_json(path.read_bytes())
    except OSError as error:
        raise PlatformError(
            Code.MALFORMED, f"clients file {path.name} does not open: {error.strerror}"
        ) from error
    except ValidationError as error:
        findings = findings_of(error)
        raise PlatformError(
            Code.MALFORMED,
            f"clients file {path.name}: {findings[0].pointer}: {findings[0].message}",
            findings=findings,
        ) from error


def _unusable(client: StaticClient, why: str) -> PlatformError:
    return PlatformError(Code.MALFORMED, f"static client {client.client_id}: {why}")
