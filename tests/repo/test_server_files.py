"""The files of a server for all rooms: who may come to it, as whom, and who goes to it."""

import re
from collections import defaultdict

import pytest

import sextant_audit.storage.roles
import sextant_declarations.storage.roles
import sextant_exchange.storage.roles
from sextant_audit.settings import AuditSettings
from sextant_declarations.settings import DeclarationsSettings
from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.database_settings import DatabaseSettings
from tests.support.vectors import ROOT

FOLDER = ROOT / "deploy" / "postgresql"
ROOMS: dict[str, type[DatabaseSettings]] = {
    "audit": AuditSettings,
    "exchange": ExchangeSettings,
    "declarations": DeclarationsSettings,
}
SCRIPTS = {
    "audit": sextant_audit.storage.roles.ROLES.script(),
    "exchange": sextant_exchange.storage.roles.ROLES.script(),
    "declarations": sextant_declarations.storage.roles.ROLES.script(),
}


def mapped() -> dict[str, set[str]]:
    """Return which roles each user of the machine may log in as."""
    found = defaultdict(set)
    for line in (FOLDER / "pg_ident.conf").read_text().splitlines():
        if not line.startswith("#"):
            _, user, role = line.split()
            found[user].add(role)
    return found


def settings_in(name: str) -> dict[str, str]:
    lines = (FOLDER / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_nobody_comes_by_the_network_and_nobody_is_trusted() -> None:
    lines = [x for x in (FOLDER / "pg_hba.conf").read_text().splitlines() if not x.startswith("#")]
    assert {line.split()[0] for line in lines} == {"local"}
    assert {line.split()[3] for line in lines} == {"peer"}
    assert "listen_addresses = ''" in (FOLDER / "sextant.conf").read_text()


@pytest.mark.parametrize("room", ROOMS)
def test_each_role_that_logs_in_has_one_user_and_no_service_makes_tables(room: str) -> None:
    logins = set(re.findall(r"^CREATE ROLE (\S+) LOGIN", SCRIPTS[room], re.MULTILINE))
    own = mapped()[f"sextant-{room}"]
    migrator = f"sextant_{room}_migrator"
    assert own == logins - {migrator}
    assert migrator in mapped()["sextant-migrate"]
    assert mapped()["root"] & logins == {f"sextant_{room}_reader"}


@pytest.mark.parametrize("room", ROOMS)
def test_the_addresses_are_settings_that_production_takes(room: str) -> None:
    model, prefix = ROOMS[room], f"SEXTANT_{room.upper()}_"
    given = settings_in(f"{room}.env")
    given |= settings_in(f"migrate-{room}.env")
    known = {f"{prefix}{name}".upper() for name in model.model_fields}
    assert given.keys() - known == set()
    roles = {address.partition("://")[2].partition("@")[0] for address in given.values()}
    roles.discard("")
    assert roles == mapped()[f"sextant-{room}"] | {f"sextant_{room}_migrator"}
    assert all("?host=/run/postgresql" in v for n, v in given.items() if n.endswith("_URL"))


@pytest.mark.parametrize("room", ROOMS)
def test_every_process_of_a_room_goes_to_the_server_where_there_is_one(room: str) -> None:
    units = [
        unit
        for unit in (ROOT / "deploy" / "systemd").glob(f"sextant-{room}*.service")
        if "sextant_audit.signer" not in unit.read_text()
    ]
    assert units
    for unit in units:
        assert f"EnvironmentFile=-/etc/sextant/server/{room}.env" in unit.read_text(), unit.name
