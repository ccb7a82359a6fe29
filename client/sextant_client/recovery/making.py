"""Makes a backup: every room, the keys under dual control, and the manifest that signs it all.

Order, and why: exchange, then declarations, then the log. What a room acknowledged to another is
known to the one that is copied later: a delivery that the exchange has as acknowledged stands in
declarations, and every receipt that the exchange holds has its entry in the log. The other way
round a restore would hold receipts without entries, which nothing can mend. A log that knows more
than the exchange is told in full by `honouring.check_exchange`; senders still have those envelopes.

The database of a room comes before its folders: a file is there before the row that names it. A
server comes after all of them: it is restored beyond its backup, to the end of its WAL, and so
always knows more than the folders and than the position of the log that is noted here.

The signer's memory is in no backup. Keys go without `state.json`: who restores an old memory can be
made to sign a second history. `python -m sextant_audit.signer remember` makes it from the newest
head that witnesses saw.

The manifest comes last. If we stop before, the pool holds files that no backup names; the next
backup uses or removes them.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sextant_client.recovery import dual
from sextant_client.recovery.copying_servers import Servers
from sextant_client.recovery.honouring import check_ledger
from sextant_client.recovery.ledger import Ledger, open_ledger
from sextant_client.recovery.models import (
    Card,
    Copied,
    CopiedRoom,
    CopiedServer,
    LogPosition,
    Manifest,
    Plan,
    PlannedRoom,
    read_file,
    redacted,
)
from sextant_client.recovery.returning import CONFIG, SERVERS
from sextant_client.recovery.signing import write_manifest
from sextant_client.recovery.snapshots import PRIVATE, copy_database, digest_of, files_of, store
from sextant_client.trust import Trust
from sextant_shared.clock import Clock, timestamp_ms, timestamp_s
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import Level
from sextant_shared.protocol.levels import standing_of

SETS = "sets"
ORDER = ("exchange", "declarations", "audit")
MEMORY = "state.json"
_DAY_S = 86_400
_SQLITE = b"SQLite format 3\x00"
Member = tuple[str, Path]


@dataclass(frozen=True)
class Making:
    """A backup to be made into the folder `root`, signed by an operator's pair.

    `clear` says that sealed rooms may lie in clear beside it: the disk is encrypted.
    """

    root: Path
    plan: Plan
    by: str
    pair: Sequence[Signer]
    clock: Clock
    clear: bool = False
    say: Callable[[str], None] = lambda _text: None

    def __call__(self) -> Manifest:
        """Make it; durable and signed on return.

        Raises:
            PlatformError: `E_STATE` for what the plan names and is not there, or a pgBackRest that
                is too old for a server, `E_POLICY` when a sealed room lies in clear, `E_KEY`,
                `E_INTEGRITY` for a damaged database or log, `E_UNAVAILABLE`.
        """
        on_servers = Servers(self.plan, self.root)
        on_servers.require_known()
        if not self.clear:
            on_servers.require_sealed()
        custodians = [read_file(Card, Path(p), "the card") for p in self.plan.custodians]
        trust = Trust.load(Path(self.plan.trust))
        now = self.clock()
        self.root.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        rooms: list[CopiedRoom] = []
        position: LogPosition | None = None
        # What will be sealed is never clear on the disk of the backups, whatever stops this.
        with (
            tempfile.TemporaryDirectory(dir=self.root, prefix=".making-") as name,
            tempfile.TemporaryDirectory(prefix="sextant-sealing-") as here,
        ):
            work, clear = Path(name), Path(here)
            for planned in sorted(self.plan.rooms, key=lambda room: ORDER.index(room.name)):
                self.say(f"{planned.name}: database and files")
                made, ledger = self._room(planned, work, clear, custodians)
                rooms.append(made)
                if planned.name == "audit" and ledger is not None:
                    self.say("log: every entry is hashed again")
                    with open_ledger(ledger) as opened:
                        position = position_of(opened, trust)
            servers = self._servers()
            keys = self._keys(work, clear, custodians)
            others = [*self._settings(work), *self._public()]
        manifest = Manifest(
            v=1,
            id=timestamp_ms(now).replace(":", "").replace("-", ""),
            t=timestamp_ms(now),
            rooms=rooms,
            keys=keys,
            keys_until=timestamp_s(now + self.plan.keys_kept_days * _DAY_S),
            others=others,
            log=position,
            custodians=[card.name for card in custodians],
            threshold=self.plan.threshold,
            tools={
                "sextant": version("sextant-client"),
                "sqlite": sqlite3.sqlite_version,
                **on_servers.tools(),
            },
            servers=servers,
        )
        folder = self.root / SETS / manifest.id
        if folder.exists():
            raise PlatformError(
                Code.STATE, f"{folder} exists", fix="Run it again: a backup is named by its time."
            )
        write_manifest(folder, manifest, self.by, self.pair)
        return manifest

    def _room(
        self, planned: PlannedRoom, work: Path, clear: Path, custodians: Sequence[Card]
    ) -> tuple[CopiedRoom, Path | str | None]:
        """Copy a room; also return where the ledger can be read, if it is the log's."""
        members: list[Member] = []
        ledger: Path | str | None = planned.ledger
        schema, snapshot = "server", None
        if planned.server is None:
            database = Path(str(planned.database))
            snapshot = (clear if planned.sealed else work) / f"{planned.name}.db"
            schema = copy_database(database, snapshot)
            members.append((f"{planned.name}/{database.name}", snapshot))
            if planned.name == "audit":
                ledger = snapshot.with_name("ledger.db")
                ledger.hardlink_to(snapshot)
        for name, folder in planned.folders.items():
            members += [(f"{planned.name}/{name}/{inner}", path) for inner, path in _in(folder)]
        archive = None
        if planned.sealed and members:
            files = [_digested(name, path) for name, path in members]
            archive = self._archive(f"{planned.name}.sealed", members, work, custodians)
        else:
            files = list(self._stored(members, keep=snapshot))
        made = CopiedRoom(
            name=planned.name,
            engine="sqlite" if planned.server is None else "postgresql",
            schema_version=schema,
            files=files,
            archive=archive,
            server=planned.server,
            database=None if planned.server is None else planned.on_server,
        )
        return made, ledger

    def _servers(self) -> list[CopiedServer]:
        """Have the servers backed up, that of the log last."""
        of = {room.server: room.name for room in self.plan.rooms if room.server}
        servers, made = Servers(self.plan, self.root), []
        for name in sorted(of, key=lambda server: ORDER.index(of[server])):
            self.say(f"server {name}: pgBackRest")
            made.append(servers.copied(name))
        return made

    def _stored(self, members: Sequence[Member], keep: Path | None) -> Iterator[Copied]:
        for name, path in members:
            try:
                yield store(self.root, path, name, move=path == keep)
            except FileNotFoundError:
                continue  # erased since the database was copied: its row says so soon
            except OSError as error:
                raise PlatformError(
                    Code.UNAVAILABLE, f"{name} cannot be copied: {error.strerror}"
                ) from error

    def _archive(
        self, name: str, members: Sequence[Member], work: Path, custodians: Sequence[Card]
    ) -> Copied:
        out = work / name
        dual.seal_archive(out, members, custodians, self.plan.threshold)
        return store(self.root, out, name, move=True)

    def _keys(self, work: Path, clear: Path, custodians: Sequence[Card]) -> Copied:
        members: list[Member] = []
        for label, place in self.plan.keys.items():
            for inner, path in _in(place):
                if path.name == MEMORY:
                    continue
                name = f"{label}/{inner}"
                if _is_database(path):  # keys of details: a copy of one moment
                    copy = clear / f"keys-{len(members)}.db"
                    copy_database(path, copy)
                    path = copy  # noqa: PLW2901 -- what is sealed under the same name
                members.append((name, path))
        for name, server in self.plan.servers.items():  # it opens the repository
            members.append((f"{SERVERS}/{name}/{CONFIG}", _there(server.pgbackrest)))
        return self._archive("keys.sealed", members, work, custodians)

    def _settings(self, work: Path) -> Iterator[Copied]:
        for label, place in self.plan.settings.items():
            for inner, path in _in(place):
                out = work / "settings.txt"
                out.write_text(redacted(path.read_text(encoding="utf-8", errors="replace")))
                yield store(self.root, out, f"settings/{label}/{inner}")

    def _public(self) -> Iterator[Copied]:
        yield store(self.root, Path(self.plan.trust), "public/trust.json")
        for label, place in self.plan.public.items():
            for inner, path in _in(place):
                yield store(self.root, path, f"public/{label}/{inner}")


