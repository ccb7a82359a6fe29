"""Two exchanges of one launcher: what they share, what each has, and who deposits where."""

from pathlib import Path

import pytest

from deploy.local.names import write_names
from deploy.local.several import ServerStack
from deploy.local.stack import Stack

ON_SERVER = {"exchange": {"DATABASE_URL": "postgresql+psycopg://writer@/exchange"}}
OWN = {"PORT", "BASE_URL", "WORK_DIR", "TRACE_FILE"}


@pytest.fixture
def stack(tmp_path: Path) -> ServerStack:
    """Return a platform that is settled and not started."""
    made = ServerStack(tmp_path, databases=ON_SERVER)
    made._define_services()
    made._settle("exchange", {"ISSUER_KEY_FILE": "issuer.json"})
    return made


def test_exchanges_share_all_but_address_and_folder_of_work(stack: ServerStack) -> None:
    first, second = (stack.services[name].settings for name in ("exchange", "exchange-2"))
    shared = {name for name in first if first[name] == second.get(name)}
    assert {f"SEXTANT_EXCHANGE_{name}" for name in ("DATA_DIR", "DATABASE_URL")} < shared
    differing = {name.removeprefix("SEXTANT_EXCHANGE_") for name in {*first, *second} - shared}
    assert differing == OWN
    assert second["SEXTANT_EXCHANGE_PORT"] == str(stack.services["exchange-2"].port)
    assert "SEXTANT_AUDIT_DATABASE_URL" not in stack.services["audit"].settings


def test_the_first_state_and_the_secretariat_go_to_one_the_second_state_to_the_other(
    stack: ServerStack,
) -> None:
    assert stack.addresses("NA-XAL")["exchange"] == stack.services["exchange"].url
    assert stack.addresses("SEC")["exchange"] == stack.services["exchange"].url
    assert stack.addresses("NA-XBO")["exchange"] == stack.services["exchange-2"].url
    assert stack.addresses("NA-XBO")["audit"] == stack.services["audit"].url


def test_steps_count_one_more_start(stack: ServerStack, tmp_path: Path) -> None:
    assert stack.steps == Stack(tmp_path).steps + 1


def test_the_names_for_a_shell_can_be_read_by_one(stack: ServerStack, tmp_path: Path) -> None:
    keys = tmp_path / "homes" / "NA-XAL" / "keys"
    keys.mkdir(parents=True)
    lines = write_names(stack).read_text().splitlines()
    names = [line.removeprefix("export ").partition("=")[0] for line in lines if line]
    assert "EXCHANGE_2" in names
    assert all(name.isidentifier() for name in names)
