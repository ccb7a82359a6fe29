"""Two grounds side by side: a leg mostly waits, and what it is judged by counts and does not time.

Each ground is a process of this command in namespaces of its own. What it prints comes with the
name of its ground before it; what it found is left in a file.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.faults.leg import Ground, Leg
from tests.faults.report import Outcome, Verdict, read_members
from tests.support.vectors import ROOT

INSIDE = "--inside"
_NAMESPACES = ("unshare", "--mount", "--net", "--")


def found_on(ground: Ground) -> Path:
    """Return where the outcomes of a ground are left."""
    return ROOT / "var" / f"faults-{ground}.json"


def side_by_side(legs: Sequence[Leg]) -> list[Outcome]:
    """Run every leg on its ground, the grounds at once; return the outcomes, ground by ground."""
    grounds = {one: [leg for leg in legs if leg.ground is one] for one in Ground}
    begun = {one: _begin(one, some) for one, some in grounds.items() if some}
    readers = [
        threading.Thread(target=_tell, args=(ground, process), daemon=True)
        for ground, process in begun.items()
    ]
    for reader in readers:
        reader.start()
    try:
        for process in begun.values():
            process.wait()
    except KeyboardInterrupt:
        for process in begun.values():
            process.terminate()  # it takes its ground down, once its leg's senders are done
        for process in begun.values():
            process.wait()
        raise
    for reader in readers:
        reader.join()
    return [one for ground in begun for one in _found(ground, grounds[ground])]


def _begin(ground: Ground, legs: Sequence[Leg]) -> "subprocess.Popen[str]":
    found_on(ground).parent.mkdir(exist_ok=True)
    found_on(ground).unlink(missing_ok=True)
    own = [sys.executable, "-m", "tests.faults", INSIDE, ground, *(leg.name for leg in legs)]
    return subprocess.Popen(
        [*_NAMESPACES, *own],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C reaches this process, which stops them in order
    )


def _tell(ground: Ground, process: "subprocess.Popen[str]") -> None:
    if process.stdout is None:
        return
    with process.stdout as lines:
        for line in lines:
            sys.stdout.write(f"{ground:<8}| {line}" if line.strip() else line)
            sys.stdout.flush()


def _found(ground: Ground, legs: Sequence[Leg]) -> list[Outcome]:
    """Return what a ground left; nothing is left of one that fell, and so no leg of it held."""
    if found_on(ground).exists():
        return read_members(json.loads(found_on(ground).read_text()))
    fell = "its ground fell: see above"
    return [Outcome(leg.name, leg.does, fell, Verdict.FAILED) for leg in legs]
