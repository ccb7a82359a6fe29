"""What Litestream copied of SQLite files: found, compared with a snapshot, restored."""

import shutil
import subprocess
import sys
from pathlib import Path

from sextant_client.recovery.snapshots import sync_file
from sextant_shared.clock import parse_timestamp
from sextant_shared.errors import Code, PlatformError

REPLICAS = "replicas"
_PATIENCE_S = 3600


def newer_replica(root: Path, room: str, than: str) -> Path | None:
    """Return the replica of a room, if anything came to it since that time.

    One that was stopped before a snapshot was made knows nothing that the snapshot lacks.
    """
    replica = root / REPLICAS / room
    times = (path.stat().st_mtime for path in replica.rglob("*") if path.is_file())
    return replica if max(times, default=0.0) > parse_timestamp(than) else None


def litestream() -> str:
    """Return the program that replicates SQLite.

    Raises:
        PlatformError: `E_STATE` when it is not installed.
    """
    beside = Path(sys.executable).with_name("litestream")
    found = str(beside) if beside.is_file() else shutil.which("litestream")
    if found is None:
        raise PlatformError(
            Code.STATE,
            "litestream is not installed",
            fix="pip install --require-hashes -r requirements/recovery.txt",
        )
    return found


def restore_replica(replica: Path, target: Path, to: str | None) -> None:
    """Put the newest state that Litestream holds, or that of a time, in place of the snapshot."""
    fresh = target.with_name(f".{target.name}.new")
    moment = ["-timestamp", to] if to else []
    command = [litestream(), "restore", *moment, "-o", str(fresh), f"file://{replica.resolve()}"]
    done = subprocess.run(  # noqa: S603 -- a program of ours with paths of ours
        command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
    )
    if done.returncode != 0:
        raise PlatformError(
            Code.UNAVAILABLE,
            f"litestream could not restore {target.name}",
            received=(done.stderr or done.stdout)[-300:],
            fix="Move the folder of replicas away to restore the snapshot alone.",
        )
    fresh.replace(target)
    sync_file(target)
