"""Commands: init, add-receipt-key, serve, verify, refill, check-config; roles, migrate (server)."""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sextant_audit.app import create_app
from sextant_audit.app.ledgers import migrate_ledger
from sextant_audit.app.opening import (
    add_key_of_receipts,
    begin_log,
    is_begun,
    public_identity,
    verify_log,
)
from sextant_audit.app.refilling import refill_ledger
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.roles import ROLES
from sextant_shared.chassis.serving import run_service
from sextant_shared.chassis.settings import load_settings
from sextant_shared.crypto.selftest import run_known_answers
from sextant_shared.encoding import b64
from sextant_shared.errors import PlatformError

USAGE = """usage: python -m sextant_audit COMMAND
  init             make the log's keys and its genesis entry, once; print origin and public keys
  init --once      the same, and nothing but the printing where the signer remembers a log
  add-receipt-key  make the key of COSE receipts for a log that was begun without one; print it
  serve            serve the log
  verify           rebuild the whole log from its entries and compare; safe while it is served
  refill FOLDER    add what a ledger lost, from a copy of the log whose head it then has
  check-config     print the settings
  ballast          say how the ballast file stands; ballast release | fill, also while it is served
  roles            print what makes roles and database on a PostgreSQL server, for psql
  migrate          make or renew the tables there, as their owner; before init and new versions
"""


def main(arguments: list[str]) -> int:
    """Run one command; return the exit status: 0 done, 1 refused, 2 not understood."""
    if arguments[:1] in (["serve"], ["check-config"], ["ballast"]):
        return run_service("sextant_audit", AuditSettings, create_app, arguments)
    if arguments == ["roles"]:
        sys.stdout.write(ROLES.script())
        return 0
    commands: dict[str, Callable[[AuditSettings], None]] = {
        "init": _init,
        "init --once": _init_once,
        "add-receipt-key": _add_receipt_key,
        "verify": _verify,
        "migrate": migrate_ledger,
    }
    if arguments[:1] == ["refill"] and arguments[1:] and not arguments[2:]:
        commands[" ".join(arguments)] = partial(_refill, Path(arguments[1]))
    command = commands.get(" ".join(arguments))
    if command is None:
        sys.stderr.write(USAGE)
        return 2
    try:
        command(load_settings(AuditSettings))
    except PlatformError as error:
        sys.stderr.write(f"{error}\n")
        if error.fix:
            sys.stderr.write(f"  {error.fix}\n")
        sys.stderr.writelines(f"  {name}: {text!r}\n" for name, text in error.evidence.items())
        return 1
    return 0


def _init(settings: AuditSettings) -> None:
    run_known_answers()
    asyncio.run(begin_log(settings))
    _print_identity(settings)


def _init_once(settings: AuditSettings) -> None:
    """For a start that may be repeated; a ledger that is lost meanwhile is `serve`'s to refuse."""
    if is_begun(settings):
        _print_identity(settings)
    else:
        _init(settings)


def _add_receipt_key(settings: AuditSettings) -> None:
    run_known_answers()
    add_key_of_receipts(settings)
    _print_identity(settings)


def _print_identity(settings: AuditSettings) -> None:
    sys.stdout.write(public_identity(settings).model_dump_json(indent=1) + "\n")


def _refill(folder: Path, settings: AuditSettings) -> None:
    done = asyncio.run(refill_ledger(settings, folder))
    sys.stdout.write(
        f"entries {done.before} to {done.size - 1} added; every receipt under a head of size"
        f" {done.size} or less is honoured again\n"
    )


def _verify(settings: AuditSettings) -> None:
    report = asyncio.run(verify_log(settings))
    sys.stdout.write(
        f"{report.size} entries, {report.tiles} full tiles and {report.checkpoints} published"
        f" checkpoints agree\nroot {b64(report.root)}\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
