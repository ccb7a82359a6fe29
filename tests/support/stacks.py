"""The platform of real processes, on the engine that the run wants: files, or one server."""

from pathlib import Path
from typing import Any

from deploy.local.several import ServerStack, databases_on
from deploy.local.stack import Stack
from tests.support.postgresql import SERVER


def make_stack(folder: Path, **options: Any) -> Stack:
    """Return a platform that nothing is prepared of yet; all its rooms keep to one engine."""
    server = SERVER.if_wanted()
    if server is None:
        return Stack(folder, **options)
    databases = databases_on(server)
    return ServerStack(folder, databases=databases, exchanges=1, secretariats=1, **options)
