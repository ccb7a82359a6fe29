"""What every command gets: the home folder and the output."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.output import Output
from sextant_client.home import Home
from sextant_client.keystore import Keystore
from sextant_shared.errors import Code, PlatformError

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
        try:
            passphrase = passphrase_file.read_bytes().rstrip(b"\n")
        except OSError as error:
            raise PlatformError(Code.KEY, f"cannot read {passphrase_file}") from error
        return Keystore(self.home.keys.folder, passphrase)


def start(home: Path, *, as_json: bool) -> Run:
    """Return the run for these options."""
    return Run(Home(home.expanduser()), Output(as_json=as_json))
