"""A pytest plugin: which tests can have a room's database, and on which engine each had it.

A run that wants PostgreSQL counts, for each test, the connections that are lent in its process, and
looks whether a platform of real processes that it uses is on the server. So nobody has to believe
that a run was on the server: at its end it says how many tests were.

The marker `database` is found, not listed: on a test whose module, or a module of one of its
fixtures, leads by imports to `deploy/local/postgresql/server.py`.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from sqlalchemy import Connection, Engine, event

from tests.support.postgresql import SERVER

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "deploy.local.postgresql.server"
ENGINES = "engines"  # a property of a test's reports, which come from every process of a run
ON_SERVER = "postgresql"
_lent: set[str] = set()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what can have a room's database."""
    for item in items:
        if any(leads(module) for module in _modules(item)):
            item.add_marker("database")


def pytest_configure() -> None:
    """Note the engine of each connection that is lent."""
    event.listen(Engine, "engine_connect", _note)


def pytest_unconfigure() -> None:
    """Note nothing any more."""
    event.remove(Engine, "engine_connect", _note)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Begin anew with each test."""
    _lent.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Tell in the last report of a test where its databases were, and drop those of its folder."""
    values = dict(getattr(item, "funcargs", None) or {})
    _lent.update(ON_SERVER for value in values.values() if getattr(value, "databases", None))
    done = yield
    if folder := values.get("tmp_path"):
        SERVER.drop_within(folder)
    item.user_properties.append((ENGINES, " and ".join(sorted(map(_named, _lent)))))
    return done


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say how many tests had their databases where."""
    told = Counter(
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "teardown"
        for name, value in report.user_properties
        if name == ENGINES
    )
    for engines, tests in sorted(told.items()):
        terminalreporter.write_line(f"database on {engines or 'none that is seen'}: {tests} tests")


def leads(module: str) -> bool:
    """Whether a module leads to the server by imports of ours, from where they stand at its top."""
    seen, open_ = set(), [module]
    while open_:
        name = open_.pop()
        if name == SOURCE:
            return True
        if name not in seen:
            seen.add(name)
            open_ += _imports(name)
    return False


def _note(connection: Connection) -> None:
    _lent.add(connection.dialect.name)


def _named(engine: str) -> str:
    return f"PostgreSQL {SERVER.version}" if engine == ON_SERVER else "embedded files"


def _modules(item: pytest.Item) -> set[str]:
    fixtures = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]  # a test's
    found = {made.func.__module__ for defs in fixtures for made in defs[-1:]}
    return found | {".".join(item.path.relative_to(ROOT).with_suffix("").parts)}


@cache
def _imports(module: str) -> tuple[str, ...]:
    if not module.startswith(("tests.", "deploy.", "bench.")):
        return ()
    path = ROOT.joinpath(*module.split("."))
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    if not file.exists():
        return ()  # a name out of a module, which stands beside it
    found: list[str] = []
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
        elif isinstance(node, ast.Import):
            found += [name.name for name in node.names]
    return tuple(found)
