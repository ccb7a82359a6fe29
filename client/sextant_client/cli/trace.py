"""`sextant ops trace`: one declaration's way through the services, as bars over time."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, start
from sextant_client.home import write_file
from sextant_client.traces.sources import source_of
from sextant_client.traces.spans import Wanted
from sextant_client.traces.story import tell
from sextant_client.traces.svg import picture
from sextant_client.traces.terminal import waterfall
from sextant_shared.errors import Code, PlatformError

WIDTH = 120  # where the output is no terminal


def trace(
    id_: Annotated[
        str,
        typer.Argument(metavar="ID", help="A trace's id, or an envelope's; a receipt has both."),
    ],
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            envvar="SEXTANT_TRACES",
            help="Where spans are: a file, a folder, jaeger+http://…, tempo+http://… or"
            " phoenix+http://…; several times if there are several.",
        ),
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the picture to this file too.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Draw one declaration's way through the services: who worked, who waited, what failed."""
    run = start(DEFAULT_HOME, as_json=as_json)
    wanted = Wanted.of(id_)
    if not sources:
        raise PlatformError(
            Code.MALFORMED,
            "nothing says where the spans are",
            expected="--from, or the variable SEXTANT_TRACES",
            fix="Name the folder of TRACE_FILE, or your back end; `make run` prints its own.",
        )
    spans = wanted.among([s for text in sources for s in source_of(text).spans(wanted)])
    if not spans:
        raise PlatformError(
            Code.NOT_FOUND,
            f"no span of {wanted} at {', '.join(sources)}",
            fix="It may not be recorded (TRACE_SAMPLE_RATIO), not sent yet, or forgotten there.",
        )
    story = tell(spans)
    lines = waterfall(story, shutil.get_terminal_size((WIDTH, 24)).columns)
    if svg:
        write_file(svg, picture(story, f"{str(wanted).capitalize()}").encode())
        lines.append(f"Wrote {svg}.")
    members = {"traces": story.traces, "spans": [span.as_line() for span in spans]}
    run.output.result(members, lines)
