"""Opens the workshop, where envelopes are opened: what its processes may use, and take."""

from contextlib import AsyncExitStack

from sextant_declarations.clients.bench import FreshBench, Tools
from sextant_declarations.clients.workshop import ProcessWorkshop, ThreadWorkshop
from sextant_declarations.domain.packages import Unpack
from sextant_declarations.settings import DeclarationsSettings
from sextant_shared.protocol.archives import ArchiveLimits
from sextant_shared.protocol.package import PackageLimits


def open_workshop(
    settings: DeclarationsSettings, stack: AsyncExitStack
) -> ProcessWorkshop | ThreadWorkshop:
    """Return the open workshop: processes of its own, or a thread for tests and debuggers."""
    tools = Tools(
        party=settings.party,
        trust_file=settings.trust_file,
        sealing_key_files=settings.sealing_key_files,
        signing_key_files=settings.signing_key_files,
        key_folder=settings.key_folder,
        passphrase_file=settings.passphrase_file,
        created_tolerance_s=settings.created_tolerance_s,
        max_declaration_bytes=settings.max_declaration_bytes,
        max_declaration_values=settings.max_declaration_values,
        max_filings_bytes=settings.max_filings_bytes,
        process_memory_bytes=settings.process_memory_bytes,
        token=settings.token,
        unpack=Unpack(
            PackageLimits(parts=settings.max_package_parts),
            ArchiveLimits(
                ratio=settings.max_archive_ratio,
                bytes_=settings.max_archive_bytes,
                entries=settings.max_archive_entries,
            ),
        ),
    )
    if settings.isolation == "thread":
        here = ThreadWorkshop(FreshBench(tools))
        stack.callback(here.close)
        return here
    workshop = ProcessWorkshop(
        tools,
        processes=settings.processes,
        jobs_per_process=settings.jobs_per_process,
        job_timeout_s=settings.job_timeout_s,
    )
    stack.callback(workshop.close)
    workshop.open()
    return workshop
