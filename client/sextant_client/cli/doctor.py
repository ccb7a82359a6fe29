"""`sextant doctor`: what stands between this machine and a first receipt, and what mends it."""

from collections.abc import Mapping
from functools import partial

import httpx

from sextant_client import errors as exits
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.client import Client
from sextant_client.diagnosis.checks import Level, Line, Patient, diagnose, free_bytes
from sextant_client.diagnosis.reaching import ask_network
from sextant_client.session import channel_of
from sextant_shared.clock import system_clock

_SHOWN = {Level.OK: "ok  ", Level.WARNING: "WARN", Level.FAIL: "FAIL"}


def doctor(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> int:
    """Check keys, trust, clock, network, access and more; each line says ok or what to do."""
    run = start(home, as_json=as_json)

    def ask(url: str, headers: Mapping[str, str]) -> httpx.Response:
        return ask_network(url, headers, channel_of(run.home.config()))

    patient = Patient(
        run.home,
        system_clock,
        ask,
        partial(Client, run.home),
        partial(free_bytes, run.home),
    )
    lines = list(diagnose(patient))
    run.output.result(document_of(lines), [words_of(line) for line in lines])
    return status_of(lines)


def words_of(line: Line) -> str:
    """Return a line as people read it."""
    return f"{_SHOWN[line.level]} {line.name:<14} {_found(line)}"


def document_of(lines: list[Line]) -> dict[str, list[dict[str, str | bool]]]:
    """Return the lines as JSON."""
    return {
        "checks": [
            {
                "name": line.name,
                "ok": line.level is not Level.FAIL,
                "level": str(line.level),
                "found": _found(line),
                "fix": line.fix,
            }
            for line in lines
        ]
    }


def status_of(lines: list[Line]) -> int:
    """Return the exit status: a failure weighs more than a warning."""
    levels = {line.level for line in lines}
    if Level.FAIL in levels:
        return exits.REFUSED
    return exits.WARNINGS if Level.WARNING in levels else exits.OK


def _found(line: Line) -> str:
    return f"{line.found}. {line.fix}" if line.fix else line.found
