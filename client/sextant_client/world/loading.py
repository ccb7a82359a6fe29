"""Sends a world to a running platform, as the parties whose States it is made of.

Each document is sealed, signed and deposited by its own National Authority, in the order of the
days on which it was sent; several authorities send at the same time, if asked to. Safe to repeat
at any moment: what a home has sent already is known by the digest of its content; with a receipt
it is passed over, without one the same bytes go again.
"""

import csv
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

from sextant_client.client import Client
from sextant_client.home import Home, read_json
from sextant_client.parties import PartyView
from sextant_client.sent import SentEnvelope
from sextant_client.visible import visible_of
from sextant_client.world.writing import RECEIVED_FILE
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.parties import VerifiedParty

DECLARATION_CTY = "application/vnd.sextant.declaration+json"
PARTY_PREFIX = "NA-"
_REREAD_S = 60.0
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a load: documents sent now, found sent already, and left for want of a home."""

    sent: int
    known: int
    homeless: int


def read_documents(folder: Path, states: Sequence[str] = ()) -> Mapping[str, list[Path]]:
    """Return the documents of a world by State, in the order in which they were sent.

    Raises:
        PlatformError: `E_STATE`, when there is no world in the folder.
    """
    if not (folder / RECEIVED_FILE).exists():
        raise PlatformError(
            Code.STATE,
            f"there is no world in {folder}",
            expected=RECEIVED_FILE,
            received="nothing",
            fix="Make one: sextant world make --out FOLDER.",
        )
    with (folder / RECEIVED_FILE).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not states or row["state"] in states]
    rows.sort(key=lambda row: (row["received"], row["document"]))
    found: dict[str, list[Path]] = {}
    for row in rows:
        found.setdefault(row["state"], []).append(folder / row["document"])
    return found


def find_homes(paths: Sequence[Path]) -> Mapping[str, Home]:
    """Return the homes of National Authorities by State: each path is one, or a folder of them.

    Raises:
        PlatformError: `E_STATE`, when a path holds no home of a National Authority.
    """
    homes: dict[str, Home] = {}
    for path in paths:
        folders = [path, *(sorted(path.iterdir()) if path.is_dir() else [])]
        found = [Home(folder) for folder in folders if (folder / "config.json").exists()]
        own = {h.config().party: h for h in found if h.config().party.startswith(PARTY_PREFIX)}
        if not own:
            raise PlatformError(
                Code.STATE,
                f"there is no National Authority's home in {path}",
                fix="Name the home of a party, such as the one that `make run` prints.",
            )
        homes |= {party.removeprefix(PARTY_PREFIX): home for party, home in own.items()}
    return homes


@dataclass
class KnownParties(PartyView):
    """Reads a party's document again after a minute only: many are sealed within it."""

    _newest: dict[str, tuple[float, VerifiedParty]] = field(default_factory=dict)

    def newest(self, party: str) -> VerifiedParty:
        """Return a party's document as it was in force within the last minute."""
        read_at, known = self._newest.get(party, (0.0, None))
        now = time.monotonic()
        if known is None or now - read_at > _REREAD_S:
            known = super().newest(party)
            self._newest[party] = now, known
        return known


@dataclass(slots=True)
class _Tally:
    """Counts what all authorities have sent together, and tells of it."""

    total: int
    progress: Progress
    sent: int = 0
    known: int = 0
    stop: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def count(self, *, is_new: bool) -> None:
        with self._lock:
            self.sent += is_new
            self.known += not is_new
            self.progress(self.sent + self.known, self.total)


def load_world(
    documents: Mapping[str, Sequence[Path]],
    homes: Mapping[str, Home],
    progress: Progress,
    jobs: int = 1,
) -> Loaded:
    """Send every document whose State has a home here, of `jobs` States at a time.

    Raises:
        PlatformError: what a deposit is refused with; a later call goes on where it stopped.
    """
    chosen = {state: paths for state, paths in documents.items() if state in homes}
    tally = _Tally(sum(map(len, chosen.values())), progress)
    # The longest first, so that none is left alone at the end.
    order = sorted(chosen, key=lambda state: -len(chosen[state])) if jobs > 1 else list(chosen)
    with ThreadPoolExecutor(jobs) as pool:
        loads = [pool.submit(_load_state, homes[state], chosen[state], tally) for state in order]
        try:
            for load in as_completed(loads):
                load.result()
        finally:
            tally.stop.set()  # after a failure the others end with what they are sending
    return Loaded(tally.sent, tally.known, sum(map(len, documents.values())) - tally.total)


def _load_state(home: Home, paths: Sequence[Path], tally: _Tally) -> None:
    if tally.stop.is_set():
        return
    with Client(home) as client:
        client.parties = KnownParties(client.session, client.trust)
        for is_new in _send_all(client, paths):
            tally.count(is_new=is_new)
            if tally.stop.is_set():
                return


def _send_all(client: Client, paths: Sequence[Path]) -> Iterator[bool]:
    """Send each document; yield whether it was not sent before."""
    before = {sha256(envelope.content.read_bytes()): envelope for envelope in client.sent.all()}
    for path in paths:
        envelope = before.get(sha256(path.read_bytes()))
        if envelope is not None and envelope.receipt.exists():
            yield False
            continue
        client.deposit(envelope or _seal(client, path))
        yield True


def _seal(client: Client, path: Path) -> SentEnvelope:
    shown = visible_of(read_json(path))
    addressed = client.address(shown)
    return client.seal(
        path,
        to=addressed.to,
        type_=addressed.type,
        cty=DECLARATION_CTY,
        classification=shown.classification,
        period=shown.period,
    )
