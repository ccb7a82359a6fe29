"""What every command gets: the home folder and the output."""

from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.output import Output
from sextant_client.home import Home
from sextant_client.keystore import Keystore, Unlock

DEFAULT_HOME = Path("~/.sextant")
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
HomePath = Annotated[
    Path,
    typer.Option("--home", envvar="SEXTANT_HOME", help="Home folder of this party's client."),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(envvar="SEXTANT_PASSPHRASE_FILE", help="File with the passphrase of the keys."),
]
_SCENARIO: ContextVar[str | None] = ContextVar("scenario", default=None)
# What the options before the command said; every command's home takes it from here.
_UNLOCK: ContextVar[Unlock] = ContextVar("unlock", default=Unlock())  # noqa: B039 -- it is frozen


@dataclass(frozen=True)
class Run:
    """One run of the command."""

    home: Home
    output: Output

    def keystore(self, passphrase_file: Path | None) -> Keystore:
        """Return the keys, with the passphrase from its file.

        Raises:
            PlatformError: `E_KEY` when the file cannot be read.
        """
        if passphrase_file is None:
            return self.home.keys
        unlock = replace(self.home.unlock, passphrase_file=passphrase_file)
        return replace(self.home, unlock=unlock).keys


def unlock_with(unlock: Unlock) -> None:
    """Remember what opens the keys, for the command that follows."""
    _UNLOCK.set(unlock)


def drill_with(scenario: str | None) -> None:
    """Remember the drill that the command asks a sandbox for."""
    _SCENARIO.set(scenario)


def start(home: Path, *, as_json: bool) -> Run:
    """Return the run for these options."""
    return Run(Home(home.expanduser(), _UNLOCK.get(), _SCENARIO.get()), Output(as_json=as_json))
