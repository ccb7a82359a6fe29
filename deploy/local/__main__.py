"""`python -m deploy.local demo | run`."""

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.local.demo import DemoFailedError, run_demo
from deploy.local.issuer import refuse_in_production
from deploy.local.names import write_names
from deploy.local.processes import ServiceFailedError
from deploy.local.screen import Screen
from deploy.local.stack import CommandFailedError, Stack
from sextant_shared.errors import PlatformError

USAGE = "usage: python -m deploy.local demo | run"


def run_platform(make: Callable[..., Stack]) -> None:
    """Leave the platform up until Ctrl-C; keys and data live as long."""
    screen = Screen()
    with tempfile.TemporaryDirectory(prefix="sextant-run-") as folder:
        stack = make(Path(folder), people=True, report=screen.progress)
        try:
            refuse_in_production(os.environ)
            with screen.step("Starting services, two witnesses and a sign-in provider"):
                stack.prepare()
                stack.start()
                stack.enrol()
            for service in stack.services.values():
                screen.line(f"{service.name:<13} {service.url}   API docs {service.url}/docs")
            for beside in (*stack.witnesses.values(), stack.provider):
                screen.line(f"{beside.name:<13} {beside.url}")
            _suggest(screen, stack)
            while True:
                signal.pause()
        except KeyboardInterrupt:
            screen.line("stopping…")
        finally:
            stack.stop()


def _suggest(screen: Screen, stack: Stack) -> None:
    """Print the home of a State, and commands to try."""
    screen.line("")
    screen.line("In another terminal, in this folder, the command and the home of a State:")
    screen.line("  export PATH=$PWD/.venv/bin:$PATH")
    screen.line(f"  export SEXTANT_HOME={stack.home('NA-XAL')}")
    screen.line(f"  export SEXTANT_TRACES={stack.traces}")
    screen.line("or these three, and the names that the runbooks in docs/operations use:")
    screen.line(f"  . {write_names(stack)}")
    screen.line("")
    screen.line("Commands to try there:")
    screen.line("  sextant submit examples/NA-XAL/s2-and-2025.json --watch")
    screen.line("  sextant ops trace ENVELOPE-ID --svg waterfall.svg")
    screen.line(f"  sextant officer list --home {stack.home('officer')}")
    screen.line(f"  sextant log verify --home {stack.home('auditor')}")
    screen.line("")
    screen.line("As a person who signs in, instead of the officer's key:")
    signing_in = f"--issuer {stack.provider.url} --home {stack.home('officer')}"
    screen.line(f"  sextant officer login {signing_in}")
    screen.line("")
    screen.line(f"The log's page, for a browser: {stack.services['audit'].url}/")
    screen.line("")
    screen.line("This is a sandbox: deposits can be drilled (docs/sandbox.md), for example:")
    screen.line("  sextant --scenario lost-answer submit examples/NA-XAL/s2-and-2025.json")
    screen.line("")
    screen.line(f"Spans: {stack.traces}   Logs: {stack.root}/logs   Ctrl-C stops everything.")


def main(make: Callable[..., Stack] = Stack) -> int:
    """Run the chosen story on a platform that `make` makes; return the exit status."""
    chosen = sys.argv[1:]
    if chosen not in (["demo"], ["run"]):
        sys.stderr.write(USAGE + "\n")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop in order, as Ctrl-C does
    try:
        run_demo(make) if chosen == ["demo"] else run_platform(make)
    except (DemoFailedError, CommandFailedError, ServiceFailedError) as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except PlatformError as error:
        sys.stderr.write(f"\n{error.code}: {error.detail} ({error.received})\n{error.fix}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
