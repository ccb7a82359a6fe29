"""A second site that does not answer: a server that waits for a standby which never comes."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread

import psycopg

from deploy.local.postgresql.server import PostgresqlServer

PATIENCE_S = 20.0
_COMMIT = "SELECT pg_logical_emit_message(true, 'test', '')"
_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@contextmanager
def second_site_away(server: PostgresqlServer) -> Iterator[None]:
    """Let no commit end in the block; those that wait end after it, as they do with a receiver."""
    name_standbys(server, "never")
    tries = [_commit(server)]
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not _one_waits(server):  # the server reads the setting in its own time
            assert time.monotonic() < deadline, "commits do not wait"
            if not tries[-1].is_alive():
                tries.append(_commit(server))
            time.sleep(0.05)
        yield
    finally:
        name_standbys(server, "")
        for each in [*tries, _commit(server)]:  # the last ends when the server has read it
            each.join(PATIENCE_S)


def name_standbys(server: PostgresqlServer, names: str) -> None:
    """Have the server wait for these standbys, or for none."""
    set_ = f"ALTER SYSTEM SET synchronous_standby_names = '{names}'"
    server.execute("postgres", set_, "SELECT pg_reload_conf()")


def _commit(server: PostgresqlServer) -> Thread:
    def commit() -> None:
        with suppress(psycopg.OperationalError):  # a test may stop the server meanwhile
            server.execute("postgres", _COMMIT)

    thread = Thread(target=commit, daemon=True)
    thread.start()
    return thread


def _one_waits(server: PostgresqlServer) -> bool:
    with closing(server.connect("postgres", "postgres")) as connection:
        row = connection.execute(_WAITS.encode()).fetchone()
    return row is not None and bool(row[0])
