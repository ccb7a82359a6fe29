"""The log alone as a real process: killed around the storing of cosignatures, and started twice."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from deploy.local.processes import ServiceProcess, free_port
from sextant_audit.app.opening import begin_log, verify_log
from sextant_audit.settings import AuditSettings
from sextant_client.witness.http import HttpAnswer, HttpRequest, HttpServer
from sextant_shared.models.log import WitnessReport
from sextant_shared.protocol.checkpoints import LogKeys
from tests.integration.audit.test_witnesses import policy_file
from tests.support.logs import ORIGIN
from tests.support.postgresql import SERVER
from tests.support.witness_service import Running

pytestmark = pytest.mark.processes
POINTS = ["audit.before_cosigned", "audit.after_cosigned"]


@contextmanager
def witness(folder: Path, keys: LogKeys) -> Iterator[tuple[str, Running]]:
    """Serve a witness from a thread of the test."""
    running = Running(folder, vkeys=keys.vkeys)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def answer(request: HttpRequest) -> HttpAnswer:
        return running.witness.answer(request)

    server = HttpServer(answer)
    port = asyncio.run_coroutine_threadsafe(server.start("127.0.0.1", 0), loop).result(10)
    yield f"http://127.0.0.1:{port}", running
    asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
    running.memory.close()


class LogProcess:
    """A log in a folder, and the process that serves it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.settings = AuditSettings(
            data_dir=folder,
            port=self.port,
            base_url=f"http://127.0.0.1:{self.port}",
            origin=ORIGIN,
            witness_policy_file=folder / "policy.txt",
            witness_timeout_s=10,  # it shares this machine with whatever else is tested
            note_after_s=600,  # its own notes would be entries too
            **SERVER.settings_of(folder),
        )
        self.keys = asyncio.run(begin_log(self.settings))

    def process(self, **extra: str) -> ServiceProcess:
        prefix = "SEXTANT_AUDIT_"
        given = json.loads(self.settings.model_dump_json(exclude_defaults=True))
        settings = {f"{prefix}{name.upper()}": str(value) for name, value in given.items()}
        more = {f"{prefix}{name.upper()}": value for name, value in extra.items()}
        log = self.folder / "service.log"
        return ServiceProcess("audit", "sextant_audit", self.port, settings, log, more)

    def report(self) -> WitnessReport:
        """Return what it says of its witnesses once none of them lags."""
        for _ in range(400):
            answer = httpx.get(f"{self.settings.base_url}/v1/witnesses", trust_env=False)
            report = WitnessReport.model_validate_json(answer.content)
            if all(state.lag == 0 for state in report.witnesses):
                return report
            threading.Event().wait(0.02)
        raise AssertionError("a witness still lags")


def test_a_log_killed_around_its_cosignatures_asks_again_or_finds_them(tmp_path: Path) -> None:
    log = LogProcess(tmp_path)
    with witness(tmp_path / "xal", log.keys) as (url, running):
        policy_file(tmp_path, {"xal": url}, "1")
        for point in POINTS:
            dying = log.process(crash_at=point)
            dying.start()
            assert dying.wait_dead() == -9
            assert [head.body.size for head in running.memory.heads()] == [1]
        sound = log.process()
        sound.start()
        try:
            sound.wait_ready()
            report = log.report()
            assert [state.fault for state in report.witnesses] == ["", ""]
            assert (report.witnessed_size, report.size) == (1, 1)
            # A second process on the same folder ends, says why, and takes nothing from the first.
            second = log.process(port=str(free_port()))
            second.start()
            assert second.wait_dead() not in (0, -9)
            assert "another process holds" in second.log_path.read_text()
            assert httpx.get(f"{sound.url}/readyz", trust_env=False).status_code == 200
        finally:
            sound.stop()
    assert asyncio.run(verify_log(log.settings)).size == 1
