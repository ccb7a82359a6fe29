"""The analysing task: takes facts out of what is in force, and hands them to the analyses.

Responsible for the feed: which declarations are owed, reading them through the gate as this service
itself, keeping each analysis's facts, and telling it what is new. Not responsible for what facts
are, nor for what follows from them: that is each `Analysis`.

Durable steps, in this order:

1. The transaction of a registration owes the declaration that moved to the analyses.
   If we stop here: it stays owed, and is read after the next start.
2. The access to a batch is stored, with its log entry; then the batch is read and the facts of each
   declaration are kept, in one transaction that ends the debt.
   If we stop before it ends: the batch is read again, with an access of its own.
3. Each analysis stores what follows, with the position up to which it knows the facts.
   If we stop here: at the next start it is given all facts, and stores what is different.

Intake never waits for any of it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import structlog

from sextant_declarations.analysis.editions import Edition, Filing, Source, editions
from sextant_declarations.domain.accesses import SERVICE, Gives, Reader
from sextant_declarations.domain.defects import told
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.domain.history import KnownVersion
from sextant_declarations.domain.library import Library
from sextant_declarations.domain.ports import Files
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.purposes import ANALYSIS

BATCH = 100  # declarations that are read under one access
RETRY_CAP_S = 900.0
_MAX_DOUBLINGS = 16
READER = Reader(client="declarations", role=SERVICE, purpose=ANALYSIS)

_log = structlog.get_logger("sextant.declarations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A declaration that moved since it was analysed; `turn` changes whenever it moves again.

    `received` is the time of custody of its first registered version, `marking` that of its life.
    """

    declaration: str
    turn: int
    state: str
    declaration_id: str
    kind: str
    year: int
    marking: str
    received: str
    versions: tuple[KnownVersion, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A declaration as it holds, amended, and the time at which its first version was received."""

    declaration: DeclarationBase
    received: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What one analysis keeps of one version of a declaration, as JSON.

    `position` orders all facts for ever; `declaration` is the register's id, `declaration_id` the
    State's. `said` is None where the declaration says nothing to the analysis any more: it was
    withdrawn, or its newest version is silent. `flaw` says why it could not be read. `known` is the
    time of the last registration that counts, `sources` the manifest digests of the envelopes that
    were read.
    """

    position: int = 0
    declaration: str
    state: str
    declaration_id: str
    version: int
    kind: str
    year: int
    marking: str
    known: str
    said: str | None
    sources: tuple[bytes, ...]
    flaw: str | None = None


class Analysis(Protocol):
    """An analysis that lives on facts of declarations.

    `name` is the one its facts are stored under. `method` changes with what `take` gives: then all
    declarations are read again, and facts of another method are not given any more.
    """

    @property
    def name(self) -> str:
        """Return the name."""
        ...

    @property
    def method(self) -> str:
        """Return the version of what is taken."""
        ...

    def take(self, held: Held) -> str | None:
        """Return what matters of a declaration, None if nothing does; called off the loop."""
        ...

    async def begin(self, facts: Sequence[Fact], position: int) -> None:
        """Take the newest facts of all declarations, and store what follows from them.

        Also called after a failure, so what was known before does not count.
        """
        ...

    async def heed(self, facts: Sequence[Fact], position: int) -> None:
        """Take facts that are new, in order of their positions, and store what follows."""
        ...


class AnalysingRows(Protocol):
    """What the task asks of storage."""

    async def join(self, methods: Sequence[tuple[str, str]]) -> None:
        """Owe every registered declaration if an analysis is new, or has another method."""
        ...

    async def owed(self, limit: int) -> list[Owed]:
        """Return the declarations that have been owed longest, with all that was registered."""
        ...

    async def keep(self, owed: Sequence[Owed], facts: Sequence[tuple[str, str, Fact]]) -> None:
        """Store facts, each with its analysis and method, and end the debt.

        What moved on meanwhile stays owed. A declaration that never said anything leaves no row.
        """
        ...

    async def facts(self, name: str, method: str, after: int | None) -> tuple[list[Fact], int]:
        """Return the facts after a position in order, and the last position of all facts.

        None for the position gives the newest fact of each declaration.
        """
        ...


@dataclass
class Analysing:
    """The task; one in a process. `pause_s` gathers what is registered close together.

    After a failure it waits `retry_s`, and twice as long each time until it succeeds: a batch that
    is read again leaves an access again.
    """

    rows: AnalysingRows
    gate: Gate
    files: Files
    analyses: Sequence[Analysis]
    max_bytes: int
    pause_s: float
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    retry_s: float = 5.0
    _positions: dict[str, int] = field(default_factory=dict)
    _joined: bool = False

    def anew(self) -> None:
        """Forget what was told: another process may have analysed since."""
        self._positions.clear()
        self._joined = False

    async def run(self) -> None:
        """Analyse for ever: a while after something was registered, and after a start."""
        failures = 0
        while True:
            await asyncio.sleep(self.pause_s)
            self.wake.clear()
            try:
                await self()
            except Exception as error:  # noqa: BLE001 - the loop outlives every defect; it stays owed
                _log.error("analysing.failed", **told(error))
                await asyncio.sleep(min(self.retry_s * 2**failures, RETRY_CAP_S))
                failures = min(failures + 1, _MAX_DOUBLINGS)
                continue
            failures = 0
            await self.wake.wait()

    async def __call__(self) -> None:
        """Read all that is owed, and tell every analysis.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store, or the log for too long, cannot be had.
        """
        if not self._joined:
            await self.rows.join([(one.name, one.method) for one in self.analyses])
            self._joined = True
        while owed := await self.rows.owed(BATCH):
            await self._read(owed)
        failed: list[Exception] = []
        for analysis in self.analyses:
            try:
                await self._tell(analysis)
            except Exception as error:  # noqa: BLE001 - raised below: one stops no other
                failed.append(error)
        if failed:
            raise failed[0]

    async def _read(self, owed: Sequence[Owed]) -> None:
        digests = [one.filed.manifest_digest for each in owed for one in each.versions]
        access = await self.gate.envelopes(READER, Gives.ANALYSIS, *digests)
        facts = await asyncio.to_thread(lambda: list(self._facts(owed, access)))
        await self.rows.keep(owed, facts)

    def _facts(self, owed: Sequence[Owed], access: Access) -> Iterable[tuple[str, str, Fact]]:
        library = Library(self.max_bytes)
        for each in owed:
            holding = self._hold(each, library, access)
            if holding.flaw:
                _log.warning("analysing.unread", id=each.declaration, reason=holding.flaw)
            for analysis in self.analyses:
                yield analysis.name, analysis.method, _take(analysis, each, holding)

    def _hold(self, owed: Owed, library: Library, access: Access) -> "_Holding":
        """Return what holds; a damaged file is a flaw of its declaration, and stops no other."""
        newest = owed.versions[-1].filed.version
        if sum(one.filed.size for one in owed.versions) > self.max_bytes:
            return _Holding(None, newest, "it has more versions than are read at once")
        try:
            digests = [one.filed.manifest_digest for one in owed.versions]
            paths = [self.files.content(digest, access) for digest in digests]
            made = _editions(owed, library, paths)
        except PlatformError as error:
            if error.code is not Code.INTEGRITY:
                raise
            return _Holding(None, newest, error.detail)
        if not made:
            return _Holding(None, newest, "no version can be read by today's models")
        return _Holding(made[-1].declaration, made[-1].version)

    async def _tell(self, analysis: Analysis) -> None:
        before = self._positions.pop(analysis.name, None)  # a failure begins anew
        facts, position = await self.rows.facts(analysis.name, analysis.method, before)
        if before is None:
            await analysis.begin(facts, position)
        elif facts:
            await analysis.heed(facts, position)
        self._positions[analysis.name] = position


@dataclass(frozen=True, slots=True)
class _Holding:
    """What holds of a declaration; nothing after a withdrawal, or with a flaw."""

    declaration: DeclarationBase | None
    version: int
    flaw: str | None = None


def _editions(owed: Owed, library: Library, paths: Sequence[Path]) -> list[Edition]:
    filings = []
    for one, path in zip(owed.versions, paths, strict=True):
        read = library.read(one.filed, path)
        if read is not None:
            number = one.filed.declaration_id, one.filed.version
            filings.append(Filing(Source(*number, one.registration, one.known), read))
    return editions(owed.declaration_id, filings)


def _take(analysis: Analysis, owed: Owed, holding: _Holding) -> Fact:
    """Return the fact; a defect of a method is a flaw of this declaration, and stops no other."""
    held = holding.declaration
    if held is None:
        return _fact(owed, holding, None)
    try:
        return _fact(owed, holding, analysis.take(Held(held, owed.received)))
    except Exception as error:  # noqa: BLE001 - told, kept as a flaw, and shown to officers
        _log.error("analysing.defect", id=owed.declaration, analysis=analysis.name, **told(error))
        flaw = f"the method fails on it: {type(error).__name__}"
        return _fact(owed, replace(holding, flaw=flaw), None)


def _fact(owed: Owed, holding: _Holding, said: str | None) -> Fact:
    return Fact(
        declaration=owed.declaration,
        state=owed.state,
        declaration_id=owed.declaration_id,
        version=holding.version,
        kind=owed.kind,
        year=owed.year,
        marking=owed.marking,
        known=owed.versions[-1].known,
        said=said,
        sources=tuple(one.filed.manifest_digest for one in owed.versions),
        flaw=holding.flaw,
    )
