from pathlib import Path

import pytest

from sextant_declarations.app.signing_in import people_of
from sextant_declarations.settings import DeclarationsSettings
from sextant_shared.clock import system_clock
from sextant_shared.errors import PlatformError
from sextant_shared.protocol.access import Role


def settings(**changed: object) -> DeclarationsSettings:
    own = {"data_dir": Path("d"), "port": 1, "base_url": "http://a.test", "trust_file": Path("t")}
    others = {
        f"{one}_{name}": "http://a.test"
        for one in ("exchange", "audit")
        for name in ("url", "client_id", "key_file")
    }
    return DeclarationsSettings.model_validate({**own, **others, **changed})


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9/dev", "http://localhost:9"])
def test_a_provider_on_this_machine_is_refused_in_production(issuer: str) -> None:
    assert people_of(settings(people_issuer=issuer), system_clock, None)
    with pytest.raises(PlatformError, match="in production"):
        people_of(settings(people_issuer=issuer, environment="production"), system_clock, None)


def test_a_provider_elsewhere_without_https_is_refused_everywhere() -> None:
    with pytest.raises(PlatformError, match="https"):
        people_of(settings(people_issuer="http://sso.example"), system_clock, None)


def test_roles_of_people_are_officers_and_auditors_alone() -> None:
    with pytest.raises(ValueError, match="people_roles"):
        settings(people_roles={"x": "registrar"})
    people = people_of(settings(people_issuer="https://sso.example"), system_clock, None)
    assert people is not None
    assert set(people.provider.roles.values()) == {Role.OFFICER, Role.AUDITOR}


def test_without_a_provider_nobody_signs_in_elsewhere() -> None:
    assert people_of(settings(), system_clock, None) is None
