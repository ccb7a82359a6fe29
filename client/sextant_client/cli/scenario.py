"""`sextant scenario`: a deadline day of many States on a platform of its own, services killed.

The platform is started by the checkout's launcher, which is no part of the client: the command
runs it as another program and passes on what it says.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import JsonFlag
from sextant_shared.errors import Code, PlatformError

LAUNCHER = "deploy.local.scenario"
_MAIN = Path(*LAUNCHER.split("."), "__main__.py")

app = typer.Typer(
    help="A deadline day of many States on this machine, with services killed.",
    no_args_is_help=True,
)


@app.command("list")
def list_scenarios(as_json: JsonFlag = False) -> None:
    """List the scenarios, each with its story."""
    _launch(["list"], as_json=as_json)


@app.command("run")
def run(
    name: Annotated[str, typer.Argument(help="Name from the list, such as deadline-day.")],
    parties: Annotated[int, typer.Option(help="How many States.", min=2)] = 193,
    minutes: Annotated[
        float, typer.Option(help="Into how many minutes the hour is squeezed.", min=0.05, max=60)
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed sends the same at the same time.")] = 7,
    as_json: JsonFlag = False,
) -> None:
    """Run a scenario; status 0 only if all was accepted once and the log verifies."""
    options = ["--parties", str(parties), "--minutes", str(minutes), "--seed", str(seed)]
    _launch(["run", name, *options], as_json=as_json)


def checkout(places: Sequence[Path]) -> Path:
    """Return the first of the folders that is a checkout, with the launcher in it.

    Raises:
        PlatformError: `E_STATE` when none is.
    """
    for place in places:
        if (place / _MAIN).is_file():
            return place
    raise PlatformError(
        Code.STATE,
        "a scenario starts the whole platform, which the client alone does not carry",
        expected=f"a checkout of Sextant, with {_MAIN}",
        received="none around the installed client, nor in the current folder",
        fix="Go into a checkout, run make install there, and then this command.",
    )


def _launch(arguments: Sequence[str], *, as_json: bool) -> None:
    around = Path(__file__).resolve().parents
    folder = checkout([*around, Path.cwd()])  # the code that runs is the client's own first
    given = [*arguments, "--json"] if as_json else list(arguments)
    command = [sys.executable, "-m", LAUNCHER, *given]
    status = subprocess.run(command, cwd=folder, check=False).returncode  # noqa: S603 -- our own program, values checked
    raise typer.Exit(status)
