"""What the platform is made of when it runs: the pins of `requirements/run.txt` and our rooms.

Reads the pins and what the packages of this environment say of themselves. What a room asks for and
no pin names, or a pin that no room asks for, is a mistake and is told by its name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sextant_shared.errors import Code, PlatformError

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "requirements" / "run.txt"
ROOMS = (
    "sextant-shared",
    "sextant-audit",
    "sextant-exchange",
    "sextant-declarations",
    "sextant-client",
)
_PIN = re.compile(
    r"([a-z0-9-]+)==([^\s;\\]+)(?: ; ([^\\]+))?((?:\s*\\\s*--hash=sha256:[0-9a-f]{64})+)"
)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of a package, the files that may be installed, and where it is."""

    name: str
    version: str
    marker: str
    digests: tuple[str, ...]

    @property
    def is_here(self) -> bool:
        """Whether it belongs into an environment like this one."""
        return not self.marker or Marker(self.marker).evaluate()


def read_pins(text: str) -> tuple[Pin, ...]:
    """Return the pins of a file as `make lock` writes it.

    Raises:
        PlatformError: `E_STATE` for a text with anything else.
    """
    pins = tuple(
        Pin(name, version, (marker or "").strip(), tuple(_DIGEST.findall(digests)))
        for name, version, marker, digests in _PIN.findall(text)
    )
    rest = re.sub(r"\s|(?m:^#.*$)", "", _PIN.sub("", text))
    if rest or not pins:
        raise PlatformError(
            Code.STATE,
            "the pins hold something that is no pin with hashes",
            expected="name==version, with --hash=sha256:… for each file",
            received=rest[:80],
            fix="make lock",
        )
    return pins


def installed(name: str) -> Distribution:
    """Return what is installed under a name.

    Raises:
        PlatformError: `E_STATE` when nothing is.
    """
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise PlatformError(Code.STATE, f"{name} is not installed", fix="make install") from None


def graph(rooms: tuple[str, ...] = ROOMS) -> dict[str, frozenset[str]]:
    """Return who asks for whom in this environment, beginning with the rooms."""
    extras: dict[str, frozenset[str]] = {name: frozenset() for name in rooms}
    asked: dict[str, frozenset[str]] = {}
    left = list(rooms)
    while left:
        name = left.pop()
        wanted = list(_wanted(installed(name), extras[name]))
        asked[name] = frozenset(other for other, _ in wanted)
        for other, more in wanted:
            if other not in extras or not more <= extras[other]:
                extras[other] = extras.get(other, frozenset()) | more
                left.append(other)
    return asked


def check_pinned(pins: tuple[Pin, ...], asked: dict[str, frozenset[str]]) -> None:
    """Compare what rooms ask for with what is pinned and installed, all differences at once.

    Raises:
        PlatformError: `E_STATE`.
    """
    here = {pin.name: pin.version for pin in pins if pin.is_here}
    wrong = [f"{name} is asked for and not pinned" for name in sorted({*asked} - {*here, *ROOMS})]
    wrong += [f"{name} is pinned and nobody asks for it" for name in sorted({*here} - {*asked})]
    for name, version in here.items():
        if name in asked and installed(name).version != version:
            wrong.append(f"{name} is {installed(name).version} here and {version} in the pins")
    if wrong:
        raise PlatformError(Code.STATE, "; ".join(wrong), fix="make lock, then make install")


def _wanted(found: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for line in found.requires or ():
        asked = Requirement(line)
        tries = [{"extra": extra} for extra in ("", *extras)]
        if asked.marker is None or any(asked.marker.evaluate(one) for one in tries):
            yield canonicalize_name(asked.name), frozenset(asked.extras)
