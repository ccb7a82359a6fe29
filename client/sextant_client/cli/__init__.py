"""The command `sextant`: one module a group of commands, exit statuses in one table."""

import sys
from typing import Any

import typer

from sextant_client import errors as exits
from sextant_client.cli import (
    answer,
    bundle,
    check,
    codes,
    compose,
    doctor,
    due,
    envelopes,
    files,
    keys,
    log,
    officer,
    rules,
    schema,
    setup,
    trace,
    witness,
    world,
)
from sextant_client.cli.output import Output
from sextant_shared.errors import PlatformError

app = typer.Typer(
    name="sextant",
    help="Declarations under the Chemical Weapons Convention: sealed, signed, receipted.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    epilog="Exit status: "
    + " · ".join(f"{status} {meaning}" for status, meaning in exits.TABLE.items()),
)
setup.register(app)
check.register(app)
answer.register(app)
rules.register(app)
compose.register(app)
files.register(app)
envelopes.register(app)
due.register(app)
doctor.register(app)
trace.register(app)
app.add_typer(keys.app, name="keys")
app.add_typer(bundle.app, name="bundle")
app.add_typer(log.app, name="log")
app.add_typer(witness.app, name="witness")
app.add_typer(officer.app, name="officer")
app.add_typer(world.app, name="world")
app.add_typer(codes.app, name="codes")
app.add_typer(schema.app, name="schema")
app.add_typer(rules.rules_app, name="rules")
app.add_typer(envelopes.receipt_app, name="receipt")


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
        sys.stderr.write("Stopped. Nothing is lost: run the command again.\n")
        sys.exit(exits.REFUSED)
    sys.exit(status or exits.OK)
