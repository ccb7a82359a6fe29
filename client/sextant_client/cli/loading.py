"""Commands that are loaded when they are called: no run pays for the libraries of another.

A group knows its commands by name and where each stands. Help and completion of all of them load
them all; whatever is told of a command comes from the command itself.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, ClassVar, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

Command = TyperCommand | TyperGroup


class LazyGroup(TyperGroup):
    """A group of the commands at `places`: `module:name` of a function, or a group, beside this."""

    places: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Only read: what is called in a group is never changed while it runs.
        self.commands = cast("MutableMapping[str, Any]", _Loaded(self.places))

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 -- typer's signature
        """Return the names in the order of the table, without loading what they name."""
        return list(self.places)


class _Loaded(Mapping[str, Command]):
    """The commands by name; each is loaded when it is taken."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> Command:
        module, _, member = self._places[name].partition(":")
        return _command(name, getattr(import_module(f".{module}", __package__), member))

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _command(name: str, found: Any) -> Command:
    """Return a function, or a group of its own, as the command of this name."""
    around = typer.Typer()
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    return cast("Command", get_group(around).commands[name])
