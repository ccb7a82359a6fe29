"""The process that takes a package apart: bounded, and given nothing but two paths.

`packing.unpack_apart` starts it. It bounds itself before it reads the first byte; where a system
has no such bounds, the time that the parent waits is one. What is wrong is told as a problem
document on standard output, with exit status 1.
"""

import contextlib
import json
import sys
from pathlib import Path

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MAX_CONTENT_BYTES
from sextant_shared.protocol.package import unpack
from sextant_shared.protocol.problems import problem_of

MEMORY_BYTES = 1 << 30  # the interpreter with our libraries takes a quarter of it
CPU_S = 60
OPEN_FILES = 64


def bound_process() -> None:
    """Bound memory, processor time, files and their size; no core file with what was declared."""
    with contextlib.suppress(ImportError):  # Windows has none of these
        import resource  # noqa: PLC0415 -- only where the system has it

        for name, value in (
            ("RLIMIT_CORE", 0),
            ("RLIMIT_AS", MEMORY_BYTES),
            ("RLIMIT_CPU", CPU_S),
            ("RLIMIT_FSIZE", MAX_CONTENT_BYTES),
            ("RLIMIT_NOFILE", OPEN_FILES),
        ):
            with contextlib.suppress(OSError, ValueError):  # lower already, or not known there
                resource.setrlimit(getattr(resource, name), (value, value))


def main(package: str, folder: str) -> int:
    """Take `package` apart into `folder`; return the exit status."""
    bound_process()
    try:
        with Path(package).open("rb") as source:
            unpack(source, Path(folder))
    except PlatformError as error:
        sys.stdout.write(json.dumps(problem_of(error)))
        return 1
    except OSError as error:
        refused = PlatformError(Code.UNAVAILABLE, f"the disk refused: {error.strerror}")
        sys.stdout.write(json.dumps(problem_of(refused)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
