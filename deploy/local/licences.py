"""Under which licence each package of the platform comes, and which licences it may have.

A package says it in its metadata, in one of three places and not always in the same words. What
says nothing, or something unclear, stands here with the place where it was read. A licence that no
reason allows fails, with the package's name. Writes `docs/licences.md`.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from deploy.local.pins import PINS, Pin, read_pins
from sextant_shared.errors import Code, PlatformError

_FREE = "asks for its notice to be kept; the images keep it with each package"
_FREE_AND_PATENTS = "asks for its notices to be kept, as the images do; grants patents"
_LIBRARY = "a library, unchanged and exchangeable in its own folder, as it asks"
ALLOWED: Mapping[str, str] = {
    "Apache-2.0": _FREE_AND_PATENTS,
    "BSD-2-Clause": _FREE,
    "BSD-3-Clause": _FREE,
    "ISC": _FREE,
    "LGPL-3.0-only": _LIBRARY,
    "MIT": _FREE,
    "MIT-0": "asks for nothing",
    "MIT-CMU": _FREE,
    "MPL-2.0": "binds changed files alone; none is changed",
    "OFL-1.1": "fonts: may go into documents and programs, not be sold by themselves",
    "PSF-2.0": _FREE,
    "Ubuntu-font-1.0": "fonts: the same as OFL-1.1; none of them is used",
}
# SPDX identifiers for what metadata says in other words.
WORDS: Mapping[str, str] = {
    "3-Clause BSD License": "BSD-3-Clause",
    "APL 2": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "ISC License": "ISC",
    "PSFL": "PSF-2.0",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
}
# Package: licence, and where it was read.
READ: Mapping[str, tuple[str, str]] = {
    "colorama": ("BSD-3-Clause", "its file LICENSE.txt; on Windows alone"),
    "pymupdf-fonts": ("OFL-1.1 AND Ubuntu-font-1.0", "its LICENSE.txt and description"),
    "resvg-py": ("MIT", "its file LICENSE"),
    "uvloop": ("MIT OR Apache-2.0", "its files LICENSE-MIT and LICENSE-APACHE"),
}
_INTRO = """\
What runs in production, by the pins in `requirements/run.txt`: each package and its licence as an
SPDX expression. `make sbom` writes the same with versions, hashes and who asks for whom as
CycloneDX 1.6 to `var/sbom.json`; it and the tests fail for a licence that the second table lacks.
What only builds or tests is not part of it, nor are the optional pins for Parquet and tokens.
Libraries that a wheel brings inside (libpq, OpenSSL) stand in the document under their package."""


def licence(name: str, found: Distribution | None) -> tuple[str, str]:
    """Return a package's licence and where it was read.

    Raises:
        PlatformError: `E_POLICY` when it says none, or one in words that nobody has read.
    """
    if name in READ:
        return READ[name]
    where, word = next(_said(found), ("", "")) if found else ("", "")
    expression = WORDS.get(word, word)
    if expression and not refused(expression):
        return expression, where
    raise PlatformError(
        Code.POLICY,
        f"{name} comes under no licence that is allowed",
        expected=", ".join(ALLOWED),
        received=word or "no licence",
        fix="Read it. If it may be used, say so with a reason in deploy/local/licences.py.",
    )


def refused(expression: str) -> list[str]:
    """Return the licences of an expression that are not allowed; of alternatives one is enough."""
    alternatives = [
        [word for word in part.strip(" ()").split(" AND ") if word not in ALLOWED]
        for part in expression.split(" OR ")
    ]
    return min(alternatives, key=len)


def licences(pins: Iterable[Pin]) -> dict[str, tuple[str, str]]:
    """Return the licence of each package, and where it was read.

    Raises:
        PlatformError: `E_POLICY`, with all that are not allowed at once.
    """
    names = sorted({pin.name for pin in pins})
    found: dict[str, tuple[str, str]] = {}
    wrong: list[PlatformError] = []
    for name in names:
        try:
            found[name] = licence(name, _find(name))
        except PlatformError as error:
            wrong.append(error)
    if wrong:
        raise PlatformError(
            Code.POLICY,
            "; ".join(f"{one.detail} ({one.received})" for one in wrong),
            expected=wrong[0].expected,
            fix=wrong[0].fix,
        )
    return found


def licences_page() -> str:
    """Return the page of licences."""
    pins = read_pins(PINS.read_text())
    versions: dict[str, list[str]] = {}
    for pin in pins:
        versions.setdefault(pin.name, []).append(pin.version)
    found = licences(pins)
    lines = ["# Licences of what the platform is made of", ""]
    lines += ["Generated from the code by `make docs-tables`; do not edit.", ""]
    lines += [*_INTRO.splitlines(), ""]
    lines += ["| package | version | licence | read in |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {', '.join(versions[name])} | {expression} | {where} |"
        for name, (expression, where) in found.items()
    ]
    lines += ["", "## Licences that are allowed", "", "| licence | why |", "| --- | --- |"]
    lines += [f"| {name} | {why} |" for name, why in ALLOWED.items()]
    return "\n".join(lines) + "\n"


def _said(found: Distribution) -> Iterator[tuple[str, str]]:
    """Return what a package's metadata says, the clearest place first."""
    said = found.metadata
    for where in ("License-Expression", "License"):
        if where in said and "\n" not in said[where]:
            yield where, said[where]
    for classifier in said.get_all("Classifier") or ():
        if classifier.startswith("License :: "):
            yield "classifier", classifier


def _find(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
