"""Rules of the house that no other tool checks."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LENGTH_WALL = 400
ROOMS = ("shared", "services/audit", "services/exchange", "services/declarations", "client")
VAGUE_MODULES = {"utils", "helpers", "common", "misc", "manager", "base"}


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).exists()]


def test_no_python_file_passes_the_length_wall() -> None:
    lengths = {p: len(p.read_text().splitlines()) for p in tracked("*.py")}
    assert lengths
    assert {p: n for p, n in lengths.items() if n > LENGTH_WALL} == {}


def test_no_module_has_a_vague_name() -> None:
    assert [p for p in tracked("*.py") if p.stem in VAGUE_MODULES] == []


def test_all_rooms_have_one_version() -> None:
    versions = set()
    for room in ROOMS:
        project = tomllib.loads((ROOT / room / "pyproject.toml").read_text())["project"]
        package = ROOT / room / project["name"].replace("-", "_") / "__init__.py"
        versions |= {project["version"], *re.findall(r'__version__ = "(.+)"', package.read_text())}
    assert len(versions) == 1


@pytest.mark.parametrize("room", [*ROOMS, "deploy", "tests"])
def test_each_room_has_a_readme_of_one_screen(room: str) -> None:
    lines = (ROOT / room / "README.md").read_text().splitlines()
    assert 5 <= len(lines) <= 80


def relative_links() -> Iterator[tuple[Path, str]]:
    for page in tracked("*.md"):
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text):
            if "://" not in target and not target.startswith(("#", "mailto:")):
                yield page, target.partition("#")[0]


def test_no_relative_link_is_dead() -> None:
    links = list(relative_links())
    assert links
    dead = [(str(p.relative_to(ROOT)), t) for p, t in links if not (p.parent / t).exists()]
    assert dead == []


def test_commands_in_the_readme_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    shown = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert {"demo", "test", "run"} <= shown <= targets


# Targets that hold nothing of themselves: they start, mend, measure or write, or narrow another.
HOLD_NOTHING = {"help", "install", "run", "fmt", "bench", "mutate", "docs-tables", "lock", "clean"}
PART_OF_TEST = {"quick", "lint", "types", "contracts"}


def test_every_check_of_the_makefile_is_run_by_ci_or_by_the_night() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z0-9-]+):(?!=).*## ", makefile, flags=re.MULTILINE))
    by_ci = re.findall(r"^make ([a-z0-9-]+)", (ROOT / ".ci/run").read_text(), flags=re.MULTILINE)
    night = (ROOT / ".ci/nightly").read_text()
    by_night = re.findall(r'^    "([a-z0-9-]+)', night, flags=re.MULTILINE)
    assert {"test", "faults"} <= targets
    assert targets == {*by_ci, *by_night, *HOLD_NOTHING, *PART_OF_TEST}


LOCKS = sorted(path.stem for path in (ROOT / "requirements").glob("*.in"))


@pytest.mark.parametrize("name", LOCKS)
def test_locks_are_hashed_and_name_no_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    pins = re.findall(r"^[a-z0-9_.-]+(?:\[[a-z0-9_,-]+\])?==\S+", text, flags=re.MULTILINE)
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(pins) == len(blocks) > 0
    assert all("--hash=sha256:" in block for block in blocks)
    assert "index-url" not in text
    assert "://" not in text


def test_every_lock_has_a_source_and_the_rooms_alone_have_none() -> None:
    locks = {path.stem for path in (ROOT / "requirements").glob("*.txt")}
    assert locks == {*LOCKS, "rooms"}
    assert {"run", "dev", "edge", "security"} <= locks


@pytest.mark.parametrize("name", LOCKS)
def test_each_requirement_says_why_it_is_there(name: str) -> None:
    lines = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith(("#", "-"))]
    assert packages
    assert [line for line in packages if "# " not in line] == []


def test_no_file_names_a_machine_path() -> None:
    forbidden = re.compile(r"/(work|farm)/(main|steering|in|out)\b|/root/|/home/\w+")
    pages = tracked("*.py", "*.md", "*.toml", "Makefile", "*.in", "*.txt", "*.yaml", "*.json")
    assert [p for p in pages if p != Path(__file__) and forbidden.search(p.read_text())] == []
