"""`python -m sextant_exchange serve | check-config`."""

import sys

from sextant_exchange.app import create_app
from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.serving import run_service

if __name__ == "__main__":
    sys.exit(run_service("sextant_exchange", ExchangeSettings, create_app))
