"""A second site's receiver: it has every commit of a server before anybody has an answer."""

import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.postgresql.programs import NoPostgresqlError
from sextant_client.recovery.servers import LocalServer

NAME = "rcv"
_PATIENCE_S = 60.0
_SYNCHRONOUS = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
_ACTIVE = "SELECT count(*) FROM pg_replication_slots WHERE active"


@dataclass
class Receiver:
    """`pg_receivewal`, writing to the folder `into`, which belongs to the server's user."""

    server: LocalServer
    into: Path
    log: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        """Make the slot, start it, then let commits wait for it.

        Raises:
            NoPostgresqlError: when it does not come to be synchronous.
        """
        program, runner = str(self.server.programs / "pg_receivewal"), self.server.runner
        address = self.server.address("postgres", "postgres") + f"&application_name={NAME}"
        common = ["-D", str(self.into), "-d", address, "--slot", NAME]
        runner.run([program, *common, "--create-slot", "--if-not-exists"], what="pg_receivewal")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [program, *common, "--synchronous"],
                stdout=log,
                stderr=log,
                cwd="/",
                **runner.identity(),
            )
        self._set("ALTER SYSTEM SET synchronous_standby_names = 'rcv'")
        self._until(_SYNCHRONOUS, 1, "the receiver is not synchronous")

    def freeze(self) -> None:
        """Let it stand still, with its line open."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on; return once it has confirmed what waited.

        Raises:
            NoPostgresqlError: when it does not.
        """
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self._until(_WAITING, 0, "the receiver does not confirm what waited")

    def let_go(self) -> None:
        """Let commits wait for nobody, end it, and give its slot back: the server goes on alone.

        Raises:
            NoPostgresqlError: when the slot stays in use.
        """
        self._set("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.stop()
        self._until(_ACTIVE, 0, "the receiver's slot is still in use")
        self.server.execute("SELECT pg_drop_replication_slot('rcv')")

    def stop(self) -> None:
        """End it; what it confirmed it keeps."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def _set(self, setting: str) -> None:
        self.server.execute(setting)
        self.server.execute("SELECT pg_reload_conf()")

    def _until(self, query: str, value: int, flaw: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while self.server.ask(query) != value:
            if time.monotonic() > deadline:
                raise NoPostgresqlError(flaw)
            time.sleep(0.05)
