"""`systemctl` on a machine of pages: does what the units say, and asks the test for the rooms.

A program of its own, called there as `systemctl VERB UNITS…`; the test listens at the address that
stands in `/run/asked`.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

UNITS = Path("/etc/systemd/system")
RUN = Path("/run")
ASKED = RUN / "asked"
STAYS = "sextant-receiver"  # of the units that are run here, the one that is no single order
_PATIENCE_S = 300
_STOPPED = 2  # what pg_ctlcluster says of a server that does not run
_SETTING = re.compile(r"\$\{(\w+)\}")


def commands(unit: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what a unit runs, in order: the name of the line, and the command as its user."""
    text = (UNITS / f"{unit}.service").read_text(encoding="utf-8").replace("\\\n", " ")
    said = [pair for line in re.findall(r"(?m)^Environment=(.*)", text) for pair in _words(line)]
    settings = dict(pair.split("=", 1) for pair in said)
    user = re.findall(r"(?m)^User=(.*)", text)
    as_user = ["runuser", "-u", user[0], "--"] if user else []
    for name, line in re.findall(r"(?m)^(ExecStartPre|ExecStart)=(.*)", text):
        words = [_SETTING.sub(lambda found: settings[found[1]], word) for word in _words(line)]
        yield name, [*as_user, *words]


def run_unit(verb: str, unit: str) -> None:
    """Start a unit, or stop it."""
    pid = RUN / f"{unit}.pid"
    if verb == "stop":
        os.killpg(int(pid.read_text()), signal.SIGTERM)
        pid.unlink()
        return
    for name, command in commands(unit):
        if unit == STAYS and name == "ExecStart":
            with (RUN / f"{unit}.log").open("ab") as log:
                started = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            pid.write_text(str(started.pid))
        else:
            subprocess.run(command, check=True, timeout=_PATIENCE_S)


def run_cluster(verb: str, version: str, name: str) -> None:
    """Start, stop or restart a server; to systemd one that is stopped already is no error."""
    done = subprocess.run(
        ["pg_ctlcluster", version, name, verb], check=False, timeout=_PATIENCE_S
    ).returncode
    if done and not (verb == "stop" and done == _STOPPED):
        sys.exit(f"pg_ctlcluster {version} {name} {verb} ended with {done}")


def main() -> None:
    """Do what the words say."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    verb, units = words[0], words[1:]
    if verb == "enable" and "--now" in sys.argv:
        verb = "start"
    for unit in units:
        if verb in ("enable", "disable") or unit.endswith(".timer"):
            continue
        if unit.startswith("postgresql@"):
            run_cluster(verb, *unit.removeprefix("postgresql@").split("-"))
        elif unit == STAYS or unit.startswith("backup-of-"):
            run_unit(verb, unit)
        else:
            urllib.request.urlopen(
                ASKED.read_text(), f"{verb} {unit}".encode(), _PATIENCE_S
            ).close()


def _words(line: str) -> list[str]:
    return shlex.split(line)


if __name__ == "__main__":
    main()
