"""What an operator's collector is told while declarations travel, and when something is away."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    NumberDataPoint,
)

from deploy.local.watching import METRICS
from sextant_shared.chassis.metrics import OF_EVERY_SERVICE, REQUESTS
from sextant_shared.errors import PlatformError
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.protocol.problems import TABLE
from tests.integration.declarations.contents import declaration
from tests.support.platform import XAL, Platform, running
from tests.support.platform_files import SEC

pytestmark = pytest.mark.anyio


def watched(folder: Path, **exchange: float) -> Platform:
    """Return a platform whose services send their numbers again and again."""
    rooms = ("audit", "exchange", "declarations")
    overrides: dict[str, dict[str, Any]] = {
        room: {"metrics_interval_s": 0.05, "ballast_bytes": 4096} for room in rooms
    }
    overrides["exchange"] |= exchange
    return Platform(folder, overrides=overrides, is_watched=True)


def points(platform: Platform, room: str) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Return what a service would send now: name, attributes, number or histogram."""
    data = platform.readers[room].get_metrics_data()
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    yield metric.name, dict(point.attributes or {}), point


def numbers(platform: Platform, room: str) -> dict[str, float]:
    """Return all numbers by name, and by name and part where there are several."""
    return {
        " ".join([name, *map(str, attributes.values())]): point.value
        for name, attributes, point in points(platform, room)
        if isinstance(point, NumberDataPoint)
    }


OWED = "dxe.exchange.receipts.owed"
AVAILABLE = "dxe.exchange.deliveries available"
OLDEST = "dxe.exchange.deliveries.oldest"


async def test_numbers_tell_what_waits_and_for_how_long(tmp_path: Path) -> None:
    async with running(watched(tmp_path, log_wait_s=0.2, recover_every_s=0.2)) as platform:
        await platform.stop("declarations")
        platform.wires["audit"].is_cut = True
        waiting = await platform.declare(XAL, declaration())
        assert waiting.custody is None
        await platform.until(lambda: numbers(platform, "exchange").get(OWED) == 1)
        assert numbers(platform, "exchange")[AVAILABLE] == 0
        platform.wires["audit"].is_cut = False
        await platform.until(lambda: numbers(platform, "exchange")[AVAILABLE] == 1)
        assert numbers(platform, "exchange")[OWED] == 0
        assert 0 < numbers(platform, "exchange")[OLDEST] < 600
        await platform.start("declarations")
        await platform.settled()
        replies = 2  # opened and outcome, which wait for the State
        await platform.until(lambda: numbers(platform, "exchange")[AVAILABLE] == replies)
        owing = "dxe.declarations.owed"
        await platform.until(lambda: numbers(platform, "declarations").get(owing) == 0)


async def test_all_numbers_stand_in_the_table_and_all_of_the_table_are_sent(tmp_path: Path) -> None:
    async with running(watched(tmp_path)) as platform:
        await platform.declare(XAL, declaration())
        await platform.settled()
        for room, title in (("audit", "log"), ("exchange", ""), ("declarations", "")):
            table = {m.name: m.by for m in (*OF_EVERY_SERVICE, *METRICS[title or room])}
            await platform.until(partial(is_told, platform, room))
            sent = {name: attributes for name, attributes, _ in points(platform, room)}
            assert sent.keys() - table.keys() == set()
            unsent = {name for name in table if name not in sent}
            assert unsent <= UNASKED
            for name, attributes in sent.items():
                if name != REQUESTS.name:
                    assert set(attributes) == ({table[name]} if table[name] else set())


def is_told(platform: Platform, room: str) -> bool:
    """Whether a service told more than what every service tells."""
    return len(numbers(platform, room)) > len(OF_EVERY_SERVICE)


UNASKED = {  # this platform has no certificates, witnesses, tiles in a folder, or time-stamps
    "dxe.service.certificate.left",
    *(metric.name for metric in METRICS["log"] if ".witness" in metric.name),
    *(metric.name for metric in METRICS["log"] if ".tiles." in metric.name),
    *(metric.name for metric in METRICS["log"] if ".timestamp." in metric.name),
    "dxe.log.scrub.last_pass",  # before the first pass
}


async def test_deposits_are_counted_by_route_and_status_never_by_who_sent(tmp_path: Path) -> None:
    async with running(watched(tmp_path)) as platform:
        await platform.declare(XAL, declaration())
        with pytest.raises(PlatformError) as refused:
            await platform.client(f"{XAL}/test").request(
                "POST", "/v1/envelopes", content=b"none", headers={"Content-Type": MEDIA_TYPE}
            )
        await platform.settled()
        counted = {
            (a["http.request.method"], a.get("http.route"), a["http.response.status_code"]): p.count
            for name, a, p in points(platform, "exchange")
            if name == REQUESTS.name and isinstance(p, HistogramDataPoint)
        }
        assert counted["POST", "/v1/envelopes", 201] >= 1
        assert counted["POST", "/v1/envelopes", TABLE[refused.value.code].status] == 1
        texts = [str(value) for _, a, _ in points(platform, "exchange") for value in a.values()]
        assert [text for text in texts if "XAL" in text or SEC in text] == []
