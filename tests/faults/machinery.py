"""What a ground is made of besides the platform: programs of the machine, a collector, a disk."""

import os
import subprocess
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from deploy.local.processes import free_port

DISK_MIB = 256
MIB = 1 << 20


class CannotRunError(RuntimeError):
    """This machine does not let a leg run; the message says why."""


def command(*arguments: str | Path) -> str:
    """Run a program of the machine.

    Raises:
        CannotRunError: with what it said.
    """
    try:
        done = subprocess.run(
            [str(argument) for argument in arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotRunError(f"{arguments[0]}: {error}") from error
    if done.returncode != 0:
        raise CannotRunError(f"{' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


class Collector:
    """Takes spans over OTLP/HTTP and counts the calls; it can go away and come back."""

    def __init__(self) -> None:
        self.port = free_port()
        self.calls = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where spans are sent."""
        return f"http://127.0.0.1:{self.port}/v1/traces"

    def start(self) -> None:
        """Listen."""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                collector.calls += 1
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        serve = self._server.serve_forever
        threading.Thread(target=serve, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@dataclass
class Disk:
    """An ext4 file system in a file, mounted where the exchange keeps its data."""

    image: Path
    mount: Path

    @classmethod
    def make(cls, image: Path, mount: Path) -> "Disk":
        """Make and mount it; an error of the disk makes it read-only, as on most machines."""
        mount.mkdir(parents=True)
        with image.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, DISK_MIB * MIB)
        command("mkfs.ext4", "-q", "-F", "-m", "0", image)
        disk = cls(image, mount)
        disk.attach()
        return disk

    def attach(self) -> None:
        """Mount it."""
        command("mount", "-o", "loop,errors=remount-ro", self.image, self.mount)

    def detach(self) -> None:
        """Unmount it."""
        command("umount", self.mount)

    def break_down(self) -> None:
        """Have the kernel find an error on it: from now on it is read-only."""
        source = command("findmnt", "-n", "-o", "SOURCE", self.mount).strip()
        trigger = Path("/sys/fs/ext4") / Path(source).name / "trigger_fs_error"
        try:
            trigger.write_text("1")
        except OSError as error:
            raise CannotRunError(f"{trigger}: {error.strerror}") from error

    def mend(self) -> None:
        """Check and mount it again; nobody may have a file open there."""
        self.detach()
        subprocess.run(["e2fsck", "-fy", str(self.image)], capture_output=True, check=False)
        self.attach()
