"""A full disk at the Secretariat: deliveries wait at the exchange, and none is lost or twice."""

from pathlib import Path

import pytest

from tests.integration.declarations.contents import declaration
from tests.support.disks import filled, small_disk
from tests.support.platform import XAL, open_platform

pytestmark = pytest.mark.anyio
DISK_MB = 24


async def test_what_cannot_be_stored_comes_again_and_is_registered_once(tmp_path: Path) -> None:
    with small_disk(tmp_path / "declarations", DISK_MB) as disk:
        patient = {"retry_first_s": 0.05, "retry_cap_s": 1, "disk_reserve_bytes": 0}
        async with open_platform(tmp_path, declarations=patient) as platform:
            await platform.declare(XAL, declaration())
            await platform.settled()
            with filled(disk):
                sent = await platform.declare(XAL, b"[" * 200_000)
                client = platform.client("SEC/test")

                async def came_back() -> bool:
                    page = await client.request("GET", "/v1/mailbox", params={"after": 1})
                    (item,) = page.json()["items"]
                    return bool(item["last_error"])

                await platform.until(came_back)
                assert (await platform.officer("GET", "/v1/queue")).status_code == 200
            await platform.settled()
            kinds = sorted(reply["kind"] for reply in await platform.replies(XAL, sent))
            assert kinds == ["opened", "outcome"]
            await platform.check()
