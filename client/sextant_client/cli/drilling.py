"""`sextant ops drill`: a site is lost on purpose, and a second one on this machine takes over."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sextant_shared.errors import Code, PlatformError

_PROGRAM = Path("deploy") / "local" / "site_loss.py"


class Engine(StrEnum):
    """Where all rooms have their data."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def drill(
    engine: Annotated[
        Engine, typer.Option(help="Where all rooms have their data.")
    ] = Engine.SQLITE,
    lose: Annotated[
        bool, typer.Option("--lose", help="Lose entries on purpose: they must be found and named.")
    ] = False,
) -> None:
    """Lose a whole site under load in a scratch folder, restore it, measure RPO and RTO."""
    if not _PROGRAM.is_file():
        raise PlatformError(
            Code.STATE,
            "the drill starts a whole platform, which a client alone does not carry",
            expected=f"a checkout of the platform, with {_PROGRAM}",
            received=str(Path.cwd()),
            fix="Run it in the folder of the checkout: make drill.",
        )
    command = [sys.executable, "-m", "deploy.local.site_loss", "--engine", str(engine)]
    command += ["--lose"] if lose else []
    done = subprocess.run(command, check=False)  # noqa: S603 -- a program of ours
    raise typer.Exit(done.returncode)
