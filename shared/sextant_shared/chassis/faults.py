"""Tells a fault of the store from a mistake of the work that ran on it.

A full disk, a lock, an unreadable file or a server that is away concerns everybody whose work
shares the transaction; a broken constraint or a wrong statement concerns one caller alone, who gets
it raw.
"""

import sqlite3

import structlog
from sqlalchemy.exc import DBAPIError

from sextant_shared.errors import Code, PlatformError
from sextant_shared.nul import holds_nul

RETRY_AFTER_S = 2
_PRIMARY = 0xFF  # SQLite's extended result codes carry the primary one in the low byte
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NO_TEXT = "Could not decode to UTF-8"
_NO_NUL = "cannot contain NUL"
# PostgreSQL's SQLSTATE (appendix A of its manual); a class is the first two characters.
_PASSING_STATES = (
    "08",  # connection
    "25006",  # a standby that took over is still read-only
    "25P03",  # idle in a transaction for too long
    "28",  # a password or certificate that is refused: the operator's to mend
    "3D000",  # no such database
    "40",  # serialization, deadlock: repeat
    "53",  # disk full, memory, too many connections
    "55P03",  # lock not to be had in time
    "57",  # cancelled by a time-out, server stopping or starting
    "58",  # input or output
)
_DAMAGED_STATES = ("XX001", "XX002")
# Without a SQLSTATE the server said nothing: it was not reached, or the line broke.
_UNHEARD = frozenset({"OperationalError", "InterfaceError", "ConnectionTimeout"})
_log = structlog.get_logger("sextant.store")


def is_fault(error: Exception) -> bool:
    """Return whether the store itself failed."""
    return _is_damage(error) or _is_passing(error)


def told_of(error: Exception) -> PlatformError | None:
    """Return what callers are told: of a fault, or of a value that a server cannot keep.

    None is for all other mistakes. An embedded file would keep a NUL in a text, a server does not.
    """
    if is_fault(error):
        return fault_of(error)
    if isinstance(error, DBAPIError) and state_of(error) is None and _NO_NUL in str(error.orig):
        return holds_nul()  # every edge refuses it; what comes by another way is refused here
    return None


def fault_of(error: Exception) -> PlatformError:
    """Log what the store said, and return what callers are told: no statement, no path."""
    _log.error("the store failed", reason=str(_original(error)))
    if _is_damage(error):
        return damaged()
    return PlatformError(
        Code.UNAVAILABLE,
        "the store cannot answer now",
        fix="Repeat later; the operator sees the cause in the log.",
        retry_after_s=RETRY_AFTER_S,
    )


def damaged() -> PlatformError:
    """Return what callers are told of a file that is not what was written."""
    return PlatformError(
        Code.INTEGRITY,
        "the store's file is damaged",
        fix="Stop the service and restore the file; nothing more is written to it.",
    )


def _is_damage(error: Exception) -> bool:
    state = state_of(error) or ""
    return _code(error) in _DAMAGE or _is_unreadable(error) or state.startswith(_DAMAGED_STATES)


def _is_unreadable(error: Exception) -> bool:
    """Whether a text of the file is none, for which the driver has no code.

    Texts are written by us and are UTF-8: what cannot be read back was changed on the disk.
    """
    original = _original(error)
    return isinstance(original, sqlite3.OperationalError) and _NO_TEXT in str(original)


def _is_passing(error: Exception) -> bool:
    original = _original(error)
    if not hasattr(original, "sqlstate"):
        return _code(error) in _PASSING
    state = state_of(error)
    if state is None:
        return type(original).__name__ in _UNHEARD
    return state.startswith(_PASSING_STATES)


def _original(error: Exception) -> BaseException:
    """Return the driver's own error; where savepoints are set it comes without a wrapper."""
    return error.orig or error if isinstance(error, DBAPIError) else error


def _code(error: Exception) -> int:
    return int(getattr(_original(error), "sqlite_errorcode", 0)) & _PRIMARY


def state_of(error: Exception) -> str | None:
    """Return the SQLSTATE that a server gave; None when it gave none."""
    state: str | None = getattr(_original(error), "sqlstate", None)
    return state
