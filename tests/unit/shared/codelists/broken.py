"""A folder of code lists with one file changed, to see what is said about it."""

import shutil
from collections.abc import Callable
from importlib.resources import as_file
from pathlib import Path

import pytest

from sextant_shared.codelists.loading import PACKAGE
from sextant_shared.errors import Code, PlatformError


def with_file(folder: Path, name: str, text: str) -> Path:
    """Copy the package's lists to `folder`, and put `text` in the place of one of them."""
    with as_file(PACKAGE) as lists:
        shutil.copytree(lists, folder, dirs_exist_ok=True)
    (folder / name).write_bytes(text.encode())
    return folder


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    """Copy the package's lists to `folder`, and replace some text of one of them."""
    text = (PACKAGE / name).read_text(encoding="utf-8")
    assert old in text
    return with_file(folder, name, text.replace(old, new, 1))


def refusal(read: Callable[[Path], object], folder: Path) -> str:
    """Return what is said about the lists in `folder`, which must not be read."""
    with pytest.raises(PlatformError) as caught:
        read(folder)
    assert caught.value.code is Code.INTERNAL
    assert caught.value.fix
    return caught.value.detail
