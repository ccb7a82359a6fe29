"""Ballast that really weighs, and a reserve that new work leaves alone."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from sextant_shared.chassis.disk import Ballast, Reserve, free_bytes, make_ballast
from sextant_shared.chassis.serving import run_service
from sextant_shared.chassis.settings import BALLAST_BYTES, ServiceSettings
from sextant_shared.errors import Code, PlatformError
from tests.support.disks import filled, small_disk

MIB = 1 << 20


class RoomSettings(ServiceSettings):
    model_config = ServiceSettings.model_config | {"env_prefix": "SEXTANT_ROOM_"}


def settings_of(folder: Path, **changes: object) -> RoomSettings:
    return RoomSettings.model_validate(
        {"data_dir": folder, "port": 1, "base_url": "http://room.example", **changes}
    )


def test_ballast_takes_real_disk_and_gives_it_back(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        ballast = Ballast(disk / "ballast", 4 * MIB)
        before = free_bytes(disk) or 0
        assert ballast.fill() >= 4 * MIB
        assert (free_bytes(disk) or 0) <= before - 4 * MIB
        with filled(disk):
            with pytest.raises(OSError, match="No space"):
                (disk / "note").write_bytes(b"x" * MIB)
            (disk / "note").unlink()
            assert ballast.release() >= 4 * MIB
            (disk / "note").write_bytes(b"x" * MIB)  # now there is room to act in
            with pytest.raises(PlatformError, match="no room for the ballast"):
                ballast.fill()
        assert ballast.held() == 0


def test_a_service_without_room_for_ballast_starts_and_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        settings = settings_of(disk, ballast_bytes=3 * MIB)
        assert "no room for the ballast" in make_ballast(settings)
        assert "python -m sextant_room ballast fill" in Ballast.of(settings).notes()["ballast"]


def test_the_ballast_follows_its_setting(tmp_path: Path) -> None:
    for size in (MIB, 2 * MIB, MIB, 0):
        settings = settings_of(tmp_path, ballast_bytes=size)
        assert make_ballast(settings) == ""
        assert Ballast.of(settings).held() == size
        assert Ballast.of(settings).notes() == {}
    assert not (tmp_path / "ballast").exists()


def test_ballast_is_there_in_production_unless_it_is_set_to_none(tmp_path: Path) -> None:
    assert settings_of(tmp_path).ballast_size == 0
    assert settings_of(tmp_path, environment="production").ballast_size == BALLAST_BYTES
    assert settings_of(tmp_path, environment="production", ballast_bytes=0).ballast_size == 0


def never_served(_settings: RoomSettings) -> FastAPI:
    raise AssertionError


def test_an_operator_releases_and_fills_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"DATA_DIR": tmp_path, "PORT": 1, "BASE_URL": "http://room.example"}
    for name, value in {**given, "BALLAST_BYTES": MIB}.items():
        monkeypatch.setenv(f"SEXTANT_ROOM_{name}", str(value))

    def run(*arguments: str) -> str:
        assert run_service("sextant_room", RoomSettings, never_served, [*arguments]) == 0
        return capsys.readouterr().out

    assert "holds 1,048,576 bytes" in run("ballast", "fill")
    assert "released 1,048,576 bytes" in run("ballast", "release")
    assert "holds 0 bytes of 1,048,576" in run("ballast")


def test_the_reserve_refuses_and_says_when_to_come_back(tmp_path: Path) -> None:
    Reserve(tmp_path, 0).check()
    full = Reserve(tmp_path, 1 << 62)
    with pytest.raises(PlatformError) as caught:
        full.check()
    assert (caught.value.code, caught.value.retry_after_s) == (Code.UNAVAILABLE, 60)
    assert full.word() == "there is no room for more now"


def test_a_folder_that_is_away_is_no_matter_of_the_reserve(tmp_path: Path) -> None:
    assert Reserve(tmp_path / "away", 1 << 62).word() == "ok"
