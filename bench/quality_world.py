"""The made-up world as the measure of quality reads it: documents in one file, the key in another.

Made once for each plan and kept under `var/`. What analyses is given the first file alone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_client.world import WorldPlan, documents, make_world
from sextant_client.world.answers import KeyBuilder

VAR = Path(__file__).parent.parent / "var" / "quality"


@dataclass(frozen=True)
class KeptWorld:
    """Where a made-up world is kept."""

    documents: Path
    key: Path

    def declared(self) -> Iterator[dict[str, Any]]:
        """Yield `path`, `received` and `document` of each declaration, State by State."""
        with self.documents.open("rb") as lines:
            for line in lines:
                yield json.loads(line)

    def answers(self) -> Iterator[dict[str, Any]]:
        """Yield the answer key; for the scorer alone."""
        with self.key.open("rb") as lines:
            for line in lines:
                yield json.loads(line)


def kept_world(plan: WorldPlan, folder: Path = VAR) -> KeptWorld:
    """Return the world of a plan, made now if it is not kept yet."""
    name = f"{plan.states}x{plan.years}-{plan.seed}"
    kept = KeptWorld(folder / f"{name}.documents.jsonl", folder / f"{name}.key.jsonl")
    if not kept.key.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _make(plan, kept)
    return kept


def _make(plan: WorldPlan, kept: KeptWorld) -> None:
    world = make_world(plan)
    builder = KeyBuilder()
    with kept.documents.open("wb") as out:
        for document in documents(world):
            builder.note(document)
            if document.data is None:
                continue
            head = json.dumps({"path": document.path, "received": f"{document.received}"})
            out.write(head[:-1].encode() + b', "document": ' + document.data.strip() + b"}\n")
    with kept.key.open("w", encoding="utf-8") as key:
        for line in builder.lines(world):
            key.write(json.dumps(line) + "\n")
