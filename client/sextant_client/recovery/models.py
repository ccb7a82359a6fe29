"""What a backup is made of, as files say it: the plan, people's cards, the signed manifest."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, model_validator

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, Version1, read_model

MAX_FILE_BYTES = 256 << 20  # a manifest names every blob: two hundred bytes each
MAX_CUSTODIANS = 8  # 70 groups of four at most
_DEEP = 8

RoomName = Literal["audit", "exchange", "declarations"]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Card(Strict):
    """The public keys of an operator or custodian: to be compared by voice, then pinned."""

    v: Version1
    name: Name
    sig: Annotated[list[dict[str, str]], Field(max_length=2)]
    seal: dict[str, str] | None = None


class PlannedRoom(Strict):
    """One room: its database, the folders beside it, and whether all of it is sealed.

    `database` is a file. With `server` it is the name of a database on that server, and for the log
    `ledger` is the address at which its entries can be read.
    """

    name: RoomName
    database: str | None = None
    server: Name | None = None
    ledger: Annotated[str, Field(pattern=r"^postgresql(\+psycopg)?://")] | None = None
    folders: Annotated[dict[Name, str], Field(default_factory=dict)]
    sealed: bool = False

    @model_validator(mode="after")
    def one_engine(self) -> Self:
        """Refuse a room without a database, and a log that cannot be read."""
        if self.database is None and self.server is None:
            raise ValueError("a room has a database file, or a server")
        if (self.ledger is not None) != (self.name == "audit" and self.server is not None):
            raise ValueError("a log on a server, and nothing else, has the address of its ledger")
        return self

    @property
    def on_server(self) -> str:
        """The name of its database on the server."""
        return self.database or f"sextant_{self.name}"


class PlannedServer(Strict):
    """A PostgreSQL server; under its name it is a stanza in this configuration of pgBackRest.

    `user` is whom it runs as; pgBackRest runs as the same.
    """

    pgbackrest: str
    user: Name = "postgres"


class Plan(Strict):
    """What is backed up, and who can open what is sealed. `keys` are files and folders."""

    v: Version1
    rooms: Annotated[list[PlannedRoom], Field(min_length=1, max_length=3)]
    servers: Annotated[dict[Name, PlannedServer], Field(default_factory=dict)]
    keys: dict[Name, str]
    settings: Annotated[dict[Name, str], Field(default_factory=dict)]
    public: Annotated[dict[Name, str], Field(default_factory=dict)]
    trust: str
    custodians: Annotated[list[str], Field(min_length=2, max_length=MAX_CUSTODIANS)]
    threshold: Annotated[int, Field(ge=2, le=MAX_CUSTODIANS)] = 2
    keys_kept_days: Annotated[int, Field(ge=1)] = 35

    @model_validator(mode="after")
    def reachable(self) -> Self:
        """Refuse a threshold nobody reaches, rooms that stand twice, servers nobody knows."""
        if self.threshold > len(self.custodians):
            raise ValueError("the threshold is larger than the number of custodians")
        if len({room.name for room in self.rooms}) != len(self.rooms):
            raise ValueError("a room stands twice")
        named = {room.server for room in self.rooms if room.server}
        if named != set(self.servers):
            raise ValueError("`servers` are those that rooms name, and no others")
        return self


class Copied(Strict):
    """One file of a backup: where it lies, how large it is, its SHA-256."""

    path: Annotated[str, Field(max_length=500)]
    size: Annotated[int, Field(ge=0)]
    sha256: Digest

    @model_validator(mode="after")
    def inside(self) -> Self:
        """Refuse a path that leads out of the backup."""
        parts = Path(self.path).parts
        if not parts or self.path.startswith("/") or ".." in parts or "\\" in self.path:
            raise ValueError("a path stays inside the backup")
        return self


class CopiedRoom(Strict):
    """What of a room is in the backup, and the version of its tables.

    `archive` is the sealed file of a room that is sealed; then `files` says what is inside. Of a
    room on a `server` only its folders are here: `database` comes back with the server.
    """

    name: RoomName
    engine: Literal["sqlite", "postgresql"]
    schema_version: str
    files: list[Copied]
    archive: Copied | None = None
    server: Name | None = None
    database: str | None = None


class CopiedServer(Strict):
    """How far a server was backed up: `lsn` covers whatever its rooms acknowledged until then.

    pgBackRest's archive has all pieces of WAL up to `piece`.
    """

    name: Name
    user: Name
    version: str
    label: str
    lsn: Annotated[str, Field(pattern=r"^[0-9A-F]{1,8}/[0-9A-F]{1,8}$")]
    piece: Annotated[str, Field(pattern=r"^[0-9A-F]{24}$")]
    encrypted: bool


class LogPosition(Strict):
    """How far the log of the backup reaches, and the newest heads that it has published."""

    origin: str
    size: Annotated[int, Field(ge=0)]
    root: str
    checkpoint: str | None
    witnessed: str | None


class Manifest(Strict):
    """What a backup says of itself; `manifest.sig` beside it signs these bytes."""

    v: Version1
    id: Name
    t: str
    rooms: list[CopiedRoom]
    keys: Copied | None
    keys_until: str | None
    others: list[Copied]
    log: LogPosition | None
    custodians: list[Name]
    threshold: int
    tools: dict[str, str]
    servers: list[CopiedServer] = Field(default_factory=list)

    @property
    def plain(self) -> list[Copied]:
        """The files that lie in the backup as they are; those inside a sealed archive do not."""
        rooms = [f for r in self.rooms for f in ([r.archive] if r.archive else r.files)]
        return [*rooms, *([self.keys] if self.keys else []), *self.others]

    def room(self, name: RoomName) -> CopiedRoom | None:
        """The part of one room, if it is there."""
        return next((room for room in self.rooms if room.name == name), None)

    def server(self, name: str) -> CopiedServer | None:
        """How far a server was backed up, if it is there."""
        return next((server for server in self.servers if server.name == name), None)


Read = TypeVar("Read", bound=Strict)


def read_file(model: type[Read], path: Path, what: str) -> Read:
    """Return what a JSON file says.

    Raises:
        PlatformError: `E_STATE` when it cannot be read, `E_MALFORMED` with every place at fault.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.STATE, f"cannot read {what} {path}: {error.strerror}", fix="Name another file."
        ) from error
    return read_model(model, parse_json(data, max_bytes=MAX_FILE_BYTES, max_depth=_DEEP))


_SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|pin|credential)$")
_IN_ADDRESS = re.compile(r"(://[^:/@\s]+):[^@/\s]+@")
REDACTED = "(redacted)"


def redacted(text: str) -> str:
    """Return settings (`NAME=value` lines) without what looks like a secret.

    The platform's own settings hold none, only paths of files; what was added to them may.
    """
    lines = []
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and _SECRET_NAME.search(name.strip()):
            value = REDACTED
        lines.append(name + equals + _IN_ADDRESS.sub(rf"\1:{REDACTED}@", value))
    return "".join(f"{line}\n" for line in lines)
