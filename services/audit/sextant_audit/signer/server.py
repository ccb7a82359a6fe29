"""The signer as a process of its own: one guard, one Unix socket, one holder, one ask at a time.

Responsible for who may ask (the kernel names the user of each peer), for having heads signed for
one process alone, and for bounding what a peer can cost: frames, silence, connections. Not
responsible for what may be signed; that is the guard's.

A connection becomes the holder by `hold` and stops being it when it closes, also when its process
dies. All asks run in one thread, so that two can never be answered at once.
"""

import asyncio
import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from sextant_audit.signer.frames import (
    LENGTH_BYTES,
    MAX_FRAME_BYTES,
    Ask,
    AskForRoot,
    AskToSign,
    Message,
    Refused,
    RootSigned,
    Signed,
    Standing,
    format_frame,
    frame_length,
    read_request,
)
from sextant_audit.signer.guard import SignerGuard
from sextant_shared.errors import Code, PlatformError

MAX_CONNECTIONS = 16
_CREDENTIALS = struct.Struct("3i")
_log = structlog.get_logger("sextant.signer")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a peer is waited for."""

    frame_s: float = 5.0  # from the first byte of a frame to its last, and for an answer to leave
    idle_s: float = 5.0  # silence of a peer that holds nothing
    release_s: float = 1.0  # a holder that died a moment ago is still to be noticed


@dataclass(eq=False, slots=True)
class _Peer:
    """One connection and the process at its other end, as the kernel names it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pid: int
    uid: int


class SignerServer:
    """Answers the peers of one socket with one guard."""

    def __init__(
        self, guard: SignerGuard, allowed_uids: frozenset[int], patience: Patience | None = None
    ) -> None:
        self._guard = guard
        self._allowed_uids = allowed_uids
        self._patience = patience or Patience()
        self._tasks: set[asyncio.Task[None]] = set()
        self._holder: _Peer | None = None
        self._free = asyncio.Event()
        self._free.set()

    async def serve(self, listener: socket.socket, stop: asyncio.Event) -> None:
        """Answer until `stop` is set, then let go of all connections."""
        server = await asyncio.start_unix_server(
            self._connected, sock=listener, limit=MAX_FRAME_BYTES
        )
        await stop.wait()
        server.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _Peer(reader, writer, *_credentials(writer))
        crowded = len(self._tasks) >= MAX_CONNECTIONS  # now: those that came together count too
        task = asyncio.create_task(self._attend(peer, crowded=crowded))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attend(self, peer: _Peer, *, crowded: bool) -> None:
        """Answer a peer until it goes away or sends what is no frame."""
        try:
            with suppress(ConnectionError, TimeoutError):
                self._admit(peer, crowded=crowded)
                while (body := await self._read(peer)) is not None:
                    await self._send(peer, await self._answer(peer, read_request(body)))
        except PlatformError as error:  # a frame that is none, or a peer that may not ask
            code, detail = str(error.code), error.detail
            _log.warning("peer refused", pid=peer.pid, uid=peer.uid, code=code, detail=detail)
            with suppress(ConnectionError, TimeoutError):
                await self._send(peer, Refused.of(error))
        finally:
            self._release(peer)
            peer.writer.close()

    def _admit(self, peer: _Peer, *, crowded: bool) -> None:
        if peer.uid not in self._allowed_uids:
            raise PlatformError(
                Code.FORBIDDEN,
                "this user may not ask the signer",
                expected=f"user {', '.join(str(uid) for uid in sorted(self._allowed_uids))}",
                received=f"user {peer.uid}",
                fix="Name the audit service's user in SEXTANT_SIGNER_CLIENT_UIDS.",
            )
        if crowded:
            raise PlatformError(
                Code.UNAVAILABLE, "too many connections to the signer", retry_after_s=1
            )

    async def _read(self, peer: _Peer) -> bytes | None:
        """Return the next frame's body; None when the peer went away or said nothing for long."""
        holds = self._holder is peer
        async with asyncio.timeout(None if holds else self._patience.idle_s):
            first = await peer.reader.read(1)
        if not first:
            return None
        try:
            async with asyncio.timeout(self._patience.frame_s):
                head = first + await peer.reader.readexactly(LENGTH_BYTES - 1)
                return await peer.reader.readexactly(frame_length(head))
        except (asyncio.IncompleteReadError, TimeoutError) as error:
            raise PlatformError(Code.MALFORMED, "a frame ended before its length") from error

    async def _send(self, peer: _Peer, message: Message) -> None:
        peer.writer.write(format_frame(message))
        async with asyncio.timeout(self._patience.frame_s):
            await peer.writer.drain()

    async def _answer(self, peer: _Peer, request: Ask | AskToSign) -> Message:
        """Return the answer; what the guard refuses leaves the connection open."""
        head = request.head if isinstance(request, AskToSign) else None
        try:
            self._require_origin(request.origin)
            if isinstance(request, AskForRoot) and head is not None:
                self._require_holder(peer)
                return RootSigned.of(self._guard.sign_root(*head))
            if head is not None:
                return self._sign(peer, *head)
            if request.op == "hold":
                await self._hold(peer)
        except PlatformError as error:
            tell = _log.critical if error.code is Code.INTEGRITY else _log.warning
            detail, evidence = error.detail, error.evidence
            tell("refused", code=str(error.code), detail=detail, evidence=evidence, pid=peer.pid)
            return Refused.of(error)
        guard = self._guard
        return Standing.of(guard.keys, guard.receipt_key, guard.size, guard.root)

    def _require_origin(self, origin: str) -> None:
        own = self._guard.keys.origin
        if origin != own:
            raise PlatformError(
                Code.KEY,
                "this signer signs for another log",
                expected=own,
                received=origin[:80],
                fix="Correct the origin, or the socket, in the audit service's settings.",
            )

    def _sign(self, peer: _Peer, size: int, root: bytes, path: list[bytes]) -> Signed:
        self._require_holder(peer)
        return Signed(v=1, checkpoint=self._guard.sign(size, root, path).checkpoint)

    def _require_holder(self, peer: _Peer) -> None:
        if self._holder is not peer:
            raise PlatformError(
                Code.STATE, "heads are signed for who holds the signer", fix="Ask to hold it first."
            )

    async def _hold(self, peer: _Peer) -> None:
        if self._holder is peer:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.release_s):
                await self._free.wait()
        if (holder := self._holder) is not None:
            raise PlatformError(
                Code.STATE,
                "another process holds the signer",
                received=f"process {holder.pid} of user {holder.uid}",
                fix="A log has one sequencer: stop the other process first.",
            )
        self._holder = peer
        self._free.clear()
        _log.info("held", pid=peer.pid, uid=peer.uid, size=self._guard.size)

    def _release(self, peer: _Peer) -> None:
        if self._holder is peer:
            self._holder = None
            self._free.set()
            _log.info("released", pid=peer.pid, size=self._guard.size)


