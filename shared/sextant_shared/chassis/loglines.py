"""Log lines on their way to a collector, beside standard error, each in the trace it belongs to.

Responsible for what of a line leaves the machine: the event, its level, plain values. Tracebacks
stay: their messages could carry content. What the exporters themselves say stays too, or a
collector that is down would be told of itself for ever.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider

from sextant_shared.chassis.exporting import SendingLines, resource_of
from sextant_shared.chassis.settings import ServiceSettings

MAX_TEXT = 1024  # of one value; a reason is a sentence
_SEVERITY = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
_SAID_OTHERWISE = frozenset({"event", "level", "timestamp", "service", "trace_id"})
_OWN = ("opentelemetry", "urllib3", "requests")  # loggers of the exporters


class LogLines:
    """Sends the lines of a process; without a collector it takes them and does nothing."""

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        self._provider: LoggerProvider | None = None
        if settings.otlp_logs_endpoint is None:
            return
        self._provider = LoggerProvider(resource_of(service, settings), shutdown_on_exit=False)
        sending = SendingLines(
            settings.otlp_logs_endpoint,
            queue=settings.otlp_queue,
            patience_s=settings.otlp_timeout_s,
        )
        self._provider.add_log_record_processor(sending)
        self._logger = self._provider.get_logger("sextant")

    def take(self, line: Mapping[str, Any]) -> None:
        """Send a line in the trace under way; no line ever stops who wrote it."""
        if self._provider is None or _is_own(line):
            return
        level = str(line.get("level", "info"))
        with suppress(Exception):
            self._logger.emit(
                severity_number=_SEVERITY.get(level, SeverityNumber.INFO),
                severity_text=level.upper(),
                body=str(line.get("event", ""))[:MAX_TEXT],
                attributes=_plain(line),
            )

    def shutdown(self) -> None:
        """Send what is left, within `otlp_timeout_s`."""
        if self._provider is not None:
            self._provider.shutdown()


def _is_own(line: Mapping[str, Any]) -> bool:
    record = line.get("_record")
    return record is not None and record.name.partition(".")[0] in _OWN


def _plain(line: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    found = {
        name: value[:MAX_TEXT] if isinstance(value, str) else value
        for name, value in line.items()
        if isinstance(value, str | int | float | bool) and name not in _SAID_OTHERWISE
    }
    raised = line.get("exception")
    if isinstance(raised, list) and raised:
        found["exception.type"] = str(raised[0].get("exc_type", ""))
    return found
