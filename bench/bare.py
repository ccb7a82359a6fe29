"""The least server that keeps a deposit's promise: two signatures, a digest, a share of a commit.

`python -m bench.bare PORT FOLDER`. A POST to `/raw` reads its body and answers; one to `/whole`
verifies the pair of signatures of the container in the folder too, hashes its own body, and is
answered once a durable commit of 64 rows holds it. It refuses nothing, knows nobody, tells nothing.
"""

import asyncio
import json
import os
import sqlite3
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

from sextant_shared.crypto.signing import Verifier
from sextant_shared.protocol.manifest import read_manifest, verify_manifest

ROWS = 64
CONTAINER, PAIR = "container", "pair.json"


class Rows:
    """A file that commits 64 rows at a time, by the bare driver: whoever comes waits for them."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA page_size = 8192")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("CREATE TABLE row (id BLOB PRIMARY KEY, data BLOB)")
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []

    async def add(self, data: bytes) -> None:
        """Return once the row is durable."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((data, future))
        if len(self._waiting) == ROWS:
            self.commit([data for data, _ in self._waiting])
            for _, waiting in self._waiting:
                waiting.set_result(None)
            self._waiting = []
        await future

    def commit(self, rows: list[bytes]) -> None:
        """Make the rows durable in one transaction."""
        self._database.execute("BEGIN IMMEDIATE")
        named = [(os.urandom(16), data) for data in rows]
        self._database.executemany("INSERT INTO row VALUES (?, ?)", named)
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def create_app(folder: Path) -> FastAPI:
    """Return the server over a folder that has a container and its signers' public keys."""
    app = FastAPI()
    manifest = read_manifest(BytesIO((folder / CONTAINER).read_bytes()))
    pair = [Verifier.from_jwk(jwk) for jwk in json.loads((folder / PAIR).read_bytes())]
    rows = Rows(folder / "bare.db")

    @app.post("/raw")
    async def raw(request: Request) -> Response:
        await request.body()
        return Response(b"ok", 201)

    @app.post("/whole")
    async def whole(request: Request) -> Response:
        container = await request.body()
        verify_manifest(manifest, pair)
        sha256(memoryview(container)[-manifest.body_len :]).digest()
        await rows.add(container)
        return Response(b"ok", 201)

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(Path(sys.argv[2])),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
