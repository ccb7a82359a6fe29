"""The memory of a signer whose keys came back without it."""

from pathlib import Path

import pytest

from sextant_audit.signer.folder import create_signer, open_signer, remember_head
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.tree import root_of
from tests.support.logs import ORIGIN, MemoryLog

LEAF = bytes(32)


def clock() -> float:
    return 1_800_000_000.0


@pytest.fixture
def restored(tmp_path: Path) -> tuple[Path, str]:
    """Return the folder of restored keys, and a head of two entries that they signed."""
    guard = create_signer(tmp_path / "signer", ORIGIN, clock)
    guard.sign(1, root_of([LEAF]), [])
    note = guard.sign(2, root_of([LEAF, LEAF]), [LEAF]).checkpoint
    guard.close()
    (tmp_path / "signer" / "state.json").unlink()
    return tmp_path / "signer", note


def test_keys_without_memory_sign_nothing(restored: tuple[Path, str]) -> None:
    folder, _ = restored
    with pytest.raises(PlatformError, match="is missing"):
        open_signer(folder, ORIGIN, clock)
    with pytest.raises(PlatformError, match="no memory of what they signed"):
        create_signer(folder, ORIGIN, clock)


def test_a_head_that_the_world_holds_becomes_the_memory(restored: tuple[Path, str]) -> None:
    folder, note = restored
    assert remember_head(folder, ORIGIN, note).size == 2
    guard = open_signer(folder, ORIGIN, clock)
    with pytest.raises(PlatformError, match="does not continue"):
        guard.sign(1, root_of([LEAF]), [])
    guard.close()


def test_a_memory_is_never_replaced(restored: tuple[Path, str]) -> None:
    folder, note = restored
    remember_head(folder, ORIGIN, note)
    with pytest.raises(PlatformError) as caught:
        remember_head(folder, ORIGIN, note)
    assert caught.value.code is Code.STATE


def test_a_head_of_other_keys_is_not_remembered(restored: tuple[Path, str]) -> None:
    folder, _ = restored
    other = MemoryLog()
    other.append(b"{}")
    with pytest.raises(PlatformError) as caught:
        remember_head(folder, ORIGIN, other.checkpoint())
    assert caught.value.code in {Code.KEY, Code.SIGNATURE}
    assert not (folder / "state.json").exists()
