"""Takes the message out of a package, and says what came beside it.

Responsible for reading a package whole before anything of it is believed, and for what is found
about its parts. Runs in the workshop, where memory and time are bounded. Attachments stay inside of
the package: they are served from there, and nothing of them is ever unpacked or run.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sextant_declarations.domain.deliveries import Attachment, Check, Pack, Stage
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.protocol.archives import ArchiveLimits, is_archive, look_into
from sextant_shared.protocol.package import PackageLimits, Place, check_package
from sextant_shared.rules import rule_pack_id
from sextant_shared.rules.enclosing import unlike

_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a package holds: the type of its message, and the attachments in order."""

    cty: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class Unpack:
    """Takes packages apart within limits."""

    limits: PackageLimits = field(default_factory=PackageLimits)
    archives: ArchiveLimits = field(default_factory=ArchiveLimits)

    def __call__(self, stage: Stage) -> Unpacked:
        """Write the message of `stage.package` to `stage.content`.

        Raises:
            PlatformError: `E_MALFORMED`, `E_VERSION`, `E_TOO_LARGE`, `E_LENGTH`, `E_DIGEST`; then
                there is no `stage.content`.
        """
        with stage.package.open("rb") as source:
            message, *others = check_package(source, self.limits)
        _copy(stage.package, message, stage.content)
        attachments, room = [], self.archives.bytes_  # for all archives of one envelope together
        for n, place in enumerate(others, start=1):
            one, read = self._attachment(stage.package, place, n, room)
            attachments.append(one)
            room -= read
        return Unpacked(cty=message.part.cty, attachments=tuple(attachments))

    def _attachment(self, package: Path, place: Place, n: int, room: int) -> tuple[Attachment, int]:
        part = place.part
        found = Attachment(
            n=n,
            name=part.name,
            cty=part.cty,
            size=part.size,
            digest=b64u_decode(part.sha256),
            offset=place.offset,
        )
        with tempfile.TemporaryDirectory(dir=package.parent) as folder:
            alone = Path(folder) / "part"
            _copy(package, place, alone)
            if not is_archive(alone):
                return found, 0
            look = look_into(alone, replace(self.archives, bytes_=room))
            return replace(found, flaws=look.flaws), look.read


def unreadable(error: PlatformError) -> Check:
    """Return what the sender of a package is told that cannot be read."""
    pack = rule_pack_id()
    finding = Finding(
        rule="REG-6",
        severity=Severity.MUST_FIX,
        pointer="",
        message=f"the package cannot be read: {error.detail}",
        expected=error.expected,
        received=error.received,
        fix=error.fix or "Make the package again: sextant submit FILE --attach FILE.",
    )
    return Check(
        is_declaration=False,
        facts=None,
        findings=(finding,),
        pack=Pack(version=pack.version, digest=pack.digest),
        canonical_digest=None,
    )


def beside(check: Check, attachments: Sequence[Attachment]) -> Check:
    """Return a check with what is found about the attachments behind it."""
    named = check.facts.files if check.facts else ()
    enclosed = {one.name: one.digest.hex() for one in attachments}
    found = (*unlike(named, enclosed), *_closed(attachments))
    return replace(check, findings=(*check.findings, *found)) if attachments else check


def _closed(attachments: Sequence[Attachment]) -> Iterator[Finding]:
    for one in attachments:
        for flaw in one.flaws:
            yield Finding(
                rule="REG-7",
                severity=Severity.EXPLAIN_OR_FIX,
                pointer="",
                message=f"the attachment {one.name} is an archive that is left closed: {flaw}",
                expected="documents, or a plain archive of them",
                received=one.name,
                fix="Attach the documents themselves.",
            )


def _copy(package: Path, place: Place, target: Path) -> None:
    with package.open("rb") as source, target.open("xb") as out:
        source.seek(place.offset)
        remaining = place.part.size
        while remaining and (block := source.read(min(_BLOCK, remaining))):
            remaining -= len(block)
            out.write(block)
