"""The port of an object store: files by name, whole or not at all, in a folder or behind S3.

What holds for every back end, and what the tests of the port try on each:

*   `put` returns when the object is durable and its bytes have passed the check. What fails
    midway leaves no object; another reader sees all of it or nothing.
*   An object is never changed and no other takes its name: whoever puts under a name that is taken
    is told so, and the first one stays.
*   Memory does not grow with an object: it is read and written in pieces.
*   A store that is away raises `E_UNAVAILABLE` with a time to come back, never anything else, and
    never waits longer than its settings say.

Not responsible for what the bytes mean nor for who may read them.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from sextant_shared.errors import Code, PlatformError

READ_BYTES = 1 << 20  # one request to a store, and what one reader holds in memory
PAGE = 500  # names in one page of a list
RETRY_S = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One object in a list; `modified` is in unix seconds, by the store's clock."""

    name: str
    size: int
    modified: float


class Check(Protocol):
    """Looks at the bytes of one object as they pass, first to last."""

    def add(self, block: bytes) -> None:
        """Take the next bytes. Raises when they cannot belong to the object."""
        ...

    def end(self) -> None:
        """Raise unless these were all bytes, and the right ones."""
        ...


class ObjectStore(Protocol):
    """A store of objects."""

    @property
    def title(self) -> str:
        """What messages call it; no address."""
        ...

    async def put(self, name: str, source: Path, check: Check) -> bool:
        """Store a file; return False, and change nothing, when the name is taken.

        Raises `E_UNAVAILABLE`, and what the check raises. The file stays where it is and is
        never written to again: in a folder it may be the object itself, under a second name.
        """
        ...

    async def size(self, name: str) -> int | None:
        """Return how many bytes an object has, None when there is none. Raises `E_UNAVAILABLE`."""
        ...

    def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of an object from `start` to before `end`.

        Raises `E_INTEGRITY` when there is no such object, `E_UNAVAILABLE`.
        """
        ...

    async def delete(self, names: Sequence[str]) -> None:
        """Remove objects; one that is gone already is no error. Raises `E_UNAVAILABLE`."""
        ...

    def items(self) -> AsyncIterator[list[Item]]:
        """Yield all objects, page by page; unfinished ones are not among them."""
        ...

    async def unfinished(self, before: float, *, remove: bool) -> int:
        """Return how many puts from before that time nobody ended; remove what they left."""
        ...

    async def probe(self) -> None:
        """Return if the store answers. Raises `E_UNAVAILABLE`."""
        ...


class Digest:
    """The check of bytes whose SHA-256 is known."""

    def __init__(self, digest: bytes) -> None:
        self._expected = digest
        self._hash = sha256()

    def add(self, block: bytes) -> None:
        """Take the next bytes."""
        self._hash.update(block)

    def end(self) -> None:
        """Compare.

        Raises:
            PlatformError: `E_INTEGRITY`.
        """
        received = self._hash.digest()
        if received != self._expected:
            raise PlatformError(
                Code.INTEGRITY,
                "an object is not the one that was meant",
                expected=self._expected.hex(),
                received=received.hex(),
            )


async def checked(pieces: AsyncIterator[bytes], check: Check) -> AsyncIterator[bytes]:
    """Pass pieces on; the last one only when the check has passed.

    So who reads a damaged object gets less of it than was announced, never all of it.

    Raises:
        PlatformError: what the check raises.
    """
    held: bytes | None = None
    async for piece in pieces:
        check.add(piece)
        if held is not None:
            yield held
        held = piece
    check.end()
    if held is not None:
        yield held


def away(title: str, what: str) -> PlatformError:
    """Return the error of a store that cannot do its work now."""
    return PlatformError(Code.UNAVAILABLE, f"{title} {what}", retry_after_s=RETRY_S)


def gone() -> PlatformError:
    """Return the error of an object that is not there and should be."""
    return PlatformError(
        Code.INTEGRITY,
        "a stored object is gone",
        fix="Restore the objects of the same backup as the database, or of a later one.",
    )
