"""The command `sextant`: its commands in one table, its exit statuses in another.

What a command needs is loaded when it is called.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from sextant_client import errors as exits
from sextant_client.cli.context import PassphraseFile, drill_with, unlock_with
from sextant_client.cli.loading import LazyGroup
from sextant_client.cli.output import Output
from sextant_client.keystore import Unlock
from sextant_shared.crypto.pkcs11 import TokenAccess
from sextant_shared.errors import PlatformError
from sextant_shared.protocol.scenarios import scenario_of

# In the order of `--help`: the module here, and in it the function or the group of commands.
COMMANDS: Mapping[str, str] = {
    "init": "setup:init",
    "trust": "setup:trust",
    "version": "setup:version",
    "check": "check:check_files",
    "answer": "answer:answer",
    "explain": "rules:explain_code",
    "new": "compose:new",
    "diff": "compose:diff",
    "template": "files:template",
    "copy": "files:copy",
    "import": "files:import_",
    "export": "files:export",
    "submit": "envelopes:submit",
    "send": "messages:send",
    "reply": "messages:reply",
    "prematch": "prematch:app",
    "status": "following:status",
    "thread": "following:thread",
    "recall": "acts:recall",
    "inbox": "acts:inbox_app",
    "due": "due:due",
    "cleared": "cleared:cleared",
    "doctor": "doctor:doctor",
    "keys": "keys:app",
    "bundle": "bundle:app",
    "verify": "verify:verify",
    "log": "log:app",
    "witness": "witness:app",
    "ops": "ops:app",
    "officer": "officer:app",
    "world": "world:app",
    "scenario": "scenario:app",
    "codes": "codes:app",
    "schema": "schema:app",
    "rules": "rules:rules_app",
    "receipt": "envelopes:receipt_app",
}


class _Commands(LazyGroup):
    places: ClassVar[Mapping[str, str]] = COMMANDS


app = typer.Typer(
    cls=_Commands,
    name="sextant",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    epilog="Exit status: "
    + " · ".join(f"{status} {meaning}" for status, meaning in exits.TABLE.items()),
)


def _tell_versions(asked: bool) -> None:  # noqa: FBT001 -- the signature of a callback
    """Say with an option what `version` says: both are habits."""
    if asked:
        from sextant_client.cli.setup import version  # noqa: PLC0415 -- loaded when it is called

        version()
        raise typer.Exit


@app.callback()
def sextant(
    passphrase_file: PassphraseFile = None,
    pkcs11_module: Annotated[
        Path | None,
        typer.Option(envvar="SEXTANT_PKCS11_MODULE", help="PKCS#11 module of the hardware token."),
    ] = None,
    pin_file: Annotated[
        Path | None, typer.Option(envvar="SEXTANT_PIN_FILE", help="File with the token's PIN.")
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            envvar="SEXTANT_SCENARIO", help="Drill that a sandbox is asked for: docs/sandbox.md."
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print versions.", is_eager=True, callback=_tell_versions),
    ] = False,
) -> None:
    """Declarations under the Chemical Weapons Convention: sealed, signed, receipted."""
    if scenario:
        sys.stderr.write(
            f"Drill: {scenario_of(scenario)}. Only a sandbox takes deposits with it.\n"
        )
    drill_with(scenario or None)
    unlock_with(Unlock(passphrase_file, TokenAccess(pkcs11_module, pin_file)))


# The base of all usage errors; typer exports only its best-known child.
_UsageError: Any = typer.BadParameter.__base__


def main(arguments: list[str] | None = None) -> None:
    """Run the command; every refusal ends with its status and its next step."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        status = app(given, standalone_mode=False)
    except PlatformError as error:
        Output(as_json="--json" in given).fail(error)
    except _UsageError as error:
        error.show()
        sys.exit(exits.USAGE)
    except (typer.Abort, KeyboardInterrupt):
        status = exits.INTERRUPTED
    if status == exits.INTERRUPTED:  # what the framework makes of Ctrl-C inside a command
        sys.stderr.write("Stopped. Nothing is lost: run the command again.\n")
    sys.exit(status or exits.OK)
