"""Services as they were before the newest migration, on today's schema; then replaced one by one.

The programs come out of the repository's history: those of the newest commit before a migration
that today's schema still serves, or else of that migration itself. They prepare the platform, with
their own settings. Without history, as in an archive, this cannot be tried; CI fails then, unless
its clone is shallow.
"""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local.postgresql.rooms import ROOMS
from deploy.local.processes import ServiceProcess
from deploy.local.several import ServerStack, databases_on
from deploy.local.stack import sextant
from sextant_shared.chassis.schema import served
from tests.support.postgresql import SERVER
from tests.support.vectors import IN_CI, ROOT
from tests.system.test_witnesses import EXAMPLES

pytestmark = [pytest.mark.processes, pytest.mark.long]
SERVICES = ("audit", "exchange", "declarations")
VERSIONS = "services/{0}/sextant_{0}/storage/migrations/versions"
TREES = ("shared", "services", "client", "deploy", "tests", "requirements")
PLACES = ("shared", *(f"services/{name}" for name in SERVICES), "client", ".")
_REVISION = re.compile(r'^(revision|down_revision)\b[^=\n]*= *"([^"\n]+)"', re.MULTILINE)
_PREPARE = """
import json, sys
from pathlib import Path
from deploy.local.several import ServerStack
alone = {"exchanges": 1, "secretariats": 1}
known = {name: count for name, count in alone.items() if name in ServerStack.__dataclass_fields__}
made = ServerStack(Path(sys.argv[1]), databases=json.loads(sys.argv[2]), **known,
                   witnessed=False, tracing=False)
made.prepare()
kept = {name: [s.module, s.port, dict(s.settings)] for name, s in made.services.items()}
print(json.dumps(kept))
"""


@dataclass(frozen=True)
class Before:
    """An earlier program, laid down in a folder."""

    commit: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What lets this Python run it instead of today's."""
        return {"PYTHONPATH": os.pathsep.join(str(self.folder / place) for place in PLACES)}


def git(*arguments: str) -> bytes:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def newest_at(commit: str, service: str) -> str:
    """Return the newest version of a room's schema at a commit."""
    listed = git("ls-tree", "--name-only", commit, VERSIONS.format(service) + "/").decode().split()
    texts = [git("show", f"{commit}:{name}").decode() for name in listed]
    told = [found for text in texts for found in _REVISION.findall(text)]
    made = {value for name, value in told if name == "revision"}
    return max(made - {value for name, value in told if name == "down_revision"}, default="")


def is_served(commit: str) -> bool:
    """Whether the programs of a commit have rooms on a server, and today's schemas serve them."""
    if not git("ls-tree", "--name-only", commit, "deploy/local/several.py"):
        return False
    schemas = {room.roles.database: served(room.migrations) for room in ROOMS.values()}
    return all(newest_at(commit, name) in schemas[f"sextant_{name}"] for name in SERVICES)


def commit_before() -> str:
    """Return the newest commit that this is about."""
    folders = [VERSIONS.format(name) for name in SERVICES]
    migrating = git("rev-list", "--first-parent", "HEAD", "--", *folders).decode().split()
    earlier = [f"{commit}^1" for commit in migrating[:1]]
    return next(commit for commit in [*earlier, *migrating[:1]] if is_served(commit))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Before:
    try:
        if git("rev-parse", "--is-shallow-repository").strip() == b"true":
            pytest.skip("a shallow clone has no earlier programs")
        commit = commit_before()
        archive = git("archive", commit, *TREES)
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        if IN_CI:
            pytest.fail(f"this needs the repository's history: {error}")
        pytest.skip(f"there is no history to take earlier programs from: {error}")
    folder = Path(tmp_path_factory.mktemp("before"))
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    return Before(commit, folder)


@pytest.fixture
def platform(before: Before, tmp_path: Path) -> Iterator[ServerStack]:
    """Return a platform of earlier programs, which they prepared; today's program migrated."""
    databases = databases_on(SERVER.required())
    stack = ServerStack(
        tmp_path / "platform",
        databases=databases,
        exchanges=1,
        secretariats=1,
        witnessed=False,
        tracing=False,
    )
    done = subprocess.run(
        [sys.executable, "-c", _PREPARE, str(stack.root), json.dumps(databases)],
        cwd=before.folder,
        env={**os.environ, **before.environment},  # noqa: TID251 -- pip's own and PATH
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    for name, (module, port, settings) in json.loads(done.stdout).items():
        log = stack.root / "logs" / f"{name}.log"
        stack.services[name] = ServiceProcess(name, module, port, settings, log)
    for process in (stack.signer, *stack.services.values()):
        process.extra = before.environment
    try:
        stack.start()
        stack.enrol()
        yield stack
    finally:
        stack.stop()


def declared(stack: ServerStack, year: int) -> dict[str, Any]:
    """Submit a declaration and wait for its outcome; return what the sender holds of it."""
    content = stack.root / f"{year}.json"
    nil = json.loads((EXAMPLES / "NA-XAL" / "nil-2025.json").read_text())
    content.write_text(json.dumps({**nil, "declaration_id": f"XAL-{year}"}))
    home = ("--home", stack.home("NA-XAL"))
    done = sextant("submit", content, "--watch", "--json", *home, expect=(0, 1)).json()
    (envelope,) = done["envelopes"]
    assert {"opened", "outcome"} <= envelope.keys(), envelope
    return dict(envelope)


def runs(service: ServiceProcess, folder: Path) -> bool:
    """Whether a process took its code from `folder`."""
    assert service.process is not None
    environment = Path(f"/proc/{service.process.pid}/environ").read_bytes()
    return str(folder).encode() in environment


def test_programs_of_before_work_on_the_schema_and_are_replaced_one_by_one(
    before: Before, platform: ServerStack
) -> None:
    sent = [declared(platform, 2000)]
    for number, name in enumerate(SERVICES, start=1):
        service = platform.services[name]
        assert runs(service, before.folder)
        service.stop()
        service.start()  # an earlier program, again, on the newer schema
        service.wait_ready()
        sent.append(declared(platform, 2000 + 2 * number))
        service.stop()
        service.extra = {}
        service.start()
        service.wait_ready()
        assert not runs(service, before.folder)
        sent.append(declared(platform, 2001 + 2 * number))
    home = ("--json", "--home", platform.home("NA-XAL"))
    for envelope in sent:  # what earlier programs wrote is what today's read
        (again,) = sextant("submit", "--again", envelope["id"], *home).json()["envelopes"]
        assert (again["receipt"], again["repeat"]) == (envelope["receipt"], True)
        assert sextant("receipt", "verify", envelope["id"], *home).json()["level"] == "logged"
    sextant("log", "verify", "--home", platform.home("auditor"))
