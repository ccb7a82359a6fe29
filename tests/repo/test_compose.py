"""The Compose file: valid, confined, loopback alone, and settings with which rooms start."""

import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.engine import make_url

from deploy.local.debian import NoProgramError, run
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.roles import ROLES as AUDIT_ROLES
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.roles import ROLES as DECLARATIONS_ROLES
from sextant_exchange.settings import ExchangeSettings
from sextant_exchange.storage.roles import ROLES as EXCHANGE_ROLES
from sextant_shared.chassis.objects.settings import read_credentials
from sextant_shared.chassis.settings import ServiceSettings
from tests.support.charts import environment_of_image, module
from tests.support.vectors import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
ROOMS: dict[str, type[ServiceSettings]] = {
    "audit": AuditSettings,
    "exchange": ExchangeSettings,
    "declarations": DeclarationsSettings,
}
ROLES = (AUDIT_ROLES, EXCHANGE_ROLES, DECLARATIONS_ROLES)
# These programs have neither a shell nor a check of their own; nothing waits for their health.
UNCHECKED = {"collector", "traces"}


def waits(service: dict[str, Any]) -> dict[str, str]:
    """Return for whom a service waits, and for what."""
    return {name: one["condition"] for name, one in service.get("depends_on", {}).items()}


def is_once(service: dict[str, Any]) -> bool:
    return service.get("restart") == "no"


def test_the_file_is_valid_for_compose_and_a_misspelt_word_is_not(tmp_path: Path) -> None:
    check = ("--builtin-schema", "vendor.compose-spec")
    module("check_jsonschema", *check, FILE)
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(FILE.read_text().replace("  read_only: true", "  readonly: true", 1))
    with pytest.raises(NoProgramError, match="readonly"):
        module("check_jsonschema", *check, wrong)


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & set(service)
    # Compose writes these into the container, and refuses where its root is read-only.
    assert not {"configs", "secrets"} & set(service)
    assert re.fullmatch(r"[a-z]+(-?[a-z]+)*(/[a-z]+(-[a-z]+)*)?:\d+(\.\d+)*", service["image"])
    assert not service.get("user", "1").startswith(("0", "root"))
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", [name for name, one in SERVICES.items() if not is_once(one)])
def test_each_service_that_stays_has_a_check(name: str) -> None:
    service = SERVICES[name]
    if name in UNCHECKED:
        asked = [waits(one).get(name) for one in SERVICES.values()]
        assert "service_healthy" not in asked
    elif service["image"].startswith("sextant-"):
        assert "sextant_shared.chassis.probe" in service["healthcheck"]["test"]
    else:
        assert service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_who_waits_waits_for_an_end_or_for_health(name: str) -> None:
    for other, condition in waits(SERVICES[name]).items():
        if is_once(SERVICES[other]):
            assert condition == "service_completed_successfully"
        else:
            assert condition in {"service_healthy", "service_started"}
            assert ("healthcheck" in SERVICES[other]) is (condition == "service_healthy")


def test_each_image_of_ours_is_built_by_one_service_as_its_room() -> None:
    ours = {one["image"] for one in SERVICES.values() if one["image"].startswith("sextant-")}
    built = [
        f"sextant-{one['build']['args']['ROOM']}:{one['image'].partition(':')[2]}"
        for one in SERVICES.values()
        if "build" in one
    ]
    assert sorted(built) == sorted(ours)
    for one in SERVICES.values():
        if "build" in one:
            file = (FILE.parent / one["build"]["context"]).resolve() / one["build"]["dockerfile"]
            assert file.is_file()
            assert one["image"].startswith(f"sextant-{one['build']['args']['ROOM']}:")


def test_nothing_waits_in_a_circle() -> None:
    left = {name: set(waits(one)) for name, one in SERVICES.items()}
    while ready := [name for name, others in left.items() if not others & set(left)]:
        for name in ready:
            del left[name]
    assert not left


