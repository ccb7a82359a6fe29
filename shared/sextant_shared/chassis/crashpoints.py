"""Named places between two durable steps where a drill may stop the process as a power cut would.

Nothing happens unless `arm` was called at start, which only a `__main__` does, and never in
production. A name may carry a count: `exchange.after_held:3` lets two passages through.
"""

import os
import signal

_armed: dict[str, int] = {}


def arm(setting: str) -> None:
    """Arm the crash point that `setting` (`name` or `name:n`) names; empty disarms all."""
    _armed.clear()
    name, _, count = setting.partition(":")
    if name:
        _armed[name] = int(count or "1")


def crash_point(name: str) -> None:
    """End this process with SIGKILL if the point is armed and its count is reached."""
    if name not in _armed:
        return
    _armed[name] -= 1
    if _armed[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
