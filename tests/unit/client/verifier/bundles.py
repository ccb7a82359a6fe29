"""Frozen bundles taken apart, changed, and put together again with an index that fits them."""

import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from sextant_client.verify import INDEX
from sextant_shared.encoding import canonical_json
from sextant_shared.errors import PlatformError
from sextant_shared.models.statements import LoggedStatement, StatementList
from tests.frozen.make import FOLDER
from tests.unit.client.identity.sent import Sent

ROOM = FOLDER / "2026-11"


class Bundle:
    """The members of a bundle and its index, to be changed before it is written."""

    def __init__(self, file: str = "single.zip", folder: Path = ROOM) -> None:
        with zipfile.ZipFile(folder / file) as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}
        self.index: dict[str, Any] = json.loads(self.members.pop(INDEX))
        self.envelope: dict[str, Any] = self.index["envelope"]
        self.replies: list[dict[str, Any]] = self.index["replies"]

    @classmethod
    def of(cls, sent: Sent, *said: LoggedStatement) -> "Bundle":
        """Return the bundle of an envelope in a log in memory, with one head for all of it."""
        life, log = sent.life, sent.life.log
        history, statements = life.history(), StatementList(statements=list(said))
        made = cls.__new__(cls)
        made.members = {
            "container.dxe": sent.container,
            "custody.json": sent.custody(),
            "registry.json": life.proof().model_dump_json().encode(),
            "history.json": history.model_dump_json().encode(),
            "statements.json": statements.model_dump_json().encode(),
            "entry.json": sent.leaf,
            "entry.tlog-proof": log.proof(sent.index).encode(),
            "entry.cose": log.cose(sent.index),
        }
        named = {
            "container": "container.dxe",
            "custody": "custody.json",
            "registry": "registry.json",
            "history": "history.json",
            "statements": "statements.json",
            "entry": "entry.json",
            "cose": "entry.cose",
            "content": None,
            "kpc": None,
        }
        made.envelope, made.replies = named, []
        made.index = {"v": 1, "kind": "sextant-bundle", "envelope": named, "replies": []}
        made.index["members"] = {}
        made.seal()
        return made

    def json(self, member: str) -> Any:
        return json.loads(self.members[member])

    def put(self, member: str, value: object) -> None:
        self.members[member] = canonical_json(value)

    def flip(self, member: str, at: int) -> None:
        data = bytearray(self.members[member])
        data[at] ^= 1
        self.members[member] = bytes(data)

    def take(self, other: "Bundle", prefix: str, *files: str) -> None:
        """Replace members of this bundle by those of another."""
        for file in files:
            self.members[f"{prefix}/{file}"] = other.members[f"{prefix}/{file}"]

    def drop(self, member: str) -> None:
        del self.members[member]

    def seal(self) -> None:
        """Let the index name what the members are now."""
        self.index["members"] = {
            name: sha256(data).hexdigest() for name, data in self.members.items()
        }

    def write(self, path: Path) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in {**self.members, INDEX: json.dumps(self.index).encode()}.items():
                archive.writestr(name, data)
        return path


def edited(file: str, **changes: Any) -> bytes:
    """Return a frozen receipt with other members."""
    return canonical_json({**json.loads((ROOM / file).read_bytes()), **changes})


def lettered(data: bytes, at: int) -> bytes:
    """Return base64 with another letter at this place."""
    at %= len(data)
    return data[:at] + (b"B" if data[at : at + 1] == b"A" else b"A") + data[at + 1 :]


Change = Callable[[Bundle], object]


def told(error: PlatformError) -> list[object]:
    """Return the class of a failure, and all that a person reads of it."""
    detail = error.detail
    for ours in ("not strict JSON", "no readable bundle"):
        if detail.startswith(f"{ours}: "):
            detail = ours  # the rest are the words of the interpreter's own library
    if detail.startswith("cannot read "):
        detail = f"cannot read {Path(detail).name}"
    status = getattr(error, "status", None)
    return [status, str(error.code), detail, error.expected, error.received, error.fix]
