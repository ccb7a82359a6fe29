"""How long certificates still hold that others present for a service: its proxy's, a client's.

Responsible for reading their end, as often as numbers are sent: who renews one tells nobody. Not
responsible for trust in them. One that cannot be read counts as ended: an alarm, never a gap.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography import x509

from sextant_shared.clock import Clock, system_clock


def seconds_left(paths: Sequence[Path], clock: Clock = system_clock) -> Mapping[str, float] | None:
    """Return for each file, by its path, how long all certificates in it still hold."""
    return {str(path): _left(path, clock()) for path in paths} or None


def _left(path: Path, now: float) -> float:
    try:
        chain = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return 0.0
    return max(0.0, min(one.not_valid_after_utc.timestamp() for one in chain) - now)
