"""Says how the kernel confines a process; ends with 1 when it is less than an image promises."""

import sys
from pathlib import Path

ROOT = "0"
WANTED = {"CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1"}


def complaints(status: str) -> list[str]:
    """Return what is wrong in the text of `/proc/<pid>/status`."""
    fields = {
        name: value.split()
        for name, _, value in (line.partition(":") for line in status.split("\n"))
    }
    wrong = [
        f"{name} is {' '.join(fields.get(name, []))}, not {wanted}"
        for name, wanted in WANTED.items()
        if fields.get(name) != [wanted]
    ]
    users = fields.get("Uid", [])
    return wrong if users and ROOT not in users else [*wrong, "it runs as root"]


def main(arguments: list[str]) -> int:
    """Look at one process: NAME PID."""
    name, pid = arguments
    status = Path("/proc", pid, "status").read_text()
    wrong = complaints(status)
    user = next(line for line in status.split("\n") if line.startswith("Uid:")).split()[1]
    print(f"{name:<13} user {user}: {'; '.join(wrong) or 'no root, no capability, none to gain'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
