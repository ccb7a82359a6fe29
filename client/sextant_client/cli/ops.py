"""`sextant ops`: what operators do. Each command stands in a module of its own."""

from collections.abc import Mapping
from typing import ClassVar

import typer

from sextant_client.cli.loading import LazyGroup

# In the order of `--help`: the module beside this one, and in it the function.
COMMANDS: Mapping[str, str] = {
    "trace": "trace:trace",
    "backup": "recovering:backup",
    "restore": "restoring:restore",
    "verify-backup": "restoring:verify_backup",
    "check": "restoring:check",
    "replicate": "recovering:replicate",
    "drill": "drilling:drill",
    "card": "recovering_people:card",
    "share": "recovering_people:share",
}


class _Commands(LazyGroup):
    places: ClassVar[Mapping[str, str]] = COMMANDS


app = typer.Typer(cls=_Commands, help="Look after a running platform.", no_args_is_help=True)


@app.callback()
def ops() -> None:
    """Look after a running platform."""
