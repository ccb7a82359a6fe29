"""Commands: init, add-receipt-key, serve, verify, check-config; roles and migrate for a server."""

import asyncio
import sys
from collections.abc import Callable

from sextant_audit.app import create_app
from sextant_audit.app.ledgers import migrate_ledger
from sextant_audit.app.opening import (
    add_key_of_receipts,
    begin_log,
    public_identity,
    verify_log,
)
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.roles import ROLES
from sextant_shared.chassis.serving import run_service
from sextant_shared.chassis.settings import load_settings
from sextant_shared.crypto.selftest import run_known_answers
from sextant_shared.encoding import b64
from sextant_shared.errors import PlatformError

USAGE = """usage: python -m sextant_audit COMMAND
  init             make the log's keys and its genesis entry, once; print origin and public keys
  add-receipt-key  make the key of COSE receipts for a log that was begun without one; print it
  serve            serve the log
  verify           rebuild the whole log from its entries and compare; safe while it is served
  check-config     print the settings
  roles            print what makes roles and database on a PostgreSQL server, for psql
  migrate          make or renew the tables there, as their owner; before init and new versions
"""


def main(arguments: list[str]) -> int:
    """Run one command; return the exit status: 0 done, 1 refused, 2 not understood."""
    if arguments in (["serve"], ["check-config"]):
        return run_service("sextant_audit", AuditSettings, create_app, arguments)
    if arguments == ["roles"]:
        sys.stdout.write(ROLES.script())
        return 0
    commands: dict[str, Callable[[AuditSettings], None]] = {
        "init": _init,
        "add-receipt-key": _add_receipt_key,
        "verify": _verify,
        "migrate": migrate_ledger,
    }
    if len(arguments) != 1 or arguments[0] not in commands:
        sys.stderr.write(USAGE)
        return 2
    try:
        commands[arguments[0]](load_settings(AuditSettings))
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


def _add_receipt_key(settings: AuditSettings) -> None:
    run_known_answers()
    add_key_of_receipts(settings)
    _print_identity(settings)


def _print_identity(settings: AuditSettings) -> None:
    sys.stdout.write(public_identity(settings).model_dump_json(indent=1) + "\n")


def _verify(settings: AuditSettings) -> None:
    report = asyncio.run(verify_log(settings))
    sys.stdout.write(
        f"{report.size} entries, {report.tiles} full tiles and {report.checkpoints} published"
        f" checkpoints agree\nroot {b64(report.root)}\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
