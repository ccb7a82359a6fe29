"""The names by which docs/operations calls what a local platform has, for a shell to read."""

import shlex
from pathlib import Path

from deploy.local.stack import SEXTANT, Stack


def write_names(stack: Stack) -> Path:
    """Write the file of names beside the platform's data; return its place."""
    settings = stack.root / "settings"
    settings.mkdir(exist_ok=True)
    for service in stack.services.values():
        lines = [f"{name}={shlex.quote(value)}" for name, value in service.settings.items()]
        (settings / f"{service.name}.env").write_text("\n".join([*lines, ""]))
    named = {
        "SEXTANT_HOME": stack.home("NA-XAL"),
        **{name.upper().replace("-", "_"): service.url for name, service in stack.services.items()},
        "SEXTANT_TRACES": stack.traces,
        "TRUST": stack.trust_file,
        "PINS": stack.root / "pins",
        "HOMES": stack.root / "homes",
        "SETTINGS": settings,
        "WITNESSES": stack.root / "witnesses",
    }
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in named.items()]
    path = stack.root / "names.sh"
    path.write_text("\n".join([f"export PATH={SEXTANT.parent}:$PATH", *lines, ""]))
    return path
