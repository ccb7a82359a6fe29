"""`python -m sextant_declarations serve | check-config | ballast | roles | migrate | refill`."""

import asyncio
import sys

from sextant_declarations.app import create_app
from sextant_declarations.app.migrating import migrate_register
from sextant_declarations.app.refilling import refill_vault
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.roles import ROLES
from sextant_shared.chassis.serving import run_service
from sextant_shared.chassis.settings import load_settings
from sextant_shared.errors import PlatformError


def main(arguments: list[str]) -> int:
    """Run one command; return the exit status: 0 done, 1 refused, 2 not understood."""
    if arguments == ["roles"]:
        sys.stdout.write(ROLES.script())
        return 0
    command = {"migrate": _migrate, "refill": _refill}.get(" ".join(arguments))
    if command is None:
        return run_service("sextant_declarations", DeclarationsSettings, create_app, arguments)
    try:
        return command(load_settings(DeclarationsSettings))
    except PlatformError as error:
        sys.stderr.write(f"{error}\n")
        if error.fix:
            sys.stderr.write(f"  {error.fix}\n")
        return 1


def _migrate(settings: DeclarationsSettings) -> int:
    migrate_register(settings)
    return 0


def _refill(settings: DeclarationsSettings) -> int:
    """Fill the vault again; say what nobody has."""
    done = asyncio.run(refill_vault(settings))
    sys.stdout.write(f"{done.filled} envelopes have their files again\n")
    for line in done.lacking:
        sys.stderr.write(f"  not to be had: {line}\n")
    return 1 if done.lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
