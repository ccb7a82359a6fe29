"""Files that a running service reads again when it is told to (SIGHUP): clients, keys.

A file that does not load changes nothing: what was read before goes on to hold, the log says why,
and readiness has a note until a later reload succeeds. Neither tells anything of what is inside.
"""

from collections.abc import Callable, Mapping

import structlog

from sextant_shared.errors import PlatformError

Load = Callable[[], None]
"""Reads a file and puts what it says into force, or raises and changes nothing."""
_log = structlog.get_logger("sextant.service")


class Reloading:
    """What can be read again in one service; all of it runs on the event loop."""

    def __init__(self) -> None:
        self._loads: dict[str, Load] = {}
        self._faults: dict[str, str] = {}

    def add(self, name: str, load: Load) -> None:
        """Read something again whenever the operator asks for it."""
        self._loads[name] = load

    def reload(self) -> None:
        """Read everything again; each file by itself."""
        for name, load in self._loads.items():
            try:
                load()
            except PlatformError as error:
                self._faults[name] = str(error.code)
                _log.error("not reloaded", what=name, code=str(error.code), detail=error.detail)
            else:
                self._faults.pop(name, None)
                _log.info("reloaded", what=name)

    def notes(self) -> Mapping[str, str]:
        """Say which files did not load, for readiness."""
        return {
            name: f"{code}: not read again; what was read before holds. The log says why."
            for name, code in self._faults.items()
        }
