"""Writes a world into a folder: documents, public profiles, days of receipt, and the answer key.

State by State, in as many processes as asked for; each State's files are written by one of them
and nothing of a document stays in memory. The same seed gives the same bytes, whatever the number
of processes; files all have the same time, so that it tells nothing.
"""

import csv
import datetime as dt
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_client.world.answers import KeyBuilder
from sextant_client.world.derive import documents_of
from sextant_client.world.making import make_world
from sextant_client.world.truth import World, WorldPlan
from sextant_shared.errors import Code, PlatformError

FORMAT = "sextant-world/1"
WORLD_FILE, RECEIVED_FILE, ANSWERS_FILE = "world.json", "received.csv", "answers.jsonl"
RECEIVED_COLUMNS = ("document", "declaration_id", "state", "kind", "year", "received")
Meter = Callable[[str], Callable[[int, int], None]]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    documents: int
    size_bytes: int
    faults: int
    honest_differences: int


@dataclass(frozen=True, slots=True)
class _StateWritten:
    rows: list[tuple[str, ...]]
    size_bytes: int
    key: KeyBuilder


def write_world(plan: WorldPlan, folder: Path, jobs: int, meter: Meter) -> Written:
    """Write a world into an empty or new folder; `meter(phase)` gives a progress function.

    Raises:
        PlatformError: `E_STATE`, when there is something in the folder; what `make_world` raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise PlatformError(
            Code.STATE, f"there is something in {folder}", fix="Name a new folder for the world."
        )
    report = meter("truth, States")
    world = make_world(plan)
    report(len(world.profiles), len(world.profiles))
    key = KeyBuilder()
    count = size = 0
    report = meter("declare, States")
    with (folder / RECEIVED_FILE).open("w", encoding="utf-8", newline="") as file:
        received = csv.writer(file, lineterminator="\n")
        received.writerow(RECEIVED_COLUMNS)
        for number, done in enumerate(_write_states(world, folder, jobs), start=1):
            received.writerows(done.rows)
            key.merge(done.key)
            count += len(done.rows)
            size += done.size_bytes
            report(number, len(world.profiles))
    faults, honest = _write_key(world, key, folder, meter)
    (folder / WORLD_FILE).write_text(
        json.dumps(public_world(world, count), indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
    for name in (WORLD_FILE, RECEIVED_FILE, ANSWERS_FILE):
        _hide_time(folder / name, plan)
    return Written(count, size, faults, honest)


def public_world(world: World, count: int) -> dict[str, Any]:
    """Return what everybody may know of the world."""
    plan = world.plan
    return {
        "format": FORMAT,
        "seed": plan.seed,
        "first_year": plan.first_year,
        "last_year": plan.last_year,
        "documents": count,
        "states": [profile.public() for profile in world.profiles.values()],
    }


def _write_states(world: World, folder: Path, jobs: int) -> Iterator[_StateWritten]:
    if jobs <= 1:
        for state in world.profiles:
            yield _write_state(world, folder, state)
        return
    with ProcessPoolExecutor(jobs, initializer=_enter, initargs=(world, folder)) as pool:
        yield from pool.map(_write_in_process, list(world.profiles))


_here: tuple[World, Path] | None = None


def _enter(world: World, folder: Path) -> None:
    """Keep the world in a process of the pool; one that is forked has it already."""
    global _here  # noqa: PLW0603 -- the one way to hand a pool's process something once
    _here = world, folder


def _write_in_process(state: str) -> _StateWritten:
    if _here is None:
        raise PlatformError(Code.INTERNAL, "a process of the pool was given no world")
    return _write_state(*_here, state)


def _write_state(world: World, folder: Path, state: str) -> _StateWritten:
    rows: list[tuple[str, ...]] = []
    key = KeyBuilder()
    size = 0
    years: set[Path] = set()
    for document in documents_of(world, state):
        key.note(document)
        if document.path is None or document.data is None or document.received is None:
            continue
        path = folder / document.path
        if path.parent not in years:
            path.parent.mkdir(parents=True)
            years.add(path.parent)
        path.write_bytes(document.data)
        _hide_time(path, world.plan)
        size += len(document.data)
        named = (document.path, document.declaration_id, state, document.kind)
        rows.append((*named, str(document.year), document.received.isoformat()))
    return _StateWritten(rows, size, key)


def _write_key(world: World, key: KeyBuilder, folder: Path, meter: Meter) -> tuple[int, int]:
    faults = honest = 0
    report = meter("answers, lines")
    with (folder / ANSWERS_FILE).open("w", encoding="utf-8") as file:
        for line in key.lines(world):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            faults += line["planted"]
            honest += not line["planted"]
    report(faults + honest, faults + honest)
    return faults, honest


def _hide_time(path: Path, plan: WorldPlan) -> None:
    """Give a file the day after the last year as its time."""
    seconds = int(dt.datetime(plan.last_year + 2, 1, 1, tzinfo=dt.UTC).timestamp())
    os.utime(path, (seconds, seconds))
