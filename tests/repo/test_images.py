"""Dockerfile and what surrounds it: clean for its linter, never root, always checked."""

import re

import pytest

from deploy.local.confined import complaints
from deploy.local.debian import run
from tests.support.charts import tools
from tests.support.vectors import ROOT

DOCKERFILE = ROOT / "deploy" / "image" / "Dockerfile"
OTHERS = ROOT / "deploy" / "image" / "others" / "Dockerfile"
STAGES = re.split(r"(?m)^FROM ", DOCKERFILE.read_text())[1:]
SERVICES = ("exchange", "audit", "signer", "declarations", "witness")
GOOD = "Uid:\t10001\t10001\nCapEff:\t{0}\nCapBnd:\t{0}\nNoNewPrivs:\t1\n".format("0" * 16)


def stage(name: str) -> str:
    (found,) = [text for text in STAGES if text.split("\n")[0].endswith(f"AS {name}")]
    return found


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    run([str(tools() / "bin" / "hadolint"), str(DOCKERFILE), str(OTHERS)])


@pytest.mark.parametrize("room", SERVICES)
def test_each_service_has_an_entry_without_a_shell_and_a_check_of_its_own(room: str) -> None:
    text = stage(f"room-{room}")
    assert re.search(r'^ENTRYPOINT \["/opt/sextant/bin/', text, re.MULTILINE)
    assert "sextant_shared.chassis.probe" in text


def test_each_user_finds_a_folder_of_its_own_that_no_stage_before_made() -> None:
    owners = {"room": "10001:10001", "room-signer": "10002:10001"}
    for name, owner in owners.items():
        assert f"--chown={owner} /state /var/lib/sextant\n" in stage(name)
        assert stage(name).startswith("program AS ")
    # Builders differ in whose a folder is that is there before COPY, or that WORKDIR makes.
    assert "/state" not in stage("program")
    assert "WORKDIR" not in stage("program")


def test_no_image_runs_as_root() -> None:
    users = re.findall(r"^USER (\d+):", DOCKERFILE.read_text(), re.MULTILINE)
    assert set(users) == {"10001", "10002"}
    assert "USER 10001" in stage("room")


@pytest.mark.parametrize(
    ("good", "bad"),
    [("10001\t10001", "0\t0"), ("CapEff:\t0", "CapEff:\t1"), ("NoNewPrivs:\t1", "NoNewPrivs:\t0")],
)
def test_a_process_that_may_more_is_complained_of(good: str, bad: str) -> None:
    assert complaints(GOOD) == []
    assert len(complaints(GOOD.replace(good, bad))) == 1
