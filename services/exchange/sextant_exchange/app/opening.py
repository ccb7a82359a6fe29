"""What the exchange is opened with: pinned files, the log's client, who may call."""

from pathlib import Path

import httpx

from sextant_exchange.domain.directory import PartyClients
from sextant_exchange.domain.registration import Registration
from sextant_exchange.domain.uploads import UploadBounds
from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.identity import ClientRecord, Identity, StaticDirectory
from sextant_shared.chassis.reloading import Reloading
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Model, read_model
from sextant_shared.protocol.channel import open_channel
from sextant_shared.protocol.keyfiles import read_key_file

MAX_PINS_BYTES = 1 << 20


class Directory:
    """Static clients first, then parties by their documents."""

    def __init__(self, static: StaticDirectory, registration: Registration) -> None:
        self._static = static
        self._parties = PartyClients(registration)

    def find(self, client_id: str, kid: str) -> ClientRecord:
        """Return the client, or raise `E_AUTH`."""
        if self._static.knows(client_id):
            return self._static.find(client_id, kid)
        return ClientRecord(*self._parties.find(client_id, kid))


def audit_client(
    settings: ExchangeSettings,
    clock: Clock,
    telemetry: Telemetry,
    transport: httpx.AsyncBaseTransport | None,
) -> ServiceClient:
    """Return the authenticated client of the log."""
    return ServiceClient(
        settings.audit_url,
        client_id=settings.audit_client_id,
        signer=read_key_file(settings.audit_key_file).signer,
        clock=clock,
        telemetry=telemetry,
        transport=transport,
        tls=open_channel(settings.tls_ca_file, settings.tls_certificate_file),
    )


def rereading(
    settings: ExchangeSettings, static: StaticDirectory, identity: Identity, audit: ServiceClient
) -> Reloading:
    """Name the files that are read again when the operator asks for it; pins are not among them."""
    reloading = Reloading()
    reloading.add("clients_file", lambda: static.renew(settings.clients_file))
    reloading.add(
        "issuer_key_file", lambda: identity.renew(read_key_file(settings.issuer_key_file).signer)
    )
    reloading.add(
        "audit_key_file", lambda: audit.renew(read_key_file(settings.audit_key_file).signer)
    )
    return reloading


def upload_bounds(settings: ExchangeSettings) -> UploadBounds:
    """Return what uploads under way may take."""
    return UploadBounds(
        per_party=settings.uploads_per_party,
        lifetime_s=settings.upload_lifetime_s,
        keep_bytes=settings.upload_keep_bytes,
    )


def read_pin(path: Path, model: type[Model]) -> Model:
    """Return a pinned file.

    Raises:
        PlatformError: `E_MALFORMED`, also for one that does not open.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.MALFORMED, f"the pinned file {path} does not open: {error.strerror}"
        ) from error
    return read_model(model, parse_json(data, max_bytes=MAX_PINS_BYTES))
