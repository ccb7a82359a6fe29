"""Tells a fault of the store from a mistake of the work that ran on it.

A full disk, a lock or an unreadable file concerns everybody whose work shares the transaction; a
broken constraint or a wrong statement concerns one caller alone, who gets it raw.
"""

import sqlite3

import structlog
from sqlalchemy.exc import DBAPIError

from sextant_shared.errors import Code, PlatformError

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
_log = structlog.get_logger("sextant.store")


def is_fault(error: Exception) -> bool:
    """Return whether the store itself failed."""
    return _is_unreadable(error) or _code(error) in _PASSING | _DAMAGE


def fault_of(error: DBAPIError) -> PlatformError:
    """Log what the store said, and return what callers are told: no statement, no path."""
    _log.error("the store failed", reason=str(error.orig))
    if _is_unreadable(error) or _code(error) in _DAMAGE:
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


def _is_unreadable(error: Exception) -> bool:
    """Whether a text of the file is none, for which the driver has no code.

    Texts are written by us and are UTF-8: what cannot be read back was changed on the disk.
    """
    original = error.orig if isinstance(error, DBAPIError) else None
    return isinstance(original, sqlite3.OperationalError) and _NO_TEXT in str(original)


def _code(error: Exception) -> int:
    original = error.orig if isinstance(error, DBAPIError) else None
    return int(getattr(original, "sqlite_errorcode", 0)) & _PRIMARY
