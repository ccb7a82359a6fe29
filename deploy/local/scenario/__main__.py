"""`python -m deploy.local.scenario list | run NAME`: exit status 0 only when nothing was lost."""

import argparse
import json
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from deploy.local.processes import ServiceFailedError
from deploy.local.scenario.plan import Plan
from deploy.local.scenario.profiles import PROFILES, profile_named
from deploy.local.scenario.report import Report
from deploy.local.scenario.run import run_scenario
from deploy.local.screen import Screen
from deploy.local.stack import CommandFailedError, Stack
from sextant_client.cli.output import Output
from sextant_shared.errors import PlatformError

STATES = 193  # States Parties to the Convention in 2020
FAILED, STOPPED = 1, 130


def main(given: list[str] | None = None) -> int:
    """Run the chosen command; return the exit status."""
    asked = _parser().parse_args(given)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop in order, as Ctrl-C does
    try:
        return _list(asked.json) if asked.what == "list" else _run(asked)
    except PlatformError as error:
        Output(as_json=asked.json).fail(error)
    except (CommandFailedError, ServiceFailedError) as error:
        sys.stderr.write(f"\n{error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sextant scenario")
    commands = parser.add_subparsers(dest="what", required=True)
    listing, run = commands.add_parser("list"), commands.add_parser("run")
    run.add_argument("name")
    run.add_argument("--parties", type=_at_least_two, default=STATES)
    run.add_argument("--minutes", type=_positive, default=1.0)
    run.add_argument("--seed", type=int, default=7)
    for one in (listing, run):
        one.add_argument("--json", action="store_true")
    return parser


def _at_least_two(text: str) -> int:
    number = int(text)
    if number < 2:  # noqa: PLR2004 -- a transfer has two sides
        raise argparse.ArgumentTypeError("a scenario has two States at least")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number <= 60:  # noqa: PLR2004 -- the hour itself
        raise argparse.ArgumentTypeError("more than 0 minutes, and at most the hour itself")
    return number


def _list(as_json: bool) -> int:  # noqa: FBT001 -- an option of the command line
    if as_json:
        sys.stdout.write(json.dumps([asdict(profile) for profile in PROFILES.values()]) + "\n")
        return 0
    width = max(map(len, PROFILES))
    for profile in PROFILES.values():
        sys.stdout.write(f"{profile.name:<{width}}  {profile.story}\n")
    return 0


def _run(asked: argparse.Namespace) -> int:
    plan = Plan(profile_named(asked.name), asked.parties, asked.minutes, asked.seed)
    screen = Screen(stderr=asked.json)
    with tempfile.TemporaryDirectory(prefix="sextant-scenario-") as folder:
        stack = Stack(Path(folder), witnessed=False, tracing=False, report=screen.progress)
        try:
            with screen.step(f"{plan.profile.name}: {plan.profile.story}"):
                stack.prepare()
                stack.start()
                stack.enrol()
            made = Path(folder) / "scenario"
            made.mkdir()
            report = run_scenario(stack, plan, made, screen)
        finally:
            stack.stop()
    _tell(report, screen, as_json=asked.json)
    return 0 if report.holds else FAILED


def _tell(report: Report, screen: Screen, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(report.members(), ensure_ascii=False) + "\n")
        return
    screen.table(f"{report.plan.profile.name}, seed {report.plan.seed}", report.rows())
    for line in report.picture():
        screen.line(line)
    screen.line("")
    screen.line(report.verdict())


if __name__ == "__main__":
    sys.exit(main())
