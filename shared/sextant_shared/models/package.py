"""The manifest of a package: several documents in one envelope, named and digested one by one.

Responsible for the shapes and for what a part may be called. `sextant_shared.protocol.package`
reads and writes the bytes.

A name is what people see and what a file is called when it is taken out, on any system. So it holds
letters of every writing, digits, spaces and a few marks, and nothing that a path, a shell, a
device or the direction of writing could hide in.
"""

import unicodedata
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from sextant_shared.models.envelope import MAX_CONTENT_BYTES
from sextant_shared.models.strict import Strict, Version1

PACKAGE_CTY = "application/vnd.sextant.package"
MAX_PARTS = 64
MAX_NAME_CHARS = 100
MAX_NAME_BYTES = 200  # file systems take 255 bytes, and a temporary name is a little longer
_LETTERS = frozenset("LMN")  # general categories: letters, their marks, digits
_MARKS = frozenset(" ._-()+,")
_ENDS = frozenset(" .-")  # a leading dot hides a file, a leading hyphen is an option
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)))
)


class PartRole(StrEnum):
    """What a part is: the one message the envelope is about, or an attachment to it."""

    MESSAGE = "message"
    ATTACHMENT = "attachment"


def flaw_of(name: str) -> str | None:
    """Return why a part cannot be called so, None when it can."""
    if not 1 <= len(name) <= MAX_NAME_CHARS or len(name.encode("utf-8", "replace")) > (
        MAX_NAME_BYTES
    ):
        return f"has 1 to {MAX_NAME_CHARS} characters, at most {MAX_NAME_BYTES} bytes"
    if not unicodedata.is_normalized("NFC", name):
        return "is in Unicode's composed form (NFC)"
    if any(c not in _MARKS and unicodedata.category(c)[0] not in _LETTERS for c in name):
        return "has letters, digits, spaces and . _ - ( ) + , only"
    if name[0] in _ENDS or name[-1] in _ENDS - {"-"}:
        return "does not begin or end with a space or dot, nor begin with a hyphen"
    if name.partition(".")[0].strip().casefold() in _DEVICES:
        return "is no name of a device"
    return None


def _plain(name: str) -> str:
    flaw = flaw_of(name)
    if flaw is not None:
        raise ValueError(f"a name {flaw}")
    return name


class PackagePart(Strict):
    """One part: `size` in bytes, `sha256` of its bytes (base64url)."""

    name: Annotated[str, AfterValidator(_plain)]
    cty: Annotated[str, Field(pattern=r"^[a-z0-9.+/-]{3,127}$")]
    size: Annotated[int, Field(ge=0, le=MAX_CONTENT_BYTES)]
    sha256: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    role: Annotated[PartRole, Field(strict=False)]


class PackageManifest(Strict):
    """All parts, in the order of their bytes: the message first."""

    v: Version1
    parts: Annotated[list[PackagePart], Field(min_length=1, max_length=MAX_PARTS)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        roles = [part.role for part in self.parts]
        if roles[0] is not PartRole.MESSAGE or roles.count(PartRole.MESSAGE) != 1:
            raise ValueError("the first part is the message, and no other is")
        names = [part.name.casefold() for part in self.parts]
        if len(set(names)) != len(names):
            raise ValueError("two parts have one name, where capitals do not count")
        if any(part.cty == PACKAGE_CTY for part in self.parts):
            raise ValueError("a package holds no package")
        return self

    @property
    def message(self) -> PackagePart:
        """The part that the envelope is about."""
        return self.parts[0]
