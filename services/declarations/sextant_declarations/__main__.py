"""`python -m sextant_declarations serve | check-config | ballast`."""

import sys

from sextant_declarations.app import create_app
from sextant_declarations.settings import DeclarationsSettings
from sextant_shared.chassis.serving import run_service

if __name__ == "__main__":
    sys.exit(run_service("sextant_declarations", DeclarationsSettings, create_app))
