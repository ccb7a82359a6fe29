"""Commands: init, serve, verify, check-config."""

import asyncio
import sys
from collections.abc import Callable

from sextant_audit.app import create_app
from sextant_audit.app.opening import begin_log, verify_log
from sextant_audit.settings import AuditSettings
from sextant_shared.chassis.serving import run_service
from sextant_shared.chassis.settings import load_settings
from sextant_shared.crypto.selftest import run_known_answers
from sextant_shared.encoding import b64
from sextant_shared.errors import PlatformError
from sextant_shared.models.log import LogDiscovery

USAGE = """usage: python -m sextant_audit init | serve | verify | check-config
  init          make the log's keys and its genesis entry, once; print origin and verifier keys
  serve         serve the log
  verify        rebuild the whole log from its entries and compare; safe while it is served
  check-config  print the settings
"""


def main(arguments: list[str]) -> int:
    """Run one command; return the exit status: 0 done, 1 refused, 2 not understood."""
    if arguments in (["serve"], ["check-config"]):
        return run_service("sextant_audit", AuditSettings, create_app, arguments)
    commands: dict[str, Callable[[AuditSettings], None]] = {"init": _init, "verify": _verify}
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
    keys = asyncio.run(begin_log(settings))
    found = LogDiscovery(origin=keys.origin, vkeys=list(keys.vkeys))
    sys.stdout.write(found.model_dump_json(indent=1) + "\n")


def _verify(settings: AuditSettings) -> None:
    report = asyncio.run(verify_log(settings))
    sys.stdout.write(
        f"{report.size} entries, {report.tiles} full tiles and {report.checkpoints} published"
        f" checkpoints agree\nroot {b64(report.root)}\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
