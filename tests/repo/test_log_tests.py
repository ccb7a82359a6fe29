"""How the log is tested is what docs/log-tests.md says; and no crash point is without its death."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "log-tests.md"
POINT = re.compile(r"[a-z]+\.(?:before|after)_[a-z_]+")
OF_THE_LOG = ("audit.", "signer.", "witness.")
NAMED = re.compile(r"`(test_\w+)::(\w+)`")


def functions(path: Path) -> set[str]:
    """Return the names of tests in a file; a state machine is tested by its class."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def crash_points() -> set[str]:
    """Return the name of every crash point that the code passes."""
    found: set[str] = set()
    for path in [*ROOT.glob("services/*/sextant_*/**/*.py"), *ROOT.glob("client/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if POINT.fullmatch(node.value) else set()
    return found


def test_every_crash_point_of_the_log_stops_a_real_process_in_a_test() -> None:
    killed, named = set(), set()
    for path in (ROOT / "tests").glob("**/*.py"):
        text = path.read_text()
        points = set(POINT.findall(text))
        named |= points
        killed |= points if "SIGKILL" in text or "pytest.mark.processes" in text else set()
    passed = crash_points()
    assert len(passed) >= 15
    assert passed - named == set(), "nobody stops there"
    of_the_log = {point for point in passed if point.startswith(OF_THE_LOG)}
    assert of_the_log - killed == set(), "no process is killed there"


def test_every_point_that_a_test_stops_at_is_in_the_code() -> None:
    text = (ROOT / "tests" / "system" / "test_log_deaths.py").read_text()
    text += (ROOT / "tests" / "system" / "test_crashes.py").read_text()
    named = set(POINT.findall(text))
    assert named
    assert named <= crash_points()


def test_the_page_names_only_tests_that_exist() -> None:
    files = {path.stem: path for path in (ROOT / "tests").glob("**/test_*.py")}
    named = NAMED.findall(PAGE.read_text())
    assert len(named) > 30
    missing = [
        f"{file}::{name}"
        for file, name in named
        if file not in files or name not in functions_of(file)
    ]
    assert missing == []


def functions_of(stem: str) -> set[str]:
    """Return the names of all files of a name: rooms may have one each."""
    return set().union(*(functions(path) for path in (ROOT / "tests").glob(f"**/{stem}.py")))
