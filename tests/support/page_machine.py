"""A machine for the pages of a server, as far as a mount namespace is one: no systemd, no packages.

What the pages type finds Debian's own tools for clusters of PostgreSQL (15 as installed, 18 from
the pinned wheel), pgBackRest of Debian's next release, and folders of this machine alone at
`/etc`, `/media`, `/opt`, `/run` and `/var/lib`. `systemctl` runs what the units say for the server,
its receiver and backups; what it is told of rooms it asks the test, whose processes they are
(`page_systemctl.py`).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from deploy.local.postgresql.programs import NoPostgresqlError, installed, pinned
from deploy.local.processes import ServiceFailedError
from tests.support.next_debian import UNPACKED as NEXT_PGBACKREST
from tests.support.next_debian import next_pgbackrest
from tests.support.vectors import ROOT

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_TOOLS = ("/usr/bin/pg_createcluster", "/usr/bin/pg_upgradecluster", "/usr/bin/unshare")
_PATIENCE_S = 600  # a whole page, on a machine that others use too
_ENTER = """#!/bin/bash
set -eu
root=$1; shift
for place in etc media opt run var/lib; do mount --bind $root/$place /$place; done
install -d -o postgres /var/log/postgresql && mount --bind $root/log /var/log/postgresql
mount --bind /usr/lib/postgresql/15 $root/programs/15
mount --rbind $root/programs /usr/lib/postgresql
mount -t overlay overlay -o lowerdir=$root/tools:/usr/bin /usr/bin
exec "$@"
"""


@dataclass
class PageMachine:
    """Folders of one machine; `ask` is told what is to be done with a room's unit: verb, name."""

    ask: Callable[[str, str], None]
    root: Path = field(
        default_factory=lambda: Path(tempfile.mkdtemp(prefix="sextant-pages-", dir="/tmp"))
    )
    told: list[str] = field(default_factory=list)
    """What `systemctl` was told of rooms, in order."""

    def make(self) -> None:
        """Make the folders.

        Raises:
            NoPostgresqlError, NoProgramError: with what stands in the way.
        """
        if os.geteuid() != 0 or installed("15") != Path("/usr/lib/postgresql/15/bin"):
            raise NoPostgresqlError("a machine of pages needs root, and Debian's postgresql-15")
        if missing := [tool for tool in _TOOLS if not Path(tool).exists()]:
            raise NoPostgresqlError(f"a machine of pages needs {', '.join(missing)}")
        next_pgbackrest()
        programs = pinned()
        self.root.chmod(0o755)
        for name in ("media/people", "media/backup", "opt", "run", "var/lib", "tools"):
            (self.root / name).mkdir(parents=True)
        for name in ("log", "run/postgresql", "var/lib/postgresql"):
            (self.root / name).mkdir()
            shutil.chown(self.root / name, "postgres", "postgres")
        (self.root / "var/lib/prometheus/node-exporter").mkdir(parents=True)
        shutil.copytree("/etc", self.root / "etc", symlinks=True, ignore_dangling_symlinks=True)
        shutil.rmtree(self.root / "etc/postgresql", ignore_errors=True)
        (self.root / "etc/postgresql").mkdir()
        (self.root / "etc/sextant").mkdir()
        self._lay_programs(programs)
        self._lay_product("sextant-1", "sextant-2")

    def _lay_programs(self, eighteen: Path) -> None:
        (self.root / "programs/15").mkdir(parents=True)
        wheel = next(path for path in eighteen.parents if path.name == "postgresql")
        for name, unpacked in (("wheel", wheel), ("pgbackrest", NEXT_PGBACKREST)):
            shutil.copytree(unpacked, self.root / name, symlinks=True)
        place = self.root / "wheel" / eighteen.relative_to(wheel)
        (self.root / "programs/18").symlink_to(place.parent)
        call = (NEXT_PGBACKREST / "bin/pgbackrest").read_text()
        tool = self.root / "tools/pgbackrest"
        tool.write_text(call.replace(str(NEXT_PGBACKREST), str(self.root / "pgbackrest")))
        tool.chmod(0o755)
        said = (ROOT / "tests/support/page_systemctl.py").read_text()
        for name, text in (
            ("enter", _ENTER),
            ("tools/systemctl", f"#!{sys.executable}\n{said}"),
            ("tools/journalctl", "#!/bin/sh\n"),  # what units said is shown where a page is typed
        ):
            path = self.root / name
            path.write_text(text)
            path.chmod(0o755)

    def _lay_product(self, *versions: str) -> None:
        for version in versions:
            (self.root / "opt" / version).mkdir()
            for path in (*Path(sys.prefix).iterdir(), ROOT / "deploy", ROOT / "docs"):
                (self.root / "opt" / version / path.name).symlink_to(path)
        (self.root / "opt/sextant").symlink_to(versions[0])
        shutil.copytree(
            ROOT / "deploy/systemd", self.root / "etc/systemd/system", dirs_exist_ok=True
        )

    def type(self, *places: str, before: str = "", after: str = "") -> str:
        """Run the blocks of `PAGE#HEADING` as they stand, in one shell; return what was shown."""
        script = "\n".join([before, *(_commands(place) for place in places), after])
        script = re.sub(r"(?m)^apt-get .*$", "# its packages are there", script)
        with _Asked(self) as address:
            (self.root / "run/asked").write_text(address)
            return self.run("bash", "-euo", "pipefail", "-c", script)

    def run(self, *command: str) -> str:
        """Run a command on the machine; return what it printed.

        Raises:
            AssertionError: with all it said, when it fails.
        """
        ours = {"PATH": "/opt/sextant/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        ours |= {"HOME": str(self.root), "NO_COLOR": "1"}
        if path := os.environ.get("PYTHONPATH"):  # noqa: TID251 -- which code of ours is tried
            ours["PYTHONPATH"] = path
        said = self.root / "said"
        with said.open("w+") as out:  # a daemon that it leaves behind keeps no pipe open
            done = subprocess.run(
                ["unshare", "--mount", str(self.root / "enter"), str(self.root), *command],
                cwd=ROOT,
                env=ours,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                check=False,
                timeout=_PATIENCE_S,
            )
        text = said.read_text(errors="replace")
        assert done.returncode == 0, text
        return text

    def close(self) -> None:
        """End the server and its receiver, and remove all folders."""
        for version in ("15", "18"):
            for pid in self.root.glob(f"var/lib/postgresql/{version}/main/postmaster.pid"):
                os.kill(int(pid.read_text().splitlines()[0]), 3)  # SIGQUIT: at once
        for pid in self.root.glob("run/*.pid"):
            os.killpg(int(pid.read_text()), 15)
        shutil.rmtree(self.root, ignore_errors=True)


class _Asked:
    """Listens to `systemctl` while a page is typed."""

    def __init__(self, machine: PageMachine) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = self.rfile.read(int(self.headers["Content-Length"])).decode()
                machine.told.append(told)
                try:
                    machine.ask(*told.split(" "))
                except ServiceFailedError as error:
                    self.send_error(503, explain=str(error))
                else:
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing of requests."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _commands(place: str) -> str:
    name, _, heading = place.partition("#")
    text = (ROOT / "docs/operations" / f"{name}.md").read_text(encoding="utf-8")
    sections = {each.partition("\n")[0]: each for each in re.split(r"(?m)^## ", text)}
    return "\n".join(_BLOCK.findall(sections[heading]))
