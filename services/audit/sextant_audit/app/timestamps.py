"""Puts the time-stamping of published heads together from the settings."""

from collections.abc import Callable

from sextant_audit.clients.timestamps import HttpAuthority
from sextant_audit.domain.ports import Head
from sextant_audit.domain.timestamping import Authority, Timestamping
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.timestamps import TimestampFolder
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.timestamps import read_roots


def make_timestamping(
    settings: AuditSettings, telemetry: Telemetry, clock: Clock, head: Callable[[], Head | None]
) -> Timestamping:
    """Return the time-stamping that the settings ask for; without an address it only reads.

    Raises:
        PlatformError: `E_STATE` for an address without roots, `E_KEY` for roots that do not load.
    """
    folder = TimestampFolder(settings.data_dir / "timestamps")
    return Timestamping(folder, head, clock, _authority(settings, telemetry))


def _authority(settings: AuditSettings, telemetry: Telemetry) -> Authority | None:
    if settings.timestamp_url is None:
        return None
    path = settings.timestamp_ca_file
    if path is None:
        raise PlatformError(
            Code.STATE,
            "an authority is to time-stamp, and no roots are pinned for it",
            fix="Set SEXTANT_AUDIT_TIMESTAMP_CA_FILE to its root certificates (PEM).",
        )
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.STATE,
            f"cannot read the roots of the time-stamping authority, {path.name}",
            fix="Correct SEXTANT_AUDIT_TIMESTAMP_CA_FILE.",
        ) from error
    http = HttpAuthority(telemetry, settings.timestamp_url, settings.timestamp_timeout_s)
    return Authority(http.ask, read_roots(pem), settings.timestamp_interval_s)
