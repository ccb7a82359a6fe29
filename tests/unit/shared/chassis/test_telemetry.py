"""Which requests are recorded: drawn once, before any span is built, and followed by all below."""

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.chassis.telemetry import (
    Telemetry,
    current_trace_id,
    current_traceparent,
    trace_id_of,
)
from tests.support.otlp import settings_of

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{}"


def telemetry_of(folder: Path, ratio: float) -> Telemetry:
    return Telemetry(
        "room",
        ServiceSettings(
            data_dir=folder,
            port=1,
            base_url="http://room.example",
            trace_file=folder / "spans.jsonl",
            trace_sample_ratio=ratio,
        ),
    )


def spans_of(telemetry: Telemetry, folder: Path) -> list[dict[str, Any]]:
    telemetry.shutdown()
    path = folder / "spans.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize(("ratio", "flag"), [(1.0, "00"), (0.0, None)])
def test_an_unrecorded_request_has_ids_to_quote_and_leaves_no_span(
    tmp_path: Path, ratio: float, flag: str | None
) -> None:
    telemetry = telemetry_of(tmp_path, ratio)
    parent = CALLER.format(flag) if flag else None
    with telemetry.request(parent) as is_recorded, telemetry.span("inside"):
        quoted, handed_on = current_trace_id(), current_traceparent()
    assert not is_recorded
    assert len(quoted) == 32
    assert handed_on is not None
    assert (trace_id_of(handed_on), handed_on[-2:]) == (quoted, "00")
    assert quoted == trace_id_of(parent) or parent is None
    assert spans_of(telemetry, tmp_path) == []


@pytest.mark.parametrize(("ratio", "flag"), [(0.0, "01"), (1.0, None)])
def test_a_recorded_request_is_recorded_whatever_the_ratio_says_again(
    tmp_path: Path, ratio: float, flag: str | None
) -> None:
    telemetry = telemetry_of(tmp_path, ratio)
    parent = CALLER.format(flag) if flag else None
    with (
        telemetry.request(parent) as is_recorded,
        telemetry.span("server", parent=parent),
        telemetry.span("inside"),
    ):
        pass
    assert is_recorded
    assert [span["name"] for span in spans_of(telemetry, tmp_path)] == ["inside", "server"]


def test_what_no_caller_decided_is_recorded_in_its_share(tmp_path: Path) -> None:
    telemetry = telemetry_of(tmp_path, 0.2)
    recorded = 0
    for _ in range(2000):
        with telemetry.request("no traceparent") as is_recorded:
            if is_recorded:
                recorded += 1
                with telemetry.span("server"):
                    pass
    assert 280 < recorded < 520  # 400 expected; six standard deviations either way
    assert len(spans_of(telemetry, tmp_path)) == recorded


def test_a_file_of_spans_is_put_aside_once_it_is_long_and_takes_twice_its_bound(
    tmp_path: Path,
) -> None:
    path, before = tmp_path / "room.jsonl", tmp_path / "room.before.jsonl"
    for name in ("first", "second", "third", "fourth"):
        settings = settings_of(tmp_path, trace_file=path, trace_file_bytes=500)
        telemetry = Telemetry("room", settings)
        with telemetry.request(None), telemetry.span(name), telemetry.span(f"in {name}"):
            pass
        telemetry.shutdown()
        assert not path.exists()  # each pair is longer than the bound
        written = [json.loads(line)["name"] for line in before.read_text().splitlines()]
        assert written == [f"in {name}", name]
    assert sorted(each.name for each in tmp_path.glob("*.jsonl")) == ["room.before.jsonl"]


def test_a_full_disk_costs_spans_and_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "room.jsonl"

    def record(*names: str) -> None:
        telemetry = Telemetry("room", settings_of(tmp_path, trace_file=path))
        with telemetry.request(None):
            for name in names:
                with telemetry.span(name):
                    pass
        telemetry.shutdown()

    record("before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
    try:
        record("lost", "lost too")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    record("after")
    names = [json.loads(line)["name"] for line in path.read_text().splitlines()]
    assert names == ["before", "after"]
