"""The texts of rules and errors name commands: each of them exists, with its options."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from sextant_client.cli import app
from sextant_shared.protocol.problems import TABLE

ROOT = Path(__file__).resolve().parents[4]
WORDS = sorted((ROOT / "shared" / "sextant_shared" / "rules" / "words").glob("*.ftl"))
# A command stands in a text up to the end of its sentence, quotation or isolate.
COMMAND = re.compile(r"\bsextant ((?:[a-z-]+)(?: [^\s.;:,`\u2069]+)*)")


def commands_in(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from COMMAND.findall(line)


def flaw(text: str) -> str:
    """Return what is wrong with a command as it is named; empty when nothing is."""
    command, rest = get_command(app), text.split()
    while rest and isinstance(command, TyperGroup):
        name = rest.pop(0)
        if name not in command.commands:
            return f"there is no {name}"
        command = command.commands[name]
    if isinstance(command, TyperGroup):
        return "this is a group of commands"
    known = {option for param in command.params for option in param.opts}
    unknown = [word for word in rest if word.startswith("-") and word not in known]
    return f"it has no {unknown}" if unknown else ""


@pytest.mark.parametrize(
    "wrong", ["kinds", "codes", "codes fetch chemicals", "new --kinds", "answer FILE --ruel X4"]
)
def test_a_command_that_does_not_exist_is_found(wrong: str) -> None:
    assert list(commands_in(f"Choose one of: sextant {wrong}.")) == [wrong]
    assert flaw(wrong)


@pytest.mark.parametrize("file", WORDS, ids=lambda file: file.name)
def test_each_command_that_the_words_name_exists(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    named = set(commands_in(text))
    assert len(named) > 10
    assert {command: flaw(command) for command in named if flaw(command)} == {}


def test_each_command_that_the_errors_name_exists() -> None:
    named = {command for row in TABLE.values() for command in commands_in(row.fix)}
    assert {command: flaw(command) for command in named if flaw(command)} == {}
