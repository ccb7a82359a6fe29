"""The command `sextant`, run inside the test."""

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_client.cli import main


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    status: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Return its one JSON document."""
        return json.loads(self.stdout)


def sextant(*arguments: str | Path) -> Done:
    """Run the command; it must end with a status, not with an exception."""
    out, err = io.StringIO(), io.StringIO()
    status: int | str | None = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
    assert isinstance(status, int)
    return Done(status, out.getvalue(), err.getvalue())