def listen(path: Path, group: int | None = None) -> socket.socket:
    """Return a socket that listens at `path`, open to its owner (0600) or to a group too (0660).

    Call it while holding the signer's state: what a dead signer left at `path` is then replaced.

    Raises:
        PlatformError: `E_STATE` when the path cannot be used, or something else stands there, or
            this system does not name the user of a peer.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        raise PlatformError(
            Code.STATE,
            "this system does not say which user connects",
            expected="Linux, with SO_PEERCRED",
            fix="Unset SEXTANT_AUDIT_SIGNER_SOCKET: the signer then lives in the audit service.",
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # never wider, not for a moment
    try:
        _remove_left_over(path)
        listener.bind(str(path))
        if group is not None:
            os.chown(path, -1, group)
            path.chmod(0o660)
        listener.listen(MAX_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise PlatformError(
            Code.STATE,
            f"cannot listen at {path}: {error.strerror or error}",
            expected="a path of at most 107 bytes in a folder that the signer may write",
            fix="Correct SEXTANT_SIGNER_SOCKET or SEXTANT_SIGNER_SOCKET_GROUP.",
        ) from error
    finally:
        os.umask(before)
    return listener


def _remove_left_over(path: Path) -> None:
    """Remove the socket of a signer that died; anything else is left where it stands."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def _credentials(writer: asyncio.StreamWriter) -> tuple[int, int]:
    """Return process and user at the other end, as the kernel saw them when it connected."""
    data = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size
    )
    pid, uid, _ = _CREDENTIALS.unpack(data)
    return pid, uid
