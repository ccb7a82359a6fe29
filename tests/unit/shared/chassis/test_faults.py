"""What a store says, and whether everybody is told to come back."""

import sqlite3

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from sextant_shared.chassis.faults import fault_of, is_fault
from sextant_shared.errors import Code

PASSING = [
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.DiskFull,
    errors.OutOfMemory,
    errors.TooManyConnections,
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleInTransactionSessionTimeout,
    errors.ReadOnlySqlTransaction,
    errors.IoError,
    errors.ConnectionFailure,
    errors.InvalidPassword,
    psycopg.OperationalError,  # without a SQLSTATE: the server was not heard
    psycopg.InterfaceError,
]
MISTAKES = [
    errors.UniqueViolation,
    errors.IntegrityConstraintViolation,
    errors.CheckViolation,
    errors.SyntaxError,
    errors.InsufficientPrivilege,
    errors.UndefinedTable,
    psycopg.ProgrammingError,
]


def wrapped(error: Exception) -> DBAPIError:
    return DBAPIError("SELECT secret", None, error)


@pytest.mark.parametrize("kind", PASSING)
def test_a_fault_that_passes_is_told_with_a_time_to_come_back(kind: type[Exception]) -> None:
    for error in (kind("role x at 10.0.0.1"), wrapped(kind("role x at 10.0.0.1"))):
        assert is_fault(error)
        told = fault_of(error)
        assert (told.code, bool(told.retry_after_s)) == (Code.UNAVAILABLE, True)
        assert "10.0.0.1" not in f"{told} {told.fix}"
        assert "secret" not in f"{told} {told.fix}"


@pytest.mark.parametrize("kind", [errors.DataCorrupted, errors.IndexCorrupted])
def test_damage_is_not_told_as_passing(kind: type[Exception]) -> None:
    assert fault_of(wrapped(kind("page"))).code is Code.INTEGRITY


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_of_one_work_is_no_fault_of_the_store(kind: type[Exception]) -> None:
    assert not is_fault(wrapped(kind("no")))
    assert not is_fault(kind("no"))


def test_an_error_of_our_own_is_no_fault_of_the_store() -> None:
    assert not is_fault(ValueError("no"))
    assert not is_fault(sqlite3.IntegrityError("no"))
