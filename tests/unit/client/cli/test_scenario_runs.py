"""`sextant scenario` without a checkout, and with one."""

from pathlib import Path

import pytest

from sextant_client.cli.scenario import checkout
from sextant_shared.errors import Code, PlatformError


def test_without_a_checkout_the_command_says_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "deploy" / "local").mkdir(parents=True)  # a folder of that name is not enough
    with pytest.raises(PlatformError) as refused:
        checkout([tmp_path])
    assert refused.value.code is Code.STATE
    assert "checkout" in str(refused.value.expected)
    assert "make install" in str(refused.value.fix)


def test_the_checkout_around_the_client_is_found(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[4]
    assert checkout([tmp_path, root]) == root
