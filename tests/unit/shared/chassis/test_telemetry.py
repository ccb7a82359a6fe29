"""Which requests are recorded: drawn once, before any span is built, and followed by all below."""

import json
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
