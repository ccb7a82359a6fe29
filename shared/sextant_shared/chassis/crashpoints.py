"""Named places between two durable steps where a drill may stop the process as a power cut would.

Nothing happens unless `arm` was called at start, which only a `__main__` does, and never in
production. A name may carry a count: `exchange.after_held:3` lets two passages through.
"""

import os
import signal

from sextant_shared.errors import Code, PlatformError

_armed: dict[str, int] = {}


def arm(setting: str) -> None:
    """Arm the crash point that `setting` (`name` or `name:n`) names; empty disarms all.

    Raises:
        PlatformError: `E_MALFORMED` for a count that is no number from 1.
    """
    _armed.clear()
    name, _, count = setting.partition(":")
    count = count or "1"
    if not (count.isascii() and count.isdigit() and int(count)):
        raise PlatformError(
            Code.MALFORMED, "not a crash point", expected="name or name:n", received=setting[:80]
        )
    if name:
        _armed[name] = int(count)


def crash_point(name: str) -> None:
    """End this process with SIGKILL if the point is armed and its count is reached."""
    if name not in _armed:
        return
    _armed[name] -= 1
    if _armed[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
