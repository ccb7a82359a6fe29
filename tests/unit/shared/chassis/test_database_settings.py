"""Addresses of a server: what is refused before anything connects."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from sextant_shared.chassis.database_settings import DatabaseSettings
from sextant_shared.chassis.postgresql import Server

WRITER = "postgresql+psycopg://writer@db.example/log?sslmode=verify-full&passfile=/run/pass"
READER = "postgresql+psycopg://reader@db.example/log?sslmode=verify-full&passfile=/run/pass"


class RoomSettings(DatabaseSettings):
    model_config = SettingsConfigDict(env_prefix="SEXTANT_TEST_ROOM_")


def settings(**given: Any) -> RoomSettings:
    return RoomSettings(data_dir=Path("data"), port=1, base_url="http://a.example", **given)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "no address"),
        ("log", "no address"),
        ("sqlite:///log.db", "must have the form"),
        ("postgresql://writer@db/log", "must have the form"),
        ("postgresql+psycopg://db/log", "must have the form"),
        ("postgresql+psycopg://writer@db", "must have the form"),
        ("postgresql+psycopg://writer:secret@db/log", "put it into a file"),
        ("postgresql+psycopg://writer@db/log?password=secret", "put it into a file"),
        ("postgresql+psycopg://writer@db/log?options=-csynchronous_commit=off", "sets options"),
    ],
)
@pytest.mark.parametrize("name", ["database_url", "database_reader_url", "database_owner_url"])
def test_an_address_that_does_not_fit_is_refused(name: str, address: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**{name: address})


def test_a_writer_without_a_reader_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs DATABASE_READER_URL"):
        settings(database_url=WRITER)


@pytest.mark.parametrize("mode", ["", "?sslmode=require", "?sslmode=verify-ca", "?sslmode=prefer"])
def test_production_refuses_a_line_on_which_others_could_stand_in(mode: str) -> None:
    bare = f"postgresql+psycopg://writer@db.example/log{mode}"
    settings(database_url=bare, database_reader_url=READER)
    with pytest.raises(ValidationError, match="DATABASE_URL: production needs sslmode"):
        settings(database_url=bare, database_reader_url=READER, environment="production")


@pytest.mark.parametrize(
    "address",
    [WRITER, "postgresql+psycopg://writer@/log?host=/run/postgresql"],
)
def test_production_takes_a_verified_line_or_a_socket(address: str) -> None:
    given = settings(database_url=address, database_reader_url=address, environment="production")
    place = given.place_of(Path("log.sqlite3"))
    assert isinstance(place, Server)
    assert (place.writer_url, place.must_be_durable) == (address, True)


def test_without_an_address_the_database_is_the_file() -> None:
    assert settings().place_of(Path("log.sqlite3")) == Path("log.sqlite3")
