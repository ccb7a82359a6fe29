"""`python -m sextant_declarations refill`: fetches what the vault lacks, before the service starts.

An embedded file is opened for this process alone. On a server it may run beside services: it reads
the register, stages in a folder of its own, and keeps a file under the name of its digest.
"""

import asyncio
from contextlib import AsyncExitStack

import httpx

from sextant_declarations.app.migrating import open_register
from sextant_declarations.app.workshops import open_workshop
from sextant_declarations.clients.bench import read_passphrase
from sextant_declarations.clients.exchange import HttpExchange
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.refilling import Refill, Refilled
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.registry import read_trust_file
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.taken_in import SqlTakenIn
from sextant_declarations.storage.vault import FileVault
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock, system_clock
from sextant_shared.protocol.channel import open_channel
from sextant_shared.protocol.keyfiles import read_key_file


async def refill_vault(
    settings: DeclarationsSettings,
    *,
    clock: Clock = system_clock,
    exchange: httpx.AsyncBaseTransport | None = None,
) -> Refilled:
    """Fetch from the exchange, with this room's own access key, what the vault lacks.

    Raises:
        PlatformError: `E_UNAVAILABLE` while a service has the embedded file open, or when the
            exchange does not answer; `E_KEY`, `E_MALFORMED` or `E_INTEGRITY` for files that do not
            fit.
    """
    trust = read_trust_file(settings.trust_file, settings.party)
    async with AsyncExitStack() as stack:
        database = open_register(settings, StatePolicy(settings.states))
        stack.callback(database.close)
        telemetry = Telemetry("declarations", settings)
        stack.callback(telemetry.shutdown)
        key = read_key_file(settings.exchange_key_file, read_passphrase(settings.passphrase_file))
        client = ServiceClient(
            settings.exchange_url,
            client_id=settings.exchange_client_id,
            signer=key.signer,
            clock=clock,
            telemetry=telemetry,
            transport=exchange,
            tls=open_channel(settings.tls_ca_file, settings.tls_certificate_file),
        )
        stack.push_async_callback(client.close)
        mailbox = HttpExchange(client, settings.party)
        workshop = await asyncio.to_thread(open_workshop, settings, stack)
        vault = FileVault(settings.vault)
        stack.callback(vault.close)
        fill = Refill(
            page=SqlTakenIn(database).page,
            mailbox=mailbox,
            directory=Directory(mailbox, trust, clock),
            workshop=workshop,
            vault=vault,
        )
        return await fill()
