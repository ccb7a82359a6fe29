"""The names by which docs/operations calls what a local platform has, for a shell to read."""

import shlex
from pathlib import Path

from deploy.local.stack import SEXTANT, Stack


def write_names(stack: Stack) -> Path:
    """Write the file of names beside the platform's data; return its place."""
    named = {
        "SEXTANT_HOME": stack.home("NA-XAL"),
        **{name.upper().replace("-", "_"): service.url for name, service in stack.services.items()},
        "SEXTANT_TRACES": stack.traces,
        "TRUST": stack.trust_file,
        "PINS": stack.root / "pins",
        "HOMES": stack.root / "homes",
        "WITNESSES": stack.root / "witnesses",
    }
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in named.items()]
    path = stack.root / "names.sh"
    path.write_text("\n".join([f"export PATH={SEXTANT.parent}:$PATH", *lines, ""]))
    return path
