"""Commands: serve, check-config, ballast, verify, erase, blobs; roles, migrate for a server."""

import asyncio
import sys
from collections.abc import Callable

from sextant_exchange.app import MIGRATIONS, create_app
from sextant_exchange.domain.recovery import sweep
from sextant_exchange.domain.retention import Retention
from sextant_exchange.settings import ExchangeSettings
from sextant_exchange.storage.blobs import BlobStore
from sextant_exchange.storage.holdings import Known, compare
from sextant_exchange.storage.inspection import due, inspect, look_into
from sextant_exchange.storage.roles import ROLES
from sextant_shared.chassis.objects.opening import open_objects
from sextant_shared.chassis.serving import run_service
from sextant_shared.chassis.settings import load_settings
from sextant_shared.clock import system_clock
from sextant_shared.errors import PlatformError
from sextant_shared.models.exchange import DeliveryState

USAGE = """usage: python -m sextant_exchange COMMAND
  serve            serve the exchange; it erases by itself what the retention policy lets go
  check-config     print the settings
  ballast          say how the ballast file stands; ballast release | fill, also while it is served
  verify           check that every delivery is accounted for; safe while it is served
  erase --dry-run  say what the policy lets go now, and erase nothing; safe while it is served
  blobs            check that the large container of every envelope is there; with --read, that it
                   is the one that was deposited; with --sweep, remove what is there for nobody
  roles            print what makes roles and database on a PostgreSQL server, for psql
  migrate          make or renew the tables there, as their owner; before new versions
"""


def main(arguments: list[str]) -> int:
    """Run one command; return the exit status: 0 done, 1 refused or broken, 2 not understood."""
    if arguments[:1] in (["serve"], ["check-config"], ["ballast"]):
        return run_service("sextant_exchange", ExchangeSettings, create_app, arguments)
    if arguments == ["roles"]:
        sys.stdout.write(ROLES.script())
        return 0
    commands: dict[str, Callable[[ExchangeSettings], int]] = {
        "migrate": _migrate,
        "verify": _verify,
        "erase --dry-run": _erase,
        "blobs": lambda settings: asyncio.run(_blobs(settings)),
        "blobs --read": lambda settings: asyncio.run(_blobs(settings, read=True)),
        "blobs --sweep": lambda settings: asyncio.run(_blobs(settings, remove=True)),
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


async def _blobs(settings: ExchangeSettings, *, read: bool = False, remove: bool = False) -> int:
    objects = open_objects(settings, "blobs")
    with look_into(settings.place) as connection:
        found = await compare(connection, objects, read=read)
        blobs = BlobStore(objects, settings.data_dir)
        left = await sweep(blobs, Known(connection), settings.sweep_age_s, remove=remove)
    sys.stdout.write(f"large containers: {found.blobs:,}, {found.size:,} bytes\n")
    sys.stdout.write(
        f"{'removed' if remove else 'there for nobody'}: {left.orphans:,} blobs,"
        f" {left.unfinished:,} puts that nobody ended; older than {settings.sweep_age_s:,.0f} s\n"
    )
    sys.stdout.writelines(f"{example}\n" for example in found.examples)
    if found.wrong:
        sys.stdout.write(f"{len(found.wrong):,} large containers are not as they were deposited\n")
        return 1
    sys.stdout.write(f"every large container is {'as it was deposited' if read else 'there'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
