"""What the signer remembers: the size and root of the newest head it agreed to sign.

Responsible for making that memory durable before it is acted on, and for refusing memory that is
damaged. Kept in one small file outside the ledger: whoever restores the ledger from a backup does
not restore this file, so a fork cannot be signed.

The file has two slots of 512 bytes, each one line of JSON padded with blanks and sealed by a
checksum. Writes alternate between them, each followed by fdatasync. If we stop while a slot is
being written, it fails its checksum and the other slot, the state before, counts: nothing was
signed under the state that was lost, because signing comes after.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sextant_shared.encoding import b64, b64_decode, canonical_json, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT, HASH_SIZE
from sextant_shared.protocol.keyfiles import write_private_file

SLOT_BYTES = 512
_SLOTS = 2


@dataclass(frozen=True, slots=True)
class Memory:
    """The newest head the signer agreed to; `generation` counts the writes."""

    origin: str
    generation: int
    size: int
    root: bytes


class StateFile:
    """The open state file. Owned by the guard, which serialises its use."""

    def __init__(self, descriptor: int, path: Path, memory: Memory) -> None:
        self._descriptor = descriptor
        self._path = path
        self.memory = memory

    @classmethod
    def create(cls, path: Path, origin: str, head: tuple[int, bytes] = (0, EMPTY_ROOT)) -> Self:
        """Create the file with the memory of an empty log, or of a head; durable on return.

        Raises:
            PlatformError: `E_STATE` when it exists, `E_UNAVAILABLE` when it cannot be written.
        """
        if path.exists():
            raise PlatformError(Code.STATE, f"the signer's state {path} exists")
        begun = path.with_suffix(".new")
        try:
            begun.unlink(missing_ok=True)
            write_private_file(begun, bytes(SLOT_BYTES) + _format(Memory(origin, 1, *head)))
            begun.rename(path)
            _sync_folder(path.parent)
        except OSError as error:
            raise _unavailable(path, error) from error
        return cls.open(path, origin)

    @classmethod
    def open(cls, path: Path, origin: str) -> Self:
        """Open the file for this process alone and read what it remembers.

        Raises:
            PlatformError: `E_INTEGRITY` when it is missing, damaged or of another log; `E_STATE`
                when another process holds it.
        """
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError as error:
            raise _missing(path) from error
        except OSError as error:
            raise _unavailable(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(descriptor, path, read_memory(path, origin))
        except BlockingIOError as error:
            os.close(descriptor)
            raise PlatformError(
                Code.STATE,
                f"another process holds the signer's state {path}",
                fix="A log has one sequencer: stop the other process first.",
            ) from error
        except PlatformError:
            os.close(descriptor)
            raise

    def remember(self, size: int, root: bytes) -> None:
        """Remember a head; it is durable on return.

        Raises:
            PlatformError: `E_UNAVAILABLE` when it could not be made durable; the memory before
                still counts.
        """
        memory = Memory(self.memory.origin, self.memory.generation + 1, size, root)
        slot = memory.generation % _SLOTS * SLOT_BYTES
        try:
            os.pwrite(self._descriptor, _format(memory), slot)
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise _unavailable(self._path, error) from error
        self.memory = memory

    def close(self) -> None:
        """Release the file."""
        os.close(self._descriptor)


def read_memory(path: Path, origin: str) -> Memory:
    """Return what the file remembers, without holding it.

    Raises:
        PlatformError: `E_INTEGRITY` when it is missing, damaged or of another log.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise _missing(path) from error
    except OSError as error:
        raise _unavailable(path, error) from error
    slots = [_parse(data[i * SLOT_BYTES : (i + 1) * SLOT_BYTES]) for i in range(_SLOTS)]
    found = [memory for memory in slots if memory is not None]
    if not found or any(memory.origin != origin for memory in found):
        raise PlatformError(
            Code.INTEGRITY,
            f"the signer's state {path} is damaged or of another log",
            expected=f"the memory of {origin}",
            received=", ".join(memory.origin for memory in found) or "nothing readable",
            fix="Restore the signer's folder.",
        )
    return max(found, key=lambda memory: memory.generation)


def _format(memory: Memory) -> bytes:
    members = {
        "origin": memory.origin,
        "generation": memory.generation,
        "size": memory.size,
        "root": b64(memory.root),
    }
    checksum = b64(sha256(canonical_json(members)))
    return canonical_json({**members, "sha256": checksum}).ljust(SLOT_BYTES - 1) + b"\n"


def _parse(slot: bytes) -> Memory | None:
    """Return the memory in a slot, or None when the slot was never written whole."""
    try:
        members = parse_json(slot.strip(), max_bytes=SLOT_BYTES)
        memory = Memory(
            members["origin"],
            members["generation"],
            members["size"],
            b64_decode(members["root"], HASH_SIZE),
        )
        return memory if _format(memory) == slot else None
    except (PlatformError, KeyError, TypeError):
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _missing(path: Path) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        f"the signer's state {path} is missing",
        fix="Restore the signer's folder; for a new log run `python -m sextant_audit init`.",
    )


def _unavailable(path: Path, error: OSError) -> PlatformError:
    return PlatformError(
        Code.UNAVAILABLE,
        f"the signer's state {path} cannot be used: {error.strerror}",
        retry_after_s=5,
    )
