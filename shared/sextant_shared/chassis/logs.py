"""Structured log lines on standard error, each with its trace id; no content, no names.

Tracebacks come without local variables: those hold keys and plaintext.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor


def setup_logs(service: str, trace_id: Callable[[], str] = lambda: "") -> None:
    """Make every log line of this process one JSON object with time, level, service and trace.

    `trace_id` names the trace under way, in a process that has traces.
    """

    def add_context(
        _logger: Any, _method: str, line: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        line["service"] = service
        if current := trace_id():
            line["trace_id"] = current
        return line

    steps: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_context,
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
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
