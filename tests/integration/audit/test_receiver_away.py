"""The second site is away: the log refuses in time, says so, and a restarted one says why it waits.

A commit that waits is the server's: neither a killed log nor its successor ends it.
"""

import asyncio
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from deploy.local.postgresql.server import PostgresqlServer
from sextant_audit.app.ledgers import MIGRATIONS, open_ledger
from sextant_audit.storage.ledger import SqlLedger
from sextant_audit.storage.tables import METADATA
from sextant_shared.chassis.database import open_database
from sextant_shared.errors import Code, PlatformError
from tests.integration.audit.logs import AuditLog, Served, name_of, place_of
from tests.integration.audit.test_appending import append, prove
from tests.support.standbys import name_standbys, second_site_away

pytestmark = pytest.mark.anyio
BOUND_S = 1.0


async def refused(served: Served, *numbers: int) -> str:
    begun = time.monotonic()
    with pytest.raises(PlatformError) as caught:
        await append(served, *numbers)
    assert (caught.value.code, bool(caught.value.retry_after_s)) == (Code.UNAVAILABLE, True)
    assert time.monotonic() - begun < 20 * BOUND_S
    return caught.value.detail


async def commits(served: Served) -> str:
    return str((await served.get("/readyz")).json()["checks"].get("commits"))


async def until_ready(served: Served) -> None:
    async with asyncio.timeout(20):
        while not (await served.get("/readyz")).json()["ready"]:  # noqa: ASYNC110 -- as a probe
            await asyncio.sleep(0.05)


async def test_entries_are_refused_in_time_and_have_one_place_when_the_site_is_back(
    log: AuditLog, postgresql: PostgresqlServer
) -> None:
    log.more = {"database_statement_s": BOUND_S}
    keys = await log.begin()
    async with log.serve() as served:
        assert prove(await append(served, 1), keys, 1) == [1]
        with second_site_away(postgresql):
            await refused(served, 2, 3)
            await refused(served, 4)
            assert "a commit waits" in await commits(served)
        await until_ready(served)
        places = prove(await append(served, 2, 3, 4), keys, 2, 3, 4)
        assert places == [2, 3, 4]
        with second_site_away(postgresql):  # a repeat adds nothing, and is no answer without it
            await refused(served, 1)
        await until_ready(served)
        assert prove(await append(served, 1), keys, 1) == [1]
    assert (await log.check()).size == 5


OPENS = """
import asyncio, sys
from sqlalchemy import text
from sextant_audit.app.ledgers import open_ledger
from sextant_shared.chassis import postgresql
from sextant_shared.errors import PlatformError

postgresql.HOLD_WAIT_S = 0.5
place = postgresql.Server(sys.argv[1], sys.argv[2], statement_s=1.0, must_be_durable=False)

def work(connection):
    row = {"h": bytes(32)}
    connection.execute(text("INSERT INTO entry VALUES (0, 'not-confirmed-yet-0000', :h, '0')"), row)

try:
    database = open_ledger(place)
    print("open", flush=True)
    sys.stdin.readline()
    asyncio.run(database.write(work))
except PlatformError as error:
    print(error.detail, flush=True)
if sys.argv[3:]:
    sys.stdin.readline()
"""


def opened(log: AuditLog, *more: str) -> "subprocess.Popen[str]":
    place = place_of(log)
    return subprocess.Popen(
        [sys.executable, "-c", OPENS, place.writer_url, place.reader_url, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(log: AuditLog) -> str:
    with opened(log) as process:
        return process.communicate("\n", timeout=60)[0]


@pytest.mark.processes
def test_a_log_that_is_started_again_meanwhile_says_what_it_waits_for(
    log: AuditLog, postgresql: PostgresqlServer
) -> None:
    with opened(log, "stay") as killed:
        assert killed.stdin is not None
        assert killed.stdout is not None
        assert killed.stdout.readline() == "open\n"
        with second_site_away(postgresql):
            killed.stdin.write("\n")
            killed.stdin.flush()
            assert "a commit waits" in killed.stdout.readline()  # the operator's log
            assert "may be held, or not" in killed.stdout.readline()
            killed.kill()
            killed.wait()
            assert "a commit of the process before waits" in said(log)
    with second_site_away(postgresql):
        assert "the first commit of this process waits" in said(log)
    database = open_ledger(place_of(log))
    assert asyncio.run(SqlLedger(database).read(lambda rows: rows.size())) == 1
    database.close()


async def test_production_refuses_a_server_that_names_standbys_and_does_not_wait(
    log: AuditLog, postgresql: PostgresqlServer
) -> None:
    place = replace(place_of(log), must_be_durable=True)
    local = f"ALTER DATABASE {name_of(log)} SET synchronous_commit = local"
    postgresql.execute("postgres", local)
    postgresql.stop("fast")
    postgresql.durable = True
    postgresql.start()
    try:
        open_database(place, METADATA, MIGRATIONS).close()
        name_standbys(postgresql, "never")
        with pytest.raises(PlatformError, match="does not wait for them"):
            open_database(place, METADATA, MIGRATIONS)
    finally:
        name_standbys(postgresql, "")
        postgresql.stop("fast")
        postgresql.durable = False
        postgresql.start()
