"""What a party installs: the SDK and the command `sextant`.

`check` runs the Secretariat's rules offline; `Client` deposits envelopes safely, follows them and
collects what comes back; `verify_bundle` checks a copy of record offline; `Home` is a party's
folder and `Trust` what it pins.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sextant_client.errors import VerificationError
from sextant_client.home import Config, Home
from sextant_client.prepare.checking import check
from sextant_client.received import Received
from sextant_client.sent import SentEnvelope
from sextant_client.trust import Trust
from sextant_client.verify import Verified, verify_bundle
from sextant_shared.errors import Code, Finding, PlatformError
from sextant_shared.protocol.envelope import SealRequest, open_envelope, seal
from sextant_shared.rules import Report
from sextant_shared.rules.filings import Filings

if TYPE_CHECKING:
    from sextant_client.client import Client, Deposit

__version__ = "0.1.0"
open = open_envelope  # noqa: A001 -- the pair of `seal`, as the SDK's callers know it
__all__ = [
    "Client",
    "Code",
    "Config",
    "Deposit",
    "Filings",
    "Finding",
    "Home",
    "PlatformError",
    "Received",
    "Report",
    "SealRequest",
    "SentEnvelope",
    "Trust",
    "VerificationError",
    "Verified",
    "check",
    "open",
    "open_envelope",
    "seal",
    "verify_bundle",
]


def __getattr__(name: str) -> Any:
    """Load what sends when it is asked for: whoever checks or verifies needs no network library."""
    if name in {"Client", "Deposit"}:
        return getattr(import_module("sextant_client.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
