"""Commands: serve, check-config, verify, erase --dry-run; roles and migrate for a server."""

import sys
from collections.abc import Callable

from sextant_exchange.app import MIGRATIONS, create_app
from sextant_exchange.domain.retention import Retention
from sextant_exchange.settings import ExchangeSettings
from sextant_exchange.storage.inspection import due, inspect, look_into
from sextant_exchange.storage.roles import ROLES
from sextant_shared.chassis.serving import run_service
from sextant_shared.chassis.settings import load_settings
from sextant_shared.clock import system_clock
from sextant_shared.errors import PlatformError
from sextant_shared.models.exchange import DeliveryState

USAGE = """usage: python -m sextant_exchange COMMAND
  serve            serve the exchange; it erases by itself what the retention policy lets go
  check-config     print the settings
  verify           check that every delivery is accounted for; safe while it is served
  erase --dry-run  say what the policy lets go now, and erase nothing; safe while it is served
  roles            print what makes roles and database on a PostgreSQL server, for psql
  migrate          make or renew the tables there, as their owner; before new versions
"""


def main(arguments: list[str]) -> int:
    """Run one command; return the exit status: 0 done, 1 refused or broken, 2 not understood."""
    if arguments in (["serve"], ["check-config"]):
        return run_service("sextant_exchange", ExchangeSettings, create_app, arguments)
    if arguments == ["roles"]:
        sys.stdout.write(ROLES.script())
        return 0
    commands: dict[str, Callable[[ExchangeSettings], int]] = {
        "migrate": _migrate,
        "verify": _verify,
        "erase --dry-run": _erase,
    }
    command = commands.get(" ".join(arguments))
    if command is None:
        sys.stderr.write(USAGE)
        return 2
    try:
        return command(load_settings(ExchangeSettings))
    except PlatformError as error:
        sys.stderr.write(f"{error}\n")
        if error.fix:
            sys.stderr.write(f"  {error.fix}\n")
        return 1


def _migrate(settings: ExchangeSettings) -> int:
    settings.migrate(ROLES.owner, MIGRATIONS)
    return 0


def _verify(settings: ExchangeSettings) -> int:
    with look_into(settings.place) as connection:
        found = inspect(connection)
    counts = ", ".join(f"{found.deliveries.get(state, 0)} {state}" for state in DeliveryState)
    sys.stdout.write(f"deliveries: {counts}\nacts owed to the log: {found.owed}\n")
    for what, examples in found.broken.items():
        sys.stdout.write(f"BROKEN  {what}: {', '.join(examples)}\n")
    if not found.broken:
        sys.stdout.write("every delivery is accounted for\n")
    return 1 if found.broken else 0


def _erase(settings: ExchangeSettings) -> int:
    with look_into(settings.place) as connection:
        found = due(connection, Retention(settings.retention), system_clock())
    for one in found:
        sys.stdout.write(
            f"{one.rule}: {one.envelopes} envelopes, {one.size:,} bytes;"
            f" {one.days} days after the last copy was closed; {one.why}\n"
        )
    if not found:
        sys.stdout.write("the policy lets nothing go now\n")
    sys.stdout.write("Nothing was erased. Manifests, receipts and events always stay.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
