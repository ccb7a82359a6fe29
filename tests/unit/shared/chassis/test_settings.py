"""A misspelt setting stops the process; all mistakes are told at once."""

from pathlib import Path

import pytest
from pydantic_settings import SettingsConfigDict

from sextant_shared.chassis.crashpoints import arm, crash_point
from sextant_shared.chassis.replay import ReplayCache
from sextant_shared.chassis.settings import (
    ServiceSettings,
    check_files,
    describe_settings,
    load_settings,
)
from sextant_shared.errors import Code, PlatformError


class RoomSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SEXTANT_ROOM_")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SEXTANT_ROOM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SEXTANT_ROOM_PORT", "8000")
    monkeypatch.setenv("SEXTANT_ROOM_BASE_URL", "http://127.0.0.1:8000")
    return monkeypatch


def test_all_mistakes_are_told_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SEXTANT_ROOM_MAX_IN_FLIHGT", "5")
    environment.setenv("SEXTANT_ROOM_PORT", "99999")
    environment.delenv("SEXTANT_ROOM_BASE_URL")
    with pytest.raises(PlatformError) as caught:
        load_settings(RoomSettings)
    said = " ".join(f"{finding.pointer} {finding.message}" for finding in caught.value.findings)
    assert "/max_in_flihgt no setting has this name" in said
    assert "port" in said
    assert "base_url" in said


class KeyedSettings(RoomSettings):
    signing_key_files: tuple[Path, ...] = ()


def test_all_files_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "there.json").touch()
    files = [tmp_path / name for name in ("there.json", "one.json", "two.json")]
    settings = KeyedSettings(
        data_dir=tmp_path,
        port=1,
        base_url="http://room.example",
        clients_file=tmp_path / "clients.json",
        trace_file=tmp_path / "the service makes it.jsonl",
        signing_key_files=tuple(files),
    )
    with pytest.raises(PlatformError) as caught:
        check_files(settings)
    assert [finding.pointer for finding in caught.value.findings] == [
        "/clients_file",
        "/signing_key_files",
        "/signing_key_files",
    ]
    assert "No such file" in caught.value.findings[0].message
    for path in (*files, tmp_path / "clients.json"):
        path.touch()
    check_files(settings)


def test_settings_that_fit_are_loaded_and_described(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SEXTANT_ROOM_TRACE_SAMPLE_RATIO", "0.1")
    settings = load_settings(RoomSettings)
    assert settings.trace_sample_ratio == 0.1
    assert describe_settings(settings)["port"] == "8000"


def test_a_crash_point_that_is_not_armed_does_nothing() -> None:
    arm("")
    crash_point("exchange.after_held")


def test_an_id_is_accepted_once_until_it_expires() -> None:
    cache = ReplayCache(max_remembered=2)
    cache.remember("a", expires=10, now=0)
    with pytest.raises(PlatformError) as caught:
        cache.remember("a", expires=10, now=5)
    assert caught.value.code is Code.AUTH
    cache.remember("a", expires=30, now=16)


def test_a_full_memory_refuses_and_never_forgets() -> None:
    cache = ReplayCache(max_remembered=2)
    cache.remember("a", expires=10, now=0)
    cache.remember("b", expires=10, now=0)
    with pytest.raises(PlatformError) as caught:
        cache.remember("c", expires=10, now=1)
    assert caught.value.code is Code.UNAVAILABLE
    with pytest.raises(PlatformError):
        cache.remember("a", expires=10, now=1)