def test_rooms_have_no_way_out_and_volumes_that_exist() -> None:
    assert DOCUMENT["networks"]["inside"] == {"internal": True}
    for name, service in SERVICES.items():
        if "network_mode" in service:  # it shares that of another, which has no way out either
            kind, _, beside = service["network_mode"].partition(":")
            assert (kind, SERVICES[beside]["networks"]) == ("service", ["inside"]), name
        elif "ports" not in service:
            assert service["networks"] == ["inside"], name
        for volume in service.get("volumes", []):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":")[0]
            assert source in DOCUMENT["volumes"], name


@pytest.mark.parametrize(
    ("name", "room"),
    [(f"{before}{room}", room) for room in ROOMS for before in ("", "migrate-")],
)
def test_each_room_starts_with_the_settings_of_file_and_image(
    name: str, room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_stores(tmp_path)
    given = environment_of_image(room) | SERVICES[name]["environment"]
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    if room == "exchange":  # these two are read when settings are
        of_room = {"CREDENTIALS": "secrets/objects", "CA": "pins/objects.pem"}
        for key, path in of_room.items():
            assert given[f"SEXTANT_EXCHANGE_S3_{key}_FILE"] == f"/run/sextant/{path}"
            monkeypatch.setenv(f"SEXTANT_EXCHANGE_S3_{key}_FILE", str(tmp_path / "exchange" / path))
    assert ROOMS[room]().environment == "production"
    owner = f"SEXTANT_{room.upper()}_DATABASE_OWNER_URL"
    assert (owner in given) is (name != room)


def test_each_login_has_a_password_in_the_file_that_its_address_names(tmp_path: Path) -> None:
    run_stores(tmp_path)
    statements = (tmp_path / "roles" / "90-logins.sql").read_text()
    seen = set()
    for name, service in SERVICES.items():
        room = service["image"].removeprefix("sextant-").partition(":")[0]
        for key, value in service.get("environment", {}).items():
            if "_DATABASE_" not in key:
                continue
            url = make_url(value)
            file = str(url.query["passfile"])
            for mounted, folder in (("/run/sextant-owner", "owner"), ("/run/sextant", room)):
                file = file.replace(f"{mounted}/", f"{tmp_path / folder}/")
            words = dict(line.rsplit(":", 2)[1:] for line in Path(file).read_text().splitlines())
            role = str(url.username)
            if name in ROOMS or key.endswith("OWNER_URL"):
                assert f"ALTER ROLE {role} PASSWORD '{words[role]}';" in statements
                seen.add(role)
            assert url.query["host"] == "/run/postgresql"
    assert seen == {login for roles in ROLES for login in roles.logins}
    assert len(set(re.findall("'.+'", statements))) == len(seen), "one word for two logins"


def test_stores_are_set_up_once_and_their_secrets_are_for_one_user(tmp_path: Path) -> None:
    run_stores(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert "done before" in run_stores(tmp_path)
    for path, content in before.items():
        assert path.read_bytes() == content
        others = stat.S_IMODE(path.stat().st_mode) & 0o077
        by_group = {"password", "90-logins.sql"}  # the server, another user of our group
        assert others == (0o040 if path.name in by_group else 0), path
    key = read_credentials(tmp_path / "exchange" / "secrets" / "objects")
    identities = yaml.safe_load((tmp_path / "objects" / "identities.json").read_text())
    (known,) = identities["identities"][0]["credentials"]
    assert known == {"accessKey": key.key_id, "secretKey": key.secret}


def test_the_versions_of_our_images_are_that_of_the_program() -> None:
    about = (ROOT / "shared" / "sextant_shared" / "__init__.py").read_text()
    for service in SERVICES.values():
        if service["image"].startswith("sextant-"):
            assert f'__version__ = "{service["image"].partition(":")[2]}"' in about


def run_stores(site: Path) -> str:
    """Run the step of the set-up that makes logins, key and certificate."""
    script = ROOT / "deploy" / "image" / "evaluation.sh"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    return run(["/bin/sh", str(script), "stores"], environment={"SITE": str(site), "PATH": path})
