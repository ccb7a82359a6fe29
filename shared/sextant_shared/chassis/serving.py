"""Runs a service under uvicorn: known answers and lists first, drain on the first SIGTERM, stop.

Uvicorn stops listening at once; with `drain_s` the service keeps listening that long and says that
it is not ready, so that a balancer stops sending. Then it finishes what is under way.
"""

import asyncio
import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from sextant_shared import codelists, deadlines
from sextant_shared.chassis import crashpoints
from sextant_shared.chassis.application import gated
from sextant_shared.chassis.connections import ConnectionLimits, bounded_http
from sextant_shared.chassis.disk import Ballast, make_ballast
from sextant_shared.chassis.loglines import LogLines
from sextant_shared.chassis.logs import setup_logs
from sextant_shared.chassis.settings import (
    ServiceSettings,
    Settings,
    check_files,
    describe_settings,
    load_settings,
)
from sextant_shared.chassis.supervision import READY, STOPPING, Manager
from sextant_shared.chassis.telemetry import current_trace_id
from sextant_shared.crypto.selftest import run_known_answers
from sextant_shared.errors import Code, PlatformError

GRACEFUL_SHUTDOWN_S = 10
SWITCH_INTERVAL_S = 0.0005  # the writer thread hands the interpreter back sooner: p99 halves
# How many new objects are looked through for cycles at once, and how many such rounds make one of
# the older ones. Python's 700 is for small programs: a request makes hundreds that live shortly.
GC_THRESHOLDS = (10_000, 20, 20)
USAGE = "usage: python -m {module} serve | check-config | ballast [release | fill]"

_log = structlog.get_logger("sextant.service")


class DrainingServer(uvicorn.Server):
    """On the first signal: not ready, but serving, for `drain_s`; then the usual stop.

    The service manager is told when it serves, that it is alive, and when it stops.
    """

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, drain_s: float, manager: Manager
    ) -> None:
        super().__init__(config)
        self._manager = manager
        self._pulse: asyncio.Task[None] | None = None
        self._app = app
        self._drain_s = drain_s

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then set aside what lives as long as the process."""
        await super().startup(sockets)
        settle_memory()
        if self.started:
            if threading.current_thread() is threading.main_thread():  # signals come to no other
                reload = self._app.state.reloading.reload
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
            self._manager.tell(READY)
            self._pulse = asyncio.create_task(self._manager.pulse())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain first; a second signal stops at once."""
        self._manager.tell(STOPPING)
        if self._app.state.draining or self._drain_s == 0:
            self._app.state.draining = True
            super().handle_exit(sig, frame)
            return
        self._app.state.draining = True
        # Not the loop's timer: a signal may come while the loop is busy.
        timer = threading.Timer(self._drain_s, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()


def settle_memory() -> None:
    """Take what start-up made out of the search for cycles, and search in larger steps.

    Modules, routes and models make up most of the objects of a service and are never garbage; to
    go through them again and again cost a tenth of each deposit, and pauses besides.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def run_service(
    module: str,
    model: type[Settings],
    create_app: Callable[[Settings], FastAPI],
    arguments: list[str] | None = None,
) -> int:
    """Run `serve`, `check-config` or what is to be done with ballast; return the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        settings = load_settings(model)
        if given == ["check-config"]:
            for name, value in describe_settings(settings).items():
                sys.stdout.write(f"{name} = {value}\n")
            check_files(settings)
            return 0
        if given[:1] == ["ballast"] and given[1:] in ([], ["release"], ["fill"]):
            sys.stdout.write(_ballast(Ballast.of(settings), *given[1:]) + "\n")
            return 0
        if given != ["serve"]:
            sys.stderr.write(USAGE.format(module=module) + "\n")
            return 2
        serve(module.removeprefix("sextant_"), settings, create_app)
    except PlatformError as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.writelines(f"  {f.pointer}: {f.message}\n" for f in error.findings)
        return 1
    return 0


def _ballast(ballast: Ballast, order: str = "") -> str:
    """Do what is ordered with the ballast file; say how it stands."""
    if order == "release":
        freed = ballast.release()
        return f"released {freed:,} bytes; once there is room: ballast fill"
    held = ballast.fill() if order == "fill" else ballast.held()
    return f"{ballast.path} holds {held:,} bytes of {ballast.size:,}"


def limits_of(settings: ServiceSettings) -> ConnectionLimits:
    """Return what the settings say of connections."""
    return ConnectionLimits(
        head_timeout_s=settings.head_timeout_s,
        max_head_bytes=settings.max_head_bytes,
        max_connections=settings.max_connections,
        max_per_address=settings.max_connections_per_address,
        uncounted=frozenset(settings.uncounted_addresses),
    )


def serve(name: str, settings: Settings, create_app: Callable[[Settings], FastAPI]) -> None:
    """Serve until told to stop.

    Raises:
        PlatformError: `E_POLICY` for crash points in production, `E_UNAVAILABLE` when the service
            does not start; what creating it raises.
    """
    manager = Manager.found()
    lines = LogLines(name, settings)
    setup_logs(name, current_trace_id, lines.take)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    if settings.crash_at and settings.environment == "production":
        raise PlatformError(Code.POLICY, "crash points are for drills, never for production")
    crashpoints.arm(settings.crash_at)
    run_known_answers()
    codelists.lists()
    deadlines.rules()
    if trouble := make_ballast(settings):
        _log.warning("no ballast", reason=trouble)
    app = create_app(settings)
    config = uvicorn.Config(
        gated(app),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=bounded_http(limits_of(settings)),
        ws="none",
        lifespan="on",
        log_config=None,  # `logs` gives all lines one form
        access_log=False,
        proxy_headers=False,  # identity and addresses come from no header of a proxy
        server_header=False,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
    )
    server = DrainingServer(config, app, settings.drain_s, manager)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):  # raised again by the server, after it stopped
        server.run()
    lines.shutdown()
    if not server.started:
        raise PlatformError(Code.UNAVAILABLE, f"{name} did not start; the log says why")
