"""Commands of the signer's own process: init, add-receipt-key, remember, serve, check-config."""

import asyncio
import grp
import os
import signal
import socket
import sys
from collections.abc import Callable

from sextant_audit.signer.folder import (
    add_receipt_key,
    create_signer,
    open_signer,
    read_passphrase,
    remember_head,
    remembers_head,
)
from sextant_audit.signer.server import SignerServer, listen
from sextant_audit.signer.settings import SignerSettings
from sextant_shared.chassis import crashpoints
from sextant_shared.chassis.logs import setup_logs
from sextant_shared.chassis.settings import describe_settings, load_settings
from sextant_shared.chassis.supervision import READY, Manager
from sextant_shared.chassis.timekeeping import Timekeeper
from sextant_shared.clock import system_clock
from sextant_shared.crypto.selftest import run_known_answers
from sextant_shared.errors import Code, PlatformError

MAX_NOTE_CHARS = 1 << 20
USAGE = """usage: python -m sextant_audit.signer COMMAND
  init             make the log's keys and the memory of an empty log, once
  init --once      the same, and nothing at all where a log is remembered
  add-receipt-key  make the key of COSE receipts for a log that was begun without one
  remember         make the memory of restored keys, from the newest head (stdin) that others hold
  serve            sign heads for the audit service, over a Unix socket
  check-config     print the settings
"""


def main(arguments: list[str]) -> int:
    """Run one command; return the exit status: 0 done, 1 refused, 2 not understood."""
    commands: dict[str, Callable[[SignerSettings], None]] = {
        "init": _init,
        "init --once": _init_once,
        "add-receipt-key": _add_receipt_key,
        "remember": _remember,
        "serve": _serve,
        "check-config": _check_config,
    }
    command = commands.get(" ".join(arguments))
    if command is None:
        sys.stderr.write(USAGE)
        return 2
    try:
        command(load_settings(SignerSettings))
    except PlatformError as error:
        sys.stderr.write(f"{error}\n")
        if error.fix:
            sys.stderr.write(f"  {error.fix}\n")
        return 1
    return 0


def _init(settings: SignerSettings) -> None:
    run_known_answers()
    passphrase = read_passphrase(settings.passphrase_file)
    guard = create_signer(settings.dir, settings.origin, system_clock, passphrase)
    guard.close()
    sys.stdout.writelines(f"{vkey}\n" for vkey in guard.keys.vkeys)


def _init_once(settings: SignerSettings) -> None:
    """For a start that may be repeated: what was interrupted goes on, what was begun is left."""
    if not remembers_head(settings.dir, settings.origin):
        _init(settings)


def _add_receipt_key(settings: SignerSettings) -> None:
    run_known_answers()
    add_receipt_key(settings.dir, settings.origin, read_passphrase(settings.passphrase_file))


def _remember(settings: SignerSettings) -> None:
    note = sys.stdin.read(MAX_NOTE_CHARS)
    memory = remember_head(settings.dir, settings.origin, note)
    sys.stdout.write(f"remembers size {memory.size}: no smaller log is continued\n")


def _check_config(settings: SignerSettings) -> None:
    for name, value in describe_settings(settings).items():
        sys.stdout.write(f"{name} = {value}\n")


def _serve(settings: SignerSettings) -> None:
    """Serve until told to stop: keys and memory first, then the socket."""
    manager = Manager.found()
    setup_logs("signer")
    crashpoints.arm(settings.crash_at)
    run_known_answers()
    group = _group(settings.socket_group)
    guard = open_signer(
        settings.dir,
        settings.origin,
        Timekeeper(system_clock, tolerance_s=0, settle_s=0),  # a head is never older than the last
        read_passphrase(settings.passphrase_file),
        crashpoints.crash_point,
    )
    try:
        listener = listen(settings.socket, group)
        allowed = frozenset(settings.client_uids) or frozenset({os.geteuid()})
        try:
            asyncio.run(_until_stopped(SignerServer(guard, allowed), listener, manager))
        finally:
            settings.socket.unlink(missing_ok=True)
    finally:
        guard.close()


async def _until_stopped(server: SignerServer, listener: socket.socket, manager: Manager) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    pulse = asyncio.create_task(manager.pulse())
    manager.tell(READY)
    await server.serve(listener, stop)
    pulse.cancel()


def _group(name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise PlatformError(
            Code.STATE,
            "no such group",
            received=name[:80],
            fix="Correct SEXTANT_SIGNER_SOCKET_GROUP.",
        ) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
