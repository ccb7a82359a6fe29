"""Tells the service manager how the process is: ready, alive, stopping (systemd's sd_notify(3)).

Responsible for the messages and for a pulse that stops when the event loop stops turning, so that
the manager ends and restarts a process that hangs. Without a manager nothing happens.
"""

import asyncio
import os
import socket
from contextlib import suppress
from dataclasses import dataclass

from sextant_shared.chassis.settings import take_variables

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"
_PULSES = 2  # in the time after which the manager gives up: as sd_watchdog_enabled(3) advises


@dataclass(frozen=True)
class Manager:
    """Who started the process: a datagram socket, and the seconds until silence is taken for death.

    `address` is None without a manager, `patience_s` None when it does not watch.
    """

    address: str | None = None
    patience_s: float | None = None

    @classmethod
    def found(cls) -> "Manager":
        """Return the manager that the environment names, and let no child process find it.

        A child that spoke for its parent would keep a dead service alive.
        """
        given = take_variables("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
        meant = given.get("WATCHDOG_PID") in (None, str(os.getpid()))
        usec = given.get("WATCHDOG_USEC", "")
        watches = meant and usec.isdigit() and int(usec) > 0
        return cls(given.get("NOTIFY_SOCKET"), int(usec) / 1e6 if watches else None)

    def tell(self, *words: str) -> None:
        """Send a message; a manager that is gone is not waited for."""
        if self.address is None:
            return
        # A name that begins with @ is in the abstract namespace, where it begins with a zero byte.
        address = self.address.replace("@", "\0", 1) if self.address[0] == "@" else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.settimeout(0)
            out.sendto("\n".join(words).encode(), address)

    async def pulse(self) -> None:
        """Say that the event loop turns, for ever; return at once when nobody watches."""
        if self.address is None or self.patience_s is None:
            return
        while True:
            self.tell(ALIVE)
            await asyncio.sleep(self.patience_s / _PULSES)
