"""Disks that are full, read-only, gone, slow, or answer with errors."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.grounds import BALLAST_MIB, Grounds
from tests.faults.leg import Fault, Leg
from tests.faults.machinery import CannotRunError
from tests.support.disks import filled

ATTACH_S = 1.0


@contextmanager
def full(grounds: Grounds) -> Iterator[None]:
    """Fill the exchange's disk to the last byte; an operator throws the ballast overboard."""
    with filled(grounds.disk.mount):
        yield
        status, said = grounds.operate("ballast", "release")
        if status != 0 or "released" not in said:
            raise AssertionError(f"the ballast is not released: {said}")
        (grounds.disk.mount / "room").write_bytes(b"x" * (BALLAST_MIB << 19))
    (grounds.disk.mount / "room").unlink()
    status, said = grounds.operate("ballast", "fill")
    if status != 0:
        raise AssertionError(f"the ballast is not filled again: {said}")


@contextmanager
def read_only(grounds: Grounds) -> Iterator[None]:
    """Have the kernel turn the exchange's disk read-only under it, as after an error of ext4."""
    grounds.disk.break_down()
    yield
    grounds.process("exchange").kill()
    grounds.disk.mend()
    grounds.stack.start("exchange")


@contextmanager
def blobs_away(grounds: Grounds) -> Iterator[None]:
    """Take the folder of large containers away: a volume that is not mounted."""
    blobs = grounds.disk.mount / "blobs"
    away = blobs.with_name("blobs.away")
    blobs.rename(away)
    try:
        yield
    finally:
        if blobs.exists():
            for path in sorted(blobs.rglob("*")):
                if path.is_file():
                    place = away / path.relative_to(blobs)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    path.rename(place)
            subprocess.run(["rm", "-r", str(blobs)], check=True)
        away.rename(blobs)


def injected(name: str, calls: str, what: str) -> Fault:
    """Return the fault that tampers with system calls of a process that runs."""

    @contextmanager
    def fault(grounds: Grounds) -> Iterator[None]:
        # The calls must stand in `trace` too: what is not traced is not tampered with.
        tampering = ("-e", f"trace={calls}", "-e", f"inject={calls}:{what}")
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", *tampering, "-p", str(grounds.pid(name))],
            stderr=subprocess.PIPE,
        )
        time.sleep(ATTACH_S)
        if tracer.poll() is not None:
            said = tracer.stderr.read().decode() if tracer.stderr else ""
            raise CannotRunError(f"strace cannot attach: {said.strip()}")
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)  # it lets go, and the process goes on
            tracer.communicate(timeout=30)

    return fault


LEGS = (
    Leg(
        name="disk-full",
        does="the exchange's disk is filled to the last byte for 6 s; the ballast is released",
        fault=full,
        holds_s=6.0,
    ),
    Leg(
        name="read-only",
        does="an error of ext4 turns the exchange's disk read-only; fsck, mounted, started again",
        fault=read_only,
        needs=("mkfs.ext4", "e2fsck", "findmnt"),
    ),
    Leg(
        name="eio-fsync",
        does="every third fsync and fdatasync of the exchange fails with EIO for 5 s",
        fault=injected("exchange", "fsync,fdatasync", "error=EIO:when=1+3"),
        holds_s=5.0,
        needs=("strace",),
    ),
    Leg(
        name="eio-write",
        does="every fifth pwrite of the exchange fails with EIO for 5 s",
        fault=injected("exchange", "pwrite64", "error=EIO:when=1+5"),
        holds_s=5.0,
        needs=("strace",),
    ),
    Leg(
        name="slow-fsync",
        does="each fsync and fdatasync of the exchange takes 200 ms longer for 6 s",
        fault=injected("exchange", "fsync,fdatasync", "delay_enter=200000"),
        holds_s=6.0,
        needs=("strace",),
    ),
    Leg(
        name="blobs-away",
        does="the folder of large containers is gone for 4 s: a volume that is not mounted",
        fault=blobs_away,
    ),
)
