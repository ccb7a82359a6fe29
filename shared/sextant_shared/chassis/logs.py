"""Structured log lines on standard error, each with its trace id; no content, no names.

Tracebacks come without local variables: those hold keys and plaintext. What goes on to a collector
carries no traceback at all, only the type of what was raised: standard error stays on the machine,
a collector's store does not.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

Line = MutableMapping[str, Any]
Take = Callable[[Line], None]


def setup_logs(
    service: str,
    trace_id: Callable[[], str] = lambda: "",
    take: Take = lambda _line: None,
) -> None:
    """Make every log line of this process one JSON object with time, level, service and trace.

    `trace_id` names the trace under way, in a process that has traces; `take` is given each line
    as well, after everything was added to it.
    """

    def add_context(_logger: Any, _method: str, line: Line) -> Line:
        line["service"] = service
        if current := trace_id():
            line["trace_id"] = current
        return line

    def hand_on(_logger: Any, _method: str, line: Line) -> Line:
        take(line)
        return line

    steps: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_context,
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        hand_on,
    ]
    render = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*steps, render],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    # What libraries write goes the same way: one stream, one form.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=steps,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
