"""A witness for tests: real keys, a real memory file, a clock that tests move."""

from dataclasses import dataclass, field
from pathlib import Path

from sextant_client.witness.http import HttpAnswer, HttpRequest
from sextant_client.witness.memory import Memory
from sextant_client.witness.service import CosigningKey, Witness
from sextant_shared.crypto.keys import Alg
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.notes import parse_vkey
from sextant_shared.merkle.tree import consistency_path_of
from sextant_shared.protocol.witnessing import (
    AddCheckpoint,
    format_add_checkpoint,
    known_logs,
)
from tests.support.logs import NOW, MemoryLog, log_keys, make_accepted
from tests.support.witnesses import witness_key, witness_signer


def keys_of(name: str) -> list[CosigningKey]:
    return [
        CosigningKey(witness_key(name, alg), witness_signer(name, alg))
        for alg in (Alg.ED25519, Alg.ML_DSA_44)
    ]


def grown(*numbers: int) -> MemoryLog:
    log = MemoryLog([])
    for number in numbers:
        log.append(make_accepted(number))
    return log


LOG = grown(*range(12))
FORK = grown(*range(5), *range(30, 37))


def request(old: int, size: int, log: MemoryLog = LOG) -> bytes:
    leaves = [leaf_hash(leaf) for leaf in log.leaves[:size]]
    proof = consistency_path_of(leaves, old) if 0 < old <= size else []
    return format_add_checkpoint(AddCheckpoint(old, tuple(proof), log.checkpoint(size)))


@dataclass
class Running:
    """A witness on a memory file."""

    path: Path
    now: float = NOW
    name: str = "xal"
    vkeys: tuple[str, ...] = log_keys().vkeys
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.path.mkdir(exist_ok=True)
        file = self.path / "memory.sqlite3"
        self.memory = Memory.open(file) if file.exists() else Memory.create(file)
        self.witness = Witness(
            keys=keys_of(self.name),
            logs=known_logs(parse_vkey(vkey) for vkey in self.vkeys),
            memory=self.memory,
            clock=lambda: self.now,
            say=self.said.append,
        )

    def post(self, body: bytes) -> HttpAnswer:
        return self.witness.answer(HttpRequest("POST", "/add-checkpoint", body))

    def get(self, path: str) -> HttpAnswer:
        return self.witness.answer(HttpRequest("GET", path))
