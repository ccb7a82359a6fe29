"""The read path over HTTP: every byte by the C2SP specifications, checked as a stranger would."""

import gzip
from pathlib import Path

import httpx
import pytest

from sextant_shared.encoding import b64_decode
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.proofs import subtree_root, verify_consistency, verify_inclusion
from sextant_shared.merkle.tiles import levels_of, parse_bundle, tiles_of
from sextant_shared.merkle.tree import root_of
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint
from tests.integration.audit.logs import AuditLog, Served
from tests.integration.audit.test_appending import append
from tests.support.waiting import found

pytestmark = pytest.mark.anyio

SIZE = 601
FOREVER = "max-age=31536000, immutable"


async def grown(served: Served) -> None:
    for start in range(1, SIZE, 200):
        await append(served, *range(start, start + 200))


async def published(served: Served, keys: LogKeys, size: int = SIZE) -> Checkpoint:
    async def look() -> Checkpoint | None:
        response = await served.get("/checkpoint")
        checkpoint = verify_checkpoint(response.text, keys)
        return checkpoint if checkpoint.size == size else None

    return await found(look, f"the head of {size} entries was published")


@pytest.mark.parametrize(
    "path",
    [
        "/tile/0/002",
        "/tile/0/002.p/90",
        "/tile/0/003.p/1",
        "/tile/1/000",
        "/tile/1/000.p/3",
        "/tile/2/000.p/1",
        "/tile/0/0",
        "/tile/00/000",
        "/tile/64/000",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/0/000.p/01",
        "/tile/0/x000/000",
        "/tile/0/%30%30%30",
        "/tile/0/000/",
        "/tile/",
        "/tile/0",
        "/tile/0/000%2Ep/5",
        "/tile/0//000",
        "/tile/0/%2e%2e/0/000",
        "/tile/-1/000",
    ],
)
async def test_what_is_no_tile_of_the_published_tree_is_not_found(
    tmp_path: Path, path: str
) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        await grown(served)
        await published(served, keys)
        response = await served.get(path)
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


async def test_a_stranger_rebuilds_the_head_from_tiles_alone(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        await grown(served)
        checkpoint = await published(served, keys)
        tiles: dict[tuple[int, int], list[list[bytes]]] = {}
        for tile in tiles_of(SIZE):
            response = await served.get(f"/tile/{tile.path}")
            assert response.status_code == 200
            assert response.headers["content-type"] == "application/octet-stream"
            assert response.headers["cache-control"] == f"public, {FOREVER}"
            data = response.content
            assert len(data) == 32 * tile.width
            hashes = [data[i : i + 32] for i in range(0, len(data), 32)]
            tiles[tile.level or 0, tile.index] = levels_of(hashes)

        def node(level: int, index: int) -> bytes:
            tile_level, height = divmod(level, 8)
            tile = tiles[tile_level, index >> (8 - height)]
            return tile[height][index & ((1 << (8 - height)) - 1)]

        assert subtree_root(0, SIZE, node) == checkpoint.root


async def test_an_auditor_rebuilds_the_tree_from_the_entries(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        await grown(served)
        checkpoint = await published(served, keys)
        auditor = served.client("auditor")
        entries: list[bytes] = []
        for path in ("000", "001", "002.p/89"):
            response = await auditor.request("GET", f"/tile/entries/{path}")
            assert response.headers["cache-control"] == f"private, {FOREVER}"
            entries += parse_bundle(response.content)
        assert root_of(leaf_hash(entry) for entry in entries) == checkpoint.root
        with pytest.raises(PlatformError, match="E_NOT_FOUND"):
            await auditor.request("GET", "/tile/entries/002.p/90")


@pytest.mark.parametrize("role", ["party", "officer", "registrar", "operator"])
async def test_roles_that_may_not_read_entries_are_refused(tmp_path: Path, role: str) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        with pytest.raises(PlatformError, match="E_FORBIDDEN"):
            await served.client(role).request("GET", "/tile/entries/000.p/1")


async def test_a_public_log_serves_its_entries_to_all_compressed_or_not(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, entries_public=True)
    await log.begin()
    async with log.serve() as served:
        plain = await served.get("/tile/entries/000.p/1", accept_encoding="identity")
        assert plain.headers["cache-control"] == f"public, {FOREVER}"
        assert "content-encoding" not in plain.headers
        async with (
            httpx.AsyncClient(transport=served.transport, base_url="http://audit.example") as http,
            http.stream(
                "GET", "/tile/entries/000.p/1", headers={"Accept-Encoding": "br, gzip;q=0.8"}
            ) as packed,
        ):
            raw = b"".join([block async for block in packed.aiter_raw()])
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(raw) == plain.content
        assert packed.headers["etag"] != plain.headers["etag"]
        [genesis] = parse_bundle(plain.content)
        assert b'"type":"genesis"' in genesis


async def test_the_checkpoint_is_a_note_that_no_cache_keeps(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        response = await served.get("/checkpoint")
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache"
        again = await served.get("/checkpoint", if_none_match=response.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")


async def test_the_published_head_is_kept_through_a_restart(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        await append(served, 1, 2, 3)
    async with log.serve() as served:
        assert (await published(served, keys, 4)).size == 4
    assert (await log.check()).checkpoints >= 1


@pytest.mark.parametrize(
    "query",
    [
        "inclusion?index=601&size=601",
        "inclusion?index=0&size=602",
        "inclusion?index=0&size=0",
        "consistency?first=0&second=5",
        "consistency?first=6&second=5",
        "consistency?first=1&second=602",
    ],
)
async def test_a_proof_outside_the_published_tree_is_not_found(tmp_path: Path, query: str) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        await grown(served)
        await published(served, keys)
        assert (await served.get(f"/v1/proofs/{query}")).status_code == 404


@pytest.mark.parametrize("query", ["inclusion?index=-1&size=1", "inclusion?size=1", "consistency"])
async def test_a_question_that_does_not_fit_is_malformed(tmp_path: Path, query: str) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        response = await served.get(f"/v1/proofs/{query}")
        assert response.json()["code"] == "E_MALFORMED"


async def test_proofs_verify_against_the_published_head(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        first = await published(served, keys, 1)
        await grown(served)
        head = await published(served, keys)
        found = (await served.get(f"/v1/proofs/consistency?first=1&second={SIZE}")).json()
        path = [b64_decode(node) for node in found["path"]]
        verify_consistency(1, SIZE, path, first.root, head.root)
        leaves = (await served.get("/tile/0/001")).content
        found = (await served.get(f"/v1/proofs/inclusion?index=300&size={SIZE}")).json()
        path = [b64_decode(node) for node in found["path"]]
        verify_inclusion(300, SIZE, leaves[44 * 32 : 45 * 32], path, head.root)


async def test_the_log_tells_its_origin_and_keys(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        found = (await served.get("/.well-known/sextant-log")).json()
        assert LogKeys.from_vkeys(found["vkeys"]) == keys
        assert found["origin"] == keys.origin
        ready = (await served.get("/readyz")).json()
        assert ready == {
            "ready": True,
            "checks": {
                "log": "ok",
                "ledger": "ok",
                "commits": "ok",
                "publisher": "ok",
                "room": "ok",
                "clock": "ok",
            },
            "notes": {"scrub": "ok"},
        }
