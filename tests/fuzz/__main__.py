"""`make fuzz`: coverage-guided fuzzing of each reader, for as long as asked.

    python -m tests.fuzz [SECONDS] [TARGET …]

Each target runs in a process of its own and keeps what it found worth keeping in
`var/fuzz/<target>/`. Bytes that broke one are left in `var/fuzz/broken/`.
"""

import subprocess
import sys

from tests.fuzz.targets import TARGETS

DEFAULT_S = 60
COUNT = "stat::number_of_executed_units:"


def fuzz_one(name: str, seconds: int) -> bool:
    """Fuzz one target, tell how it went, and return whether it held."""
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    inputs = done.stderr.partition(COUNT)[2].partition("\n")[0].strip() or "?"
    held = done.returncode == 0
    _tell(f"{name:<18}{inputs:>12} inputs  {'ok' if held else 'BROKEN'}")
    if not held:
        _tell(done.stdout[-4000:] + done.stderr[-2000:])
    return held


def main(arguments: list[str]) -> int:
    """Fuzz what was asked for, everything by default; 1 when something broke."""
    seconds = DEFAULT_S
    if arguments and arguments[0].isdigit():
        seconds = int(arguments.pop(0))
    if unknown := set(arguments) - set(TARGETS):
        _tell(f"unknown: {', '.join(sorted(unknown))}\nknown: {', '.join(TARGETS)}")
        return 2
    held = [fuzz_one(name, seconds) for name in arguments or TARGETS]
    return 0 if all(held) else 1


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