def position_of(ledger: Ledger, trust: Trust) -> LogPosition:
    """Return how far a ledger reaches, hashed again from its entries, and its newest heads.

    Raises:
        PlatformError: `E_INTEGRITY` when the entries are not those of a head that was signed.
    """
    keys, policy = trust.log_keys, trust.policy
    newest = ledger.checkpoint()
    judged = (standing_of(note, keys, policy) for note in ledger.cosigned())
    witnessed = next((each for each in judged if each.level is Level.WITNESSED), None)
    heads = [standing_of(newest, keys, policy).checkpoint] if newest else []
    heads += [witnessed.checkpoint] if witnessed else []
    found = check_ledger(ledger, heads, ())
    if not found.holds:
        raise PlatformError(
            Code.INTEGRITY,
            "the ledger is not that of the heads it published",
            expected=", ".join(f"{head.size} {b64(head.root)}" for head in heads),
            received=f"{found.size} {b64(found.root)}",
            fix="Keep the file as evidence; compare with a mirror: sextant log fsck.",
        )
    return LogPosition(
        origin=keys.origin,
        size=found.size,
        root=b64(found.root),
        checkpoint=newest,
        witnessed=witnessed.checkpoint.text if witnessed else None,
    )


def _in(place: str) -> list[Member]:
    return list(files_of(_there(place)))


def _there(place: str) -> Path:
    path = Path(place)
    if not path.exists():
        raise PlatformError(
            Code.STATE, f"the plan names {place}, which is not there", fix="Correct the plan."
        )
    return path


def _digested(name: str, path: Path) -> Copied:
    return Copied(path=name, size=path.stat().st_size, sha256=digest_of(path))


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE
