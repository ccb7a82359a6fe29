"""`python -m deploy.local.site_loss`: a site is lost under load, a second one takes over.

A platform of real processes takes declarations in; every change goes to a second site as it
happens. Then the primary is killed with SIGKILL at a moment nobody chose, its disks are deleted,
and the second site restores, is checked against the witnesses, and serves. At the end every receipt
that was handed out is held against what the second site has. Printed: what was lost (RPO) and how
long nobody was served (RTO).

    --engine sqlite       all rooms on SQLite, copied by Litestream: asynchronous
    --engine postgresql   all rooms on PostgreSQL: pgBackRest, each commit confirmed by a receiver
    --lose                nothing is copied after the backup: the loss must be found, and named
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.postgresql.programs import NoPostgresqlError
from deploy.local.postgresql.rooms import ROOMS
from deploy.local.processes import ServiceFailedError
from deploy.local.screen import Screen
from deploy.local.server import NAME, DrillServer, serving
from deploy.local.several import ServerStack
from deploy.local.site_parts import CUSTODIANS, KEYS, Load, Outcome, plan_of
from deploy.local.site_verdict import Verdict, receipts_of
from deploy.local.stack import ORIGIN, CommandFailedError, Stack, sextant
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.recovery.replicas import litestream
from sextant_client.recovery.servers import LocalServer
from sextant_shared.encoding import sha256
from sextant_shared.errors import PlatformError

USAGE = "usage: python -m deploy.local.site_loss [--engine sqlite|postgresql] [--lose]"
BEFORE_BACKUP, AFTER_BACKUP = 10, 60
INTERVAL = "50ms"
_ACCEPTED = (0, 4)


@dataclass
class Drill:
    """One drill in one folder: `primary` is what is lost, `site` what the other site has."""

    root: Path
    screen: Screen
    engine: str = "sqlite"
    lose: bool = False
    server: DrillServer | None = None
    second: LocalServer | None = None
    replicator: subprocess.Popen[bytes] | None = None
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        self.stack = Stack(self.root / "primary", tracing=False, report=self.screen.progress)
        self.site = self.root / "second-site"
        self.backups = self.site / "backups"
        self.into = self.site / "restored"

    def run(self) -> Outcome:
        """Play it."""
        self.root.chmod(0o755)  # the database server runs as another user
        with self.screen.step("A platform, its witnesses, two States"):
            self._prepare()
        stack = self.stack
        load = Load(stack)
        with self.screen.step("Backup, under load; then every change goes to the second site"):
            load.run(BEFORE_BACKUP)
            self._back_up()
            if not self.lose:
                self._replicate()
        before = dict(load.acknowledged)
        worker = threading.Thread(target=load.run, args=(AFTER_BACKUP * 10,))
        with self.screen.step("Declarations come in; the primary is killed, its disks deleted"):
            worker.start()
            while len(load.acknowledged) < BEFORE_BACKUP + AFTER_BACKUP:
                time.sleep(0.01)
            killed = time.monotonic()
            self._kill()
            self._delete_disks()
        acknowledged = {id_: t for id_, t in dict(load.acknowledged).items() if t <= killed}
        self.outcome.add("acknowledged before the loss", str(len(acknowledged)))
        with self.screen.step("The second site restores and is checked against the witnesses"):
            report = self._restore()
            worker.join()  # it gave up meanwhile: nobody answers
        if self.lose:
            self._verdict().judge_loss(report, set(acknowledged) - set(before))
            return self.outcome
        with self.screen.step("The second site serves"):
            self._serve()
            if load.open is not None and load.open.id not in acknowledged:
                self._resume(load)
            else:
                again = Load(stack)
                again.run(1)
                if again.failed.is_set():
                    raise ServiceFailedError("the second site took no deposit")
            served = time.monotonic()
        self.outcome.add("RTO: from the kill to the next receipt", f"{served - killed:.1f} s")
        with self.screen.step("Declarations fetches its files again"):
            self._refill()
        whole = f"{time.monotonic() - killed:.1f} s"
        self.outcome.add("until declarations runs too, its files fetched", whole)
        self._verdict().judge(report, acknowledged, killed)
        return self.outcome

    # --- the primary --------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self.engine == "postgresql":
            self.server = DrillServer.made("primary", self.backups)
            self.server.create()
            os.environ["PATH"] = f"{self.server.folder}{os.pathsep}{os.environ['PATH']}"
            self.stack = ServerStack(
                self.stack.root,
                tracing=False,
                report=self.screen.progress,
                databases=self.server.databases(),
                exchanges=1,
                secretariats=1,
            )
        stack = self.stack
        stack.root.mkdir(parents=True)
        stack.prepare()
        stack.start()
        stack.enrol()
        self.site.mkdir(exist_ok=True)
        sextant("keys", "generate", "--use", "sig", "--home", self._home("operator"))
        for name in CUSTODIANS:
            sextant("keys", "generate", "--use", "seal", "--home", self._home(name))
        for name in ("operator", *CUSTODIANS):
            out = self.site / f"{name}.card.json"
            sextant("ops", "card", name, "--out", out, "--home", self._home(name))

    def _home(self, name: str) -> Path:
        return self.root / "people" / name

    def _back_up(self) -> None:
        operator = ("--name", "operator", "--home", self._home("operator"))
        begun = time.monotonic()
        sextant(
            "ops",
            "backup",
            "--plan",
            plan_of(self.stack, self.site, self.server),
            "--to",
            self.backups,
            *operator,
        )
        self.outcome.add("backup, under load", f"{time.monotonic() - begun:.1f} s")

    def _replicate(self) -> None:
        if self.server is not None:
            self.server.receive()
            return
        config = self.site / "litestream.yml"
        named = (
            "--plan",
            plan_of(self.stack, self.site, self.server),
            "--to",
            self.backups,
            "--out",
            config,
        )
        sextant("ops", "replicate", "--clear", *named, "--interval", INTERVAL)
        environment = {k: v for k, v in os.environ.items() if k != "AWS_CA_BUNDLE"}
        with (self.site / "litestream.log").open("ab") as log:
            self.replicator = subprocess.Popen(
                [litestream(), "replicate", "-config", str(config)],
                stdout=log,
                stderr=log,
                env=environment,
            )
        deadline = time.monotonic() + 30
        while len(list((self.backups / "replicas").glob("*"))) < len(ROOMS):
            if time.monotonic() > deadline:
                raise ServiceFailedError((self.site / "litestream.log").read_text()[-800:])
            time.sleep(0.05)
        time.sleep(1.0)  # the first whole copy is out; from here on it is changes

    def _kill(self) -> None:
        """Everything of the primary dies at once: what copies it lives on the same machine."""
        if self.replicator is not None:
            self.replicator.kill()
            self.replicator.wait()
            self.replicator = None
        for service in (*self.stack.services.values(), self.stack.signer):
            service.kill()
        if self.server is not None:
            self.server.lose()

    def _delete_disks(self) -> None:
        root = self.stack.root
        for lost in (root / "data", root / "signer", root / "pins"):
            shutil.rmtree(lost)
        for home in ("SEC", *KEYS.values()):
            shutil.rmtree(root / "homes" / home / "keys")

    # --- the second site ----------------------------------------------------------------------

    def _restore(self) -> dict[str, Any]:
        """Restore as docs/recovery.md says; return the report."""
        shares: list[str | Path] = []
        for name in CUSTODIANS[:2]:
            out = self.site / f"{name}.share.json"
            sextant("ops", "share", self.backups, "--out", out, "--home", self._home(name))
            shares += ["--share", out]
        trust = self._trust()
        pins = ("--signed-by", self.site / "operator.card.json", "--trust", trust)
        heads: list[str | Path] = []
        for witness in self.stack.witnesses.values():
            heads += ["--checkpoint", f"{witness.url}/{sha256(ORIGIN.encode()).hex()}/checkpoint"]
        accept = ("--accept-loss", "a drill: the senders still have them")
        into = (
            "--into",
            self.into,
            *shares,
            *heads,
            *(receipts_of(self.stack) if self.lose else accept),
        )
        done = sextant("ops", "restore", self.backups, *pins, *into, "--json", expect=_ACCEPTED)
        if self.server is not None and not self.lose:
            data = self.into / "servers" / NAME / "data"
            self.second = serving(data, self.server.local.programs)
        found: dict[str, Any] = done.json()
        return found

    def _trust(self) -> Path:
        """A person's own trust file: what a site pins lies elsewhere too."""
        return self.stack.home("NA-XAL") / "trust.json"

    def _serve(self) -> None:
        stack, keys = self.stack, self.into / "keys"
        shutil.copytree(self.into / "public" / "pins", stack.root / "pins")
        moved = {
            **{str(stack.root / "data" / r): str(self.into / r) for r in stack.services},
            str(stack.root / "signer.sock"): str(self.site / "signer.sock"),
            str(stack.root / "signer"): str(keys / "signer"),
            str(stack.root / "homes" / "SEC" / "keys"): str(keys / "sec"),
            **{str(stack.root / "homes" / h / "keys"): str(keys / k) for k, h in KEYS.items()},
        }
        if self.server is not None and self.second is not None:
            moved[str(self.server.folder)] = str(self.second.folder)
        for name, service in (*stack.services.items(), ("signer", stack.signer)):
            settings = dict(service.settings)
            for old, new in moved.items():
                settings = {k: v.replace(old, new) for k, v in settings.items()}
            if name in stack.services:
                folder = keys / f"details-{name}"
                settings[f"SEXTANT_{name.upper()}_SIDECAR_DIR"] = str(folder)
            service.settings = settings
        stack.signer.socket_path = self.site / "signer.sock"
        self._remember()
        stack.start("audit", "exchange")

    def _refill(self) -> None:
        """Let declarations have its files again, then start."""
        settings = self.stack.services["declarations"].settings
        self._module("sextant_declarations", "refill", settings)
        self.stack.start("declarations")

    def _remember(self) -> None:
        """Make the signer's memory from the newest head that a witness has."""
        notes = [self._head(witness.url) for witness in self.stack.witnesses.values()]
        newest = max(notes, key=lambda note: int(note.splitlines()[1]))
        self._module("sextant_audit.signer", "remember", self.stack.signer.settings, newest)

    @staticmethod
    def _module(name: str, command: str, settings: Mapping[str, str], given: str = "") -> None:
        """Run a room's command with its settings."""
        done = subprocess.run(
            [sys.executable, "-m", name, command],
            input=given,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CommandFailedError(f"{name} {command}:\n{done.stdout}{done.stderr}")

    @staticmethod
    def _head(url: str) -> str:
        import httpx  # noqa: PLC0415 -- one call

        address = f"{url}/{sha256(ORIGIN.encode()).hex()}/checkpoint"
        return httpx.get(address, timeout=10, trust_env=False).raise_for_status().text

    def _resume(self, load: Load) -> None:
        """Deposit again what nobody acknowledged: the same bytes."""
        if load.open is None:
            return
        with Client(Home(load.open.folder.parents[1])) as client:
            client.deposit(load.open)

    def _verdict(self) -> Verdict:
        return Verdict(self.stack, self.into, self._trust(), self.second, self.outcome)

    def close(self) -> None:
        """End every process of the drill; remove what lies outside its folder."""
        if self.replicator is not None:
            self.replicator.kill()
            self.replicator.wait()
        self.stack.stop()
        if self.second is not None:
            self.second.stop()
        if self.server is not None:
            self.server.close()


@contextmanager
def drill(engine: str, *, lose: bool) -> Iterator[Drill]:
    """Yield a drill in a scratch folder; nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="sextant-drill-") as folder:
        made = Drill(Path(folder), Screen(), engine, lose)
        try:
            yield made
        finally:
            made.close()


def main(arguments: list[str]) -> int:
    """Play one drill; return 0 when everything acknowledged was honoured, or the loss was found."""
    engine, lose = "sqlite", False
    rest = list(arguments)
    while rest:
        match rest.pop(0), rest[:1]:
            case "--engine", [("sqlite" | "postgresql") as engine]:
                rest.pop(0)
            case "--lose", _:
                lose = True
            case _:
                sys.stderr.write(f"{USAGE}\n")
                return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    try:
        with drill(engine, lose=lose) as playing:
            outcome = playing.run()
    except (CommandFailedError, ServiceFailedError, NoPostgresqlError, PlatformError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"\n| {engine}{', loss on purpose' if lose else ''} | |\n| --- | --- |")
    for what, value in outcome.rows:
        print(f"| {what} | {value} |")
    print(f"| load of the machine (1, 5, 15 min), cores | {load}; {os.cpu_count()} |")
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
