"""One SoftHSM2 for the session; each test makes its own keys in the token it wants."""

from pathlib import Path

import pytest

from deploy.local.debian import NoProgramError
from sextant_shared.crypto.pkcs11 import device
from sextant_shared.protocol import keyfiles
from tests.support.softhsm import SoftHsm, find_softhsm
from tests.support.vectors import IN_CI

LABEL = "NA-XBO classical halves"
OTHER = "other"
REMOVABLE = "removable"  # the module sees only tokens that were there when it began


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """Return SoftHSM2 with three tokens of one PIN."""
    try:
        programs = find_softhsm()
    except NoProgramError as error:
        if IN_CI:
            pytest.fail(f"SoftHSM2 is needed in CI: {error}")
        pytest.skip(f"SoftHSM2 is not here: {error}")
    made = SoftHsm(programs, Path(tmp_path_factory.mktemp("softhsm")))
    made.prepare()
    for label in (LABEL, OTHER, REMOVABLE):
        made.initialise(label)
    return made


def log_out() -> None:
    """End all sessions."""
    for held in device._sessions.values():
        held.session.close()
    device._sessions.clear()


@pytest.fixture
def started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no session and no memory of wrong PINs, as a process has that has just begun."""
    log_out()
    monkeypatch.setattr(device, "_wrong_pins", set())


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have sealed files cost a guesser little: what they cost is no matter of these tests."""
    monkeypatch.setattr(keyfiles, "SCRYPT_N", 2**10)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
