"""`sextant trace`: the spans of one trace as a waterfall in the terminal."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, start
from sextant_shared.errors import Code, PlatformError

BAR_WIDTH = 40
Span = dict[str, Any]


def trace(
    trace_id: Annotated[str, typer.Argument(help="Trace id, from a receipt.")],
    files: Annotated[list[Path], typer.Option("--file", help="Span files (JSON lines).")],
    as_json: JsonFlag = False,
) -> None:
    """Draw one declaration's way through the services."""
    run = start(DEFAULT_HOME, as_json=as_json)
    spans = [span for path in files for span in read_spans(path) if span["trace_id"] == trace_id]
    if not spans:
        raise PlatformError(Code.NOT_FOUND, f"no span of trace {trace_id} in these files")
    spans.sort(key=lambda span: (span["start"], span["end"]))
    run.output.result({"trace": trace_id, "spans": spans}, waterfall(spans))


def read_spans(path: Path) -> list[Span]:
    """Return the spans of a file; a missing file holds none."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def waterfall(spans: list[Span]) -> list[str]:
    """Return one line per span: service, name, bar, start and duration in milliseconds."""
    first = min(span["start"] for span in spans)
    total = max(max(span["end"] for span in spans) - first, 1)
    lines = []
    for span in spans:
        left = (span["start"] - first) * BAR_WIDTH // total
        width = max(1, (span["end"] - span["start"]) * BAR_WIDTH // total)
        bar = (" " * left + "█" * width)[:BAR_WIDTH].ljust(BAR_WIDTH)
        at, took = (span["start"] - first) / 1e6, (span["end"] - span["start"]) / 1e6
        lines.append(f"{span['service']:<13}{span['name']:<34.34}|{bar}| {at:8.1f} +{took:.1f} ms")
    return lines
