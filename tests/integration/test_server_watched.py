"""What a real server says of itself, by the commands of its unit, while things are the matter."""

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from deploy.local.postgresql.programs import NoPostgresqlError
from deploy.local.postgresql.server import PostgresqlServer, started_server
from deploy.local.processes import free_port
from sextant_shared.clock import system_clock
from tests.support.postgresql import skip_or_fail
from tests.support.promtool import node_exporter, promtool
from tests.support.vectors import ROOT

UNIT = ROOT / "deploy" / "systemd" / "sextant-watch.service"
PAGE = ROOT / "docs" / "operations" / "server.md"
RECEIVER = "sextant_receiver"
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """Yield a server that archives, once it is told how."""
    with ExitStack() as life:
        try:
            own = life.enter_context(started_server())
        except NoPostgresqlError as error:
            skip_or_fail(error)
            raise
        own.stop("fast")
        own.more = {"archive_mode": "on"}
        own.start()
        yield own


class Watch:
    """The unit, with other places for program, socket and state."""

    def __init__(self, server: PostgresqlServer, state: Path) -> None:
        self.server = server
        self.state = state
        self.folder = state / "sextant-watch" / "node-exporter"
        self.folder.mkdir(parents=True)
        self.told = self.folder / "server.prom"

    def ask(self, socket: Path | None = None) -> bool:
        """Do what the unit does; return whether all of it went well."""
        text = UNIT.read_text().replace("\\\n", "")
        places = {
            "/usr/lib/postgresql/15/bin": self.server.programs,
            "/run/postgresql": socket or self.server.folder,
            "/opt/sextant": ROOT,
            "%S": self.state,
        }
        for name, place in places.items():
            text = text.replace(name, str(place))
        commands = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
        assert len(commands) == 3
        user = {"PGUSER": "postgres", "PATH": ""}
        return all(
            subprocess.run(c.split(), env=user, umask=0o077, check=False).returncode == 0
            for c in commands
        )

    def numbers(self) -> dict[str, float]:
        """Return what is told now."""
        assert self.ask()
        lines = [x for x in self.told.read_text().splitlines() if not x.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def until(self, holds: Callable[[dict[str, float]], bool]) -> dict[str, float]:
        """Return the first numbers of which something holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds(found := self.numbers()):
            assert time.monotonic() < deadline, found
            time.sleep(0.2)
        return found


@pytest.fixture
def watch(server: PostgresqlServer, tmp_path: Path) -> Watch:
    return Watch(server, tmp_path)


@contextmanager
def condition(server: PostgresqlServer, setting: str, value: str) -> Iterator[None]:
    """Have the server hold to a setting."""
    reload = "SELECT pg_reload_conf()"
    server.execute("postgres", f"ALTER SYSTEM SET {setting} = '{value}'", reload)
    try:
        yield
    finally:
        server.execute("postgres", f"ALTER SYSTEM RESET {setting}", reload)


@contextmanager
def receiving(server: PostgresqlServer, into: Path) -> Iterator[None]:
    """Have another site confirm commits."""
    server.local.runner.own(into)
    address = f"host={server.folder} user=postgres application_name={RECEIVER}"
    command = [str(server.programs / "pg_receivewal"), "-D", str(into), "-d", address]
    command += ["--slot", RECEIVER]
    server.local.runner.run([*command, "--create-slot", "--if-not-exists"], what="slot")
    identity = server.local.runner.identity()
    process = subprocess.Popen([*command, "--synchronous"], cwd="/", **identity)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def test_a_server_that_does_not_answer_leaves_what_it_said_before(
    watch: Watch, tmp_path: Path
) -> None:
    assert watch.ask()
    said = watch.told.read_bytes()
    assert not watch.ask(socket=tmp_path)
    assert watch.told.read_bytes() == said


def test_a_server_that_waits_for_nobody_says_so(watch: Watch) -> None:
    told = watch.numbers()
    assert watch.told.stat().st_mode & 0o777 == 0o644  # the exporter is another user
    assert abs(told["sextant_server_asked_time_seconds"] - system_clock()) < 60
    assert told["sextant_server_commits_wait_ratio"] == 0
    assert told["sextant_server_receivers"] == 0
    assert told["sextant_server_commit_oldest_seconds"] == 0
    assert told["sextant_server_wal_bytes"] >= 16 << 20


def test_commits_that_are_not_waited_for_are_not_safe_with_a_receiver_either(
    server: PostgresqlServer, watch: Watch
) -> None:
    with (
        condition(server, "synchronous_commit", "local"),
        condition(server, "synchronous_standby_names", RECEIVER),
    ):
        time.sleep(0.5)  # a reload takes its time
        assert watch.numbers()["sextant_server_commits_wait_ratio"] == 0


def test_a_receiver_that_is_away_is_seen_and_so_is_its_return(
    server: PostgresqlServer, watch: Watch
) -> None:
    received = server.folder / "received"  # pytest's own folders are closed to the server's user
    received.mkdir()
    commit = threading.Thread(target=server.execute, args=("postgres", "CREATE TABLE waits ()"))
    with condition(server, "synchronous_standby_names", RECEIVER):
        watch.until(lambda told: told["sextant_server_commits_wait_ratio"] == 1)
        commit.start()
        told = watch.until(lambda told: told["sextant_server_commit_oldest_seconds"] > 1)
        assert told["sextant_server_receivers"] == 0
        with receiving(server, received):
            told = watch.until(lambda told: told["sextant_server_receivers"] == 1)
            commit.join(PATIENCE_S)
            assert not commit.is_alive()
            assert watch.numbers()["sextant_server_commit_oldest_seconds"] == 0
        watch.until(lambda told: told["sextant_server_receivers"] == 0)
    before = watch.numbers()[f'sextant_server_slot_held_bytes{{slot="{RECEIVER}"}}']
    server.execute("postgres", "CREATE TABLE more AS SELECT generate_series(1, 10000) AS n")
    after = watch.numbers()[f'sextant_server_slot_held_bytes{{slot="{RECEIVER}"}}']
    assert after > before


def test_an_archive_that_takes_nothing_is_seen_and_so_is_one_that_takes_it_again(
    server: PostgresqlServer, watch: Watch
) -> None:
    assert watch.numbers()["sextant_server_archive_failing_ratio"] == 0
    with condition(server, "archive_command", "false"):
        server.execute("postgres", "CREATE TABLE archived ()", "SELECT pg_switch_wal()")
        told = watch.until(lambda told: told["sextant_server_archive_failing_ratio"] == 1)
        assert told["sextant_server_archive_waiting"] >= 1
    with condition(server, "archive_command", "true"):
        told = watch.until(lambda told: told["sextant_server_archive_waiting"] == 0)
        assert told["sextant_server_archive_failing_ratio"] == 0


def test_prometheus_finds_nothing_to_say_about_the_text(watch: Watch) -> None:
    assert watch.ask()
    done = subprocess.run(
        [str(promtool()), "check", "metrics"],
        input=watch.told.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_the_exporter_as_the_page_sets_it_up_tells_of_server_and_backups(watch: Watch) -> None:
    assert watch.ask()
    backups = watch.state / "prometheus" / "node-exporter"
    backups.mkdir(parents=True)
    (backups / "sextant.prom").write_text("sextant_backup_log_size 7\n")
    (where,) = re.findall(r"--collector\.textfile\.directory=(\S+?)\"", PAGE.read_text())
    port = free_port()
    command = [str(node_exporter()), f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    command += ["--collector.disable-defaults", "--collector.textfile"]
    command += ["--collector.textfile.directory=" + where.replace("/var/lib", str(watch.state))]
    process = subprocess.Popen(command)
    try:
        told = _asked(f"http://127.0.0.1:{port}/metrics")
    finally:
        process.terminate()
        process.wait(10)
    assert "\nsextant_backup_log_size 7\n" in told
    assert "\nsextant_server_receivers 0\n" in told
    assert "\nnode_textfile_scrape_error 0\n" in told


def _asked(url: str) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            return httpx.get(url, trust_env=False).text
        except httpx.TransportError:
            time.sleep(0.1)  # it starts
    raise AssertionError("the exporter never answered")
