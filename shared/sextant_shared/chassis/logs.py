"""Structured log lines on standard error, each with its trace id; no content, no names."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from sextant_shared.chassis.telemetry import current_trace_id


def setup_logs(service: str) -> None:
    """Make every log line of this process one JSON object with time, level, service and trace."""

    def add_context(
        _logger: Any, _method: str, line: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        line["service"] = service
        if trace_id := current_trace_id():
            line["trace_id"] = trace_id
        return line

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_context,
            # Without the variables of the frames: they hold what must never be logged.
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
