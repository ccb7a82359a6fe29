"""Leave to read is made by the gate alone, once the access is stored, for what it names alone."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import sextant_declarations
from sextant_declarations.domain.accesses import AccessDetail, Gives, Item, NewAccess, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.storage.vault import FileVault
from sextant_shared.clock import random_bytes
from sextant_shared.encoding import b64u, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import AccessEntry, parse_entry
from sextant_shared.models.purposes import PURPOSES
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.acts import commitment
from tests.support.logs import NOW, envelope_id

pytestmark = pytest.mark.anyio
OFFICER = Reader(client="officer-1", role="officer", purpose="examination")
ROOM = Path(sextant_declarations.__file__).parent
MAKERS = {
    "Access(": {"domain/gate.py"},
    "of_examination(": {"domain/comparing.py"},
    "_KEY": {"domain/gate.py"},
}


@dataclass
class Rows:
    """Keeps what the gate stores; `error` is what the database says."""

    items: dict[bytes, Item] = field(default_factory=dict)
    stored: list[NewAccess] = field(default_factory=list)
    error: PlatformError | None = None

    async def of_declaration(self, id_: str) -> list[Item]:
        return [item for item in self.items.values() if item.declaration == id_]

    async def of_envelopes(self, manifest_digests: Sequence[bytes]) -> list[Item]:
        return [self.items[digest] for digest in manifest_digests]

    async def of_thread(self, name: str) -> list[Item]:
        return [item for item in self.items.values() if f"{item.sender} {item.envelope}" == name]

    async def add(self, access: NewAccess, max_unlogged: int | None) -> None:
        assert max_unlogged == 10
        if self.error:
            raise self.error
        self.stored.append(access)


def item(n: int) -> Item:
    return Item(
        sender="NA-XAL",
        envelope=envelope_id(n),
        inbox=n,
        custody=n + 10,
        manifest_digest=bytes([n] * 32),
        declaration="d",
        n=n,
        sites=("XAL-1",),
    )


@pytest.fixture
def rows() -> Rows:
    return Rows({one.manifest_digest: one for one in (item(1), item(2))})


@pytest.fixture
def gate(rows: Rows) -> Gate:
    sources = Sources(lambda: NOW, lambda: "", random_bytes)
    return Gate(rows, sources, lambda: "00-trace", lambda: None, 10)


# --- who makes an access --------------------------------------------------------------------------


def calls(path: Path) -> list[str]:
    """Return the names that a module calls, and the private names that it uses."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            found.append(f"{name}(")
        elif isinstance(node, ast.Name | ast.alias):
            found.append(node.id if isinstance(node, ast.Name) else node.name)
    return found


@pytest.mark.parametrize("maker", MAKERS)
def test_only_the_gate_and_the_examination_make_leave_to_read(maker: str) -> None:
    files = {
        path.relative_to(ROOM).as_posix() for path in ROOM.rglob("*.py") if maker in calls(path)
    }
    assert files == MAKERS[maker]


def test_nobody_makes_an_access_without_the_key_of_the_gate() -> None:
    with pytest.raises(PlatformError) as raised:
        Access(object(), [item(1)])
    assert raised.value.code is Code.INTERNAL


# --- in which order, and for what -----------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["", "curiosity"])
async def test_without_a_purpose_nothing_is_stored_and_no_leave_given(
    gate: Gate, rows: Rows, purpose: str
) -> None:
    with pytest.raises(PlatformError) as raised:
        await gate.declaration(Reader("officer-1", "officer", purpose), Gives.FINDINGS, "d")
    assert (raised.value.code, raised.value.expected) == (Code.MALFORMED, ", ".join(PURPOSES))
    assert rows.stored == []


async def test_an_access_that_cannot_be_stored_gives_no_leave(gate: Gate, rows: Rows) -> None:
    rows.error = PlatformError(Code.UNAVAILABLE, "the disk is full")
    with pytest.raises(PlatformError, match="the disk is full"):
        await gate.envelopes(OFFICER, Gives.CONTENT, item(1).manifest_digest)


async def test_leave_for_one_envelope_opens_no_other(gate: Gate, tmp_path: Path) -> None:
    access = await gate.envelopes(OFFICER, Gives.CONTENT, item(1).manifest_digest)
    vault = FileVault(tmp_path)
    for read in (vault.content, vault.container, vault.package):
        with pytest.raises(PlatformError) as raised:
            read(item(2).manifest_digest, access)
        assert raised.value.code is Code.INTERNAL
        with pytest.raises(PlatformError) as raised:
            read(item(1).manifest_digest, access)  # covered; only the file is missing here
        assert raised.value.code is Code.INTEGRITY
    assert access.inboxes == {1}


async def test_an_entry_commits_to_all_that_is_told_and_says_none_of_it(
    gate: Gate, rows: Rows
) -> None:
    await gate.declaration(OFFICER, Gives.FINDINGS, "d")
    await gate.envelopes(OFFICER, Gives.CONTENT, item(2).manifest_digest)
    several, single = (stored.entry for stored in rows.stored)
    for owed in (several, single):
        entry = parse_entry(owed.leaf)
        assert isinstance(entry, AccessEntry)
        assert entry.commit == b64u(commitment(owed.salt, owed.detail))
        for word in (b"officer", b"examination", b"XAL", b"findings", b"content"):
            assert word not in owed.leaf
    both, alone = (parse_entry(owed.leaf) for owed in (several, single))
    assert isinstance(both, AccessEntry)
    assert isinstance(alone, AccessEntry)
    assert (both.env, both.ref) == (None, None)
    assert (alone.env, alone.ref) == (envelope_id(2), 12)
    detail = read_model(AccessDetail, parse_json(several.detail, max_bytes=1 << 16))
    assert (detail.client, detail.role, detail.purpose) == ("officer-1", "officer", "examination")
    assert [(one.envelope, one.n, one.sites) for one in detail.items] == [
        (envelope_id(1), 1, ["XAL-1"]),
        (envelope_id(2), 2, ["XAL-1"]),
    ]
    assert rows.stored[0].traceparent == "00-trace"


async def test_two_accesses_alike_have_nothing_in_common_in_the_log(gate: Gate, rows: Rows) -> None:
    for _ in range(2):
        await gate.thread(OFFICER, f"NA-XAL {envelope_id(1)}")
    first, second = (parse_entry(stored.entry.leaf) for stored in rows.stored)
    assert isinstance(first, AccessEntry)
    assert isinstance(second, AccessEntry)
    assert {first.id, first.nonce, first.commit} & {second.id, second.nonce, second.commit} == set()
