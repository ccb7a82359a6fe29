"""The analysing task: reads what is owed under one access, keeps facts, and begins anew."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.domain.accesses import Item, NewAccess
from sextant_declarations.domain.analysing import Analysing, Fact, Held, Owed
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.domain.history import KnownVersion
from sextant_shared.clock import random_bytes
from sextant_shared.encoding import parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from tests.support.logs import NOW, envelope_id
from tests.unit.shared.rules.filed import amendment, data, site, withdrawal

pytestmark = pytest.mark.anyio
RENAMED = amendment(site(), ("/name", site()["name"], "Renamed"), number="XAL-A1")


@dataclass
class Accesses:
    """What the gate stores."""

    stored: list[NewAccess] = field(default_factory=list)

    async def of_envelopes(self, manifest_digests: Sequence[bytes]) -> list[Item]:
        return [
            Item(sender="NA-XAL", envelope=envelope_id(n), manifest_digest=digest)
            for n, digest in enumerate(manifest_digests, start=1)
        ]

    async def add(self, access: NewAccess, _max_unlogged: int | None) -> None:
        self.stored.append(access)


@dataclass
class Folder:
    """Plaintext files, given for an access that covers them alone."""

    folder: Path

    def content(self, manifest_digest: bytes, access: Access) -> Path:
        access.covers(manifest_digest)
        return self.folder / manifest_digest.hex()


@dataclass
class Feed:
    """What is owed, and the facts that were kept."""

    waiting: list[Owed] = field(default_factory=list)
    kept: list[Fact] = field(default_factory=list)
    joined: list[tuple[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    async def join(self, methods: Sequence[tuple[str, str]]) -> None:
        self.joined += methods

    async def owed(self, limit: int) -> list[Owed]:
        return self.waiting[:limit]

    async def keep(self, owed: Sequence[Owed], facts: Sequence[tuple[str, str, Fact]]) -> None:
        self.waiting = self.waiting[len(owed) :]
        for name, _, fact in facts:
            self.kept.append(replace(fact, position=len(self.kept) + 1))
            self.names.append(name)

    async def facts(self, name: str, _method: str, after: int | None) -> tuple[list[Fact], int]:
        of = [one for one, whose in zip(self.kept, self.names, strict=True) if whose == name]
        return [one for one in of if one.position > (after or 0)], len(self.kept)


@dataclass
class Names:
    """An analysis that keeps the name of a plant site; `fails` says how often it will."""

    told: list[tuple[str, list[str | None]]] = field(default_factory=list)
    fails: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    name: str = "names"
    method: str = "names/1"

    def take(self, held: Held) -> str | None:
        name = getattr(held.declaration, "name", None)
        if name == "defect":
            raise ValueError(name)
        return json.dumps(name)

    async def begin(self, facts: Sequence[Fact], _position: int) -> None:
        await self._hear("begin", facts)

    async def heed(self, facts: Sequence[Fact], _position: int) -> None:
        await self._hear("heed", facts)

    async def _hear(self, how: str, facts: Sequence[Fact]) -> None:
        if self.fails:
            self.fails -= 1
            raise PlatformError(Code.UNAVAILABLE, "the disk is full")
        self.told.append((how, [fact.said for fact in facts]))
        self.heard.set()


@dataclass
class Room:
    """The task over these."""

    folder: Path

    def __post_init__(self) -> None:
        self.accesses, self.feed, self.names = Accesses(), Feed(), Names()
        rows: Any = self.accesses
        sources = Sources(lambda: NOW, lambda: "", random_bytes)
        gate = Gate(rows, sources, lambda: None, lambda: None, 10)
        files: Any = Folder(self.folder)
        self.task = Analysing(self.feed, gate, files, [self.names], 1 << 20, 0.0, retry_s=0.0)

    def owe(self, *documents: dict[str, Any]) -> None:
        """Owe a declaration with what was registered of it."""
        known = [self._known(document) for document in documents]
        first = documents[0]
        self.feed.waiting.append(
            Owed(
                declaration=f"id-{first['declaration_id']}", turn=1, state="XAL",
                declaration_id=first["declaration_id"], kind=first["kind"], year=2025,
                marking="", received="2026-03-01T00:00:00Z", versions=tuple(known),
            )
        )  # fmt: skip

    def _known(self, document: dict[str, Any]) -> KnownVersion:
        content = data(document)
        digest = sha256(content)
        (self.folder / digest.hex()).write_bytes(content)
        filed = FiledVersion(
            declaration_id=document["declaration_id"], version=document["version"],
            kind=document["kind"], year=2025, digest=digest, content_digest=digest,
            size=len(content), manifest_digest=digest,
        )  # fmt: skip
        return KnownVersion(filed, "SEC-2026-000001", "2026-03-01T00:00:00.000Z")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


async def test_what_is_owed_is_read_under_one_access_of_the_service_and_amended(room: Room) -> None:
    room.owe(site(), RENAMED)
    room.owe(site(declaration_id="XAL-2"))
    await room.task()
    (access,) = room.accesses.stored
    assert (access.reader.role, access.reader.purpose) == ("service", "analysis")
    assert len(parse_json(access.entry.detail, max_bytes=1 << 20)["items"]) == 3
    assert room.names.told == [("begin", ['"Renamed"', json.dumps(site()["name"])])]
    assert [fact.version for fact in room.feed.kept] == [2, 1]
    await room.task()
    assert len(room.accesses.stored) == len(room.names.told) == 1


async def test_a_withdrawn_declaration_says_nothing_any_more(room: Room) -> None:
    room.owe(site())
    await room.task()
    room.owe(site(), withdrawal(site()))
    await room.task()
    assert room.names.told[-1] == ("heed", [None])
    assert [fact.flaw for fact in room.feed.kept] == [None, None]


async def test_what_is_too_large_is_kept_with_its_flaw(room: Room) -> None:
    room.task.max_bytes = 10
    room.owe(site())
    await room.task()
    (fact,) = room.feed.kept
    assert (fact.said, fact.flaw) == (None, "it has more versions than are read at once")


async def test_a_damaged_file_and_a_defect_stop_no_other_declaration(room: Room) -> None:
    room.owe(site())
    room.owe(site(declaration_id="XAL-2"))
    room.owe(site(declaration_id="XAL-3", name="defect"))
    digest = room.feed.waiting[0].versions[0].filed.manifest_digest
    (room.folder / digest.hex()).write_bytes(b"{}")
    await room.task()
    damaged, whole, failed = room.feed.kept
    assert damaged.flaw == "a file of the vault is not the one that was registered"
    assert (whole.flaw, json.loads(whole.said or "")) == (None, site()["name"])
    assert (failed.flaw, failed.said) == ("the method fails on it: ValueError", None)
    assert len(room.accesses.stored) == 1


async def test_an_analysis_that_failed_is_given_everything_again(room: Room) -> None:
    room.owe(site())
    await room.task()
    room.owe(site(declaration_id="XAL-2"))
    room.names.fails = 1
    room.task.analyses = [room.names, others := Names(name="others")]
    with pytest.raises(PlatformError):
        await room.task()
    assert others.told[0][0] == "begin"  # one that fails stops no other
    await room.task()
    assert [(how, len(facts)) for how, facts in room.names.told] == [("begin", 1), ("begin", 2)]


async def test_the_loop_outlives_a_failure_and_tries_again_by_itself(room: Room) -> None:
    room.owe(site())
    room.names.fails = 2
    running = asyncio.create_task(room.task.run())
    async with asyncio.timeout(10):
        await room.names.heard.wait()
    running.cancel()
    assert room.names.told[0][0] == "begin"
    assert room.feed.joined == [("names", "names/1")]
