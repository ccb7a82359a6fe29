"""The log on a full disk: nothing is appended by half, and it goes on once there is room."""

from pathlib import Path

import pytest

from sextant_shared.errors import Code, PlatformError
from tests.integration.audit.logs import AuditLog
from tests.integration.audit.test_appending import append, prove
from tests.support.disks import filled, read_only, small_disk, writers
from tests.support.postgresql import embedded

pytestmark = [pytest.mark.anyio, embedded]
DISK_MB = 16


async def test_a_full_disk_refuses_entries_and_the_log_goes_on_without_a_gap(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", DISK_MB) as disk:
        log = AuditLog(disk / "log", more={"disk_reserve_bytes": 0})
        log.folder.mkdir()
        keys = await log.begin()
        async with log.serve() as served:
            assert prove(await append(served, 1), keys, 1) == [1]
            with filled(disk):
                with pytest.raises(PlatformError) as caught:
                    await append(served, *range(2, 200))
                assert caught.value.code is Code.UNAVAILABLE
                assert caught.value.retry_after_s
                assert (await served.get("/checkpoint")).status_code == 200
            numbers = list(range(2, 200))
            assert prove(await append(served, *numbers), keys, *numbers) == numbers
        assert (await log.check()).size == 200


async def test_a_ledger_that_is_read_only_refuses_and_comes_back(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    with writers() as opened:
        async with log.serve() as served:
            with read_only(opened()), pytest.raises(PlatformError) as caught:
                await append(served, 1)
            assert caught.value.code is Code.UNAVAILABLE
            assert prove(await append(served, 1), keys, 1) == [1]
    assert (await log.check()).size == 2
