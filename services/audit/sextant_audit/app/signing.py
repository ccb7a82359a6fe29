"""Which signer the log has: the guard in this process, or one that listens at a socket.

Responsible for the one place where the two differ. With `SIGNER_SOCKET` set nothing here looks into
a signer's folder.
"""

import asyncio
from pathlib import Path
from typing import Protocol

from sextant_audit.domain.ports import CrashPoint, HeadSigner
from sextant_audit.settings import AuditSettings
from sextant_audit.signer.folder import (
    add_receipt_key,
    create_signer,
    has_state,
    open_signer,
    read_passphrase,
    read_public,
    read_receipt_key,
)
from sextant_audit.signer.remote import RemoteSigner, look, look_at_keys
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.cose_receipts import ReceiptKey


class OpenSigner(HeadSigner, Protocol):
    """A signer held for this process."""

    def close(self) -> None:
        """Let go of it."""
        ...


def hold_signer(settings: AuditSettings, clock: Clock, crash_point: CrashPoint) -> OpenSigner:
    """Hold the log's signer for this process.

    Raises:
        PlatformError: `E_KEY`, `E_INTEGRITY`, `E_STATE` when another process holds it,
            `E_UNAVAILABLE`.
    """
    if settings.signer_socket is not None:
        return _connect(settings, settings.signer_socket)
    passphrase = read_passphrase(settings.signer_passphrase_file)
    return open_signer(settings.signer_folder, settings.origin, clock, passphrase, crash_point)


def begin_signer(settings: AuditSettings, clock: Clock) -> OpenSigner:
    """Hold the signer of a log that is to begin; in this process its keys are made first.

    Raises:
        PlatformError: `E_STATE` when a log was begun here, and as `hold_signer`.
    """
    if settings.signer_socket is not None:
        return _connect(settings, settings.signer_socket)
    folder = settings.signer_folder
    passphrase = read_passphrase(settings.signer_passphrase_file)
    return create_signer(folder, settings.origin, clock, passphrase)


def read_signed(settings: AuditSettings) -> tuple[LogKeys, int, bytes]:
    """Return the log's identity, and size and root that were signed last, without holding anything.

    Raises:
        PlatformError: `E_KEY`, `E_INTEGRITY`, `E_UNAVAILABLE`.
    """
    if settings.signer_socket is not None:
        return look(settings.signer_socket, settings.origin, settings.signer_timeout_s)
    keys, memory = read_public(settings.signer_folder, settings.origin)
    return keys, memory.size, memory.root


def read_identity(settings: AuditSettings) -> tuple[LogKeys, ReceiptKey | None]:
    """Return all public keys of the log, without holding anything.

    Raises:
        PlatformError: `E_KEY`, `E_INTEGRITY`, `E_UNAVAILABLE`.
    """
    if settings.signer_socket is not None:
        return look_at_keys(settings.signer_socket, settings.origin, settings.signer_timeout_s)
    keys, _ = read_public(settings.signer_folder, settings.origin)
    return keys, read_receipt_key(settings.signer_folder, settings.origin)


def make_receipt_key(settings: AuditSettings) -> None:
    """Give a log that was begun without one the key of its COSE receipts.

    Raises:
        PlatformError: `E_STATE` when it has one, or when the keys lie with a signer elsewhere.
    """
    if settings.signer_socket is not None:
        raise PlatformError(
            Code.STATE,
            "the log's keys lie with its signer",
            fix="Run `python -m sextant_audit.signer add-receipt-key`, then start it anew.",
        )
    passphrase = read_passphrase(settings.signer_passphrase_file)
    add_receipt_key(settings.signer_folder, settings.origin, passphrase)


def remembers_log(settings: AuditSettings) -> bool:
    """Whether the signer remembers a log; its keys alone make none over a socket.

    Raises:
        PlatformError: `E_UNAVAILABLE` when no signer answers at the socket.
    """
    if settings.signer_socket is not None:
        _, size, _ = read_signed(settings)
        return size > 0
    return has_state(settings.signer_folder)


async def check_signer(signer: OpenSigner) -> dict[str, str]:
    """Return the check of a signer elsewhere: `ok`, or the code of what keeps it from signing."""
    if not isinstance(signer, RemoteSigner):
        return {}
    try:
        await asyncio.to_thread(signer.check)
    except PlatformError as error:
        return {"signer": str(error.code)}
    return {"signer": "ok"}


def _connect(settings: AuditSettings, socket: Path) -> RemoteSigner:
    return RemoteSigner.connect(socket, settings.origin, settings.signer_timeout_s)
