"""The doctor and a platform in this process: a sound home, and each thing that can be wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from sextant_client.client import Client
from sextant_client.diagnosis.checks import CHECKS, Level, Line, Patient, diagnose
from sextant_client.home import KeyPolicy
from sextant_shared.models.party import KeyUse
from tests.support.platform import XAL, Platform, open_platform
from tests.support.platform_files import URLS
from tests.support.sdk import Bridge, Desk

pytestmark = pytest.mark.anyio
GIB = 1 << 30
DAY = 86_400.0


@dataclass
class Clinic:
    """A desk, and the doctor who looks at its home over the platform's wires."""

    desk: Desk
    free: int = 100 * GIB
    ahead: float = 0.0
    later: float = 0.0
    is_behind_an_edge: bool = False

    async def look(self) -> dict[str, Line]:
        """Return the lines by name."""
        loop = asyncio.get_running_loop()
        return await asyncio.to_thread(self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> dict[str, Line]:
        platform = self.desk.platform
        bridges = {name: Bridge(platform.wires[name], loop) for name in ("exchange", "audit")}
        mounts = {URLS[name]: bridge for name, bridge in bridges.items()}

        def now() -> float:
            return platform.clock() + self.later

        def ask(url: str, headers: Mapping[str, str]) -> httpx.Response:
            if self.is_behind_an_edge and url.endswith(("/readyz", "/healthz")):
                return httpx.Response(404)
            with httpx.Client(mounts=mounts) as http:
                answer = http.get(url, headers=headers)
            answer.headers["Date"] = formatdate(now() - self.ahead, usegmt=True)
            return answer

        def open_client() -> Client:
            return Client(
                self.desk.home,
                clock=lambda: platform.clock() + self.ahead,
                transport=bridges["exchange"],
                audit_transport=bridges["audit"],
            )

        patient = Patient(self.desk.home, now, ask, open_client, lambda: self.free)
        return {line.name: line for line in diagnose(patient)}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """One platform for all: the doctor changes nothing."""
    async with open_platform(tmp_path_factory.mktemp("clinic")) as platform:
        yield platform


@pytest.fixture
def clinic(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """A home of its own, whose keys are not due for long."""
    monkeypatch.setattr("sextant_client.session.time.sleep", lambda _s: None)
    desk = Desk.of(platform, platform.parties[XAL], tmp_path / "home")
    policy = KeyPolicy(sig=36_500, seal=36_500, api=36_500)
    desk.home.write_config(desk.home.config().model_copy(update={"key_policy": policy}))
    yield Clinic(desk)
    for wire in platform.wires.values():
        wire.is_cut = False


def wrong(lines: dict[str, Line]) -> dict[str, Level]:
    return {name: line.level for name, line in lines.items() if line.level is not Level.OK}


async def test_a_sound_home_is_all_right_and_learns_that_deposits_are_real(clinic: Clinic) -> None:
    lines = await clinic.look()
    assert list(lines) == list(CHECKS)
    assert wrong(lines) == {}
    assert lines["drills"].found.startswith("off")
    assert "version 1 in force" in lines["registry"].found
    assert lines["access"].found.startswith("token for 300 s")


async def test_an_edge_that_shows_no_probes_is_no_fault(clinic: Clinic) -> None:
    clinic.is_behind_an_edge = True
    lines = await clinic.look()
    assert wrong(lines) == {}
    assert lines["drills"].found.startswith("off")
    clinic.desk.platform.wires["audit"].is_cut = True
    assert set(wrong(await clinic.look())) == {"log"}


async def test_a_sandbox_is_told(tmp_path: Path) -> None:
    async with open_platform(tmp_path / "platform", exchange={"scenarios": True}) as platform:
        clinic = Clinic(Desk.of(platform, platform.parties[XAL], tmp_path / "home"))
        assert (await clinic.look())["drills"].found.startswith("on")


@pytest.mark.parametrize(("free", "level"), [(GIB // 2, Level.WARNING), (1 << 20, Level.FAIL)])
async def test_a_disk_that_fills_is_told(clinic: Clinic, free: int, level: Level) -> None:
    clinic.free = free
    lines = await clinic.look()
    assert wrong(lines) == {"disk": level}
    assert "Free some disk" in lines["disk"].fix


async def test_services_that_are_away_are_told_one_by_one(clinic: Clinic) -> None:
    clinic.desk.platform.wires["audit"].is_cut = True
    assert set(wrong(await clinic.look())) == {"log"}
    clinic.desk.platform.wires["exchange"].is_cut = True
    lines = await clinic.look()
    assert {"exchange", "log", "clock", "access", "registry"} <= set(wrong(lines))
    assert "does not answer" in lines["exchange"].found
    assert lines["keys"].level is Level.OK  # what needs no network is looked at all the same


async def test_a_clock_that_is_off_fails_and_says_by_how_much(clinic: Clinic) -> None:
    clinic.ahead = 7200.0
    lines = await clinic.look()
    assert lines["clock"].level is Level.FAIL
    assert lines["clock"].found in {"+7200 s from the server", "+7201 s from the server"}
    assert lines["access"].level is Level.FAIL  # and so are proofs of access


async def test_keys_that_are_lost_or_open_to_others_are_told(clinic: Clinic) -> None:
    folder = clinic.desk.home.keys.folder
    half = min(folder.glob("sig-*.json"))
    half.chmod(0o644)
    assert "readable by others" in (await clinic.look())["keys"].found
    half.unlink()
    lines = await clinic.look()
    assert "only one half" in lines["keys"].found
    assert "rotate" in lines["keys"].fix
    assert lines["registry"].level is Level.FAIL
    for path in folder.glob("seal-*.json"):
        path.unlink()
    lines = await clinic.look()
    assert "no seal key" in lines["keys"].found
    assert "no active seal key" in lines["registry"].found


async def test_an_access_key_that_nobody_registered_gets_no_token(clinic: Clinic) -> None:
    keys = clinic.desk.home.keys
    for path in keys.folder.glob("api-*.json"):
        path.unlink()
    keys.generate(KeyUse.API)
    lines = await clinic.look()
    assert lines["keys"].level is Level.OK
    assert lines["access"].level is Level.FAIL
    assert lines["access"].fix


async def test_keys_that_are_due_are_a_warning(clinic: Clinic) -> None:
    home = clinic.desk.home
    home.write_config(home.config().model_copy(update={"key_policy": KeyPolicy()}))
    lines = await clinic.look()
    assert wrong(lines) == {"rotation": Level.WARNING}
    assert "rotate seal" in lines["rotation"].found


async def test_a_head_from_long_ago_is_a_warning(clinic: Clinic) -> None:
    home, platform = clinic.desk.home, clinic.desk.platform
    wire = httpx.AsyncClient(transport=platform.wires["audit"], base_url=URLS["audit"])
    text = (await wire.get("/checkpoint")).text
    trust = home.trust
    trust.file = trust.file.model_copy(update={"checkpoint": text})
    (home.path / "trust.json").write_text(trust.file.model_dump_json())
    assert "signed now" in (await clinic.look())["trust"].found
    clinic.later = 31 * DAY
    lines = await clinic.look()
    assert lines["trust"].level is Level.WARNING
    assert "31 day(s) ago" in lines["trust"].found
    clinic.later = -DAY
    assert "ahead of this clock" in (await clinic.look())["trust"].found


async def test_a_home_without_trust_is_told_and_the_rest_is_looked_at(clinic: Clinic) -> None:
    (clinic.desk.home.path / "trust.json").unlink()
    lines = await clinic.look()
    assert "no trust file" in lines["trust"].found
    assert "sextant init --trust" in lines["trust"].fix
    assert lines["exchange"].level is Level.OK
