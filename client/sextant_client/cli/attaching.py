"""`--attach`: what is said of files that go along, before anything is sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.output import Output, finding_lines
from sextant_client.packing import Attached, compare, look_at
from sextant_client.prepare.checking import Checked
from sextant_shared.errors import Finding

Attach = Annotated[
    list[Path] | None,
    typer.Option("--attach", help="A file that goes along in the envelope; repeat for more."),
]


@dataclass(frozen=True)
class Attachments:
    """Files that go along with one declaration, and what does not fit."""

    files: tuple[Attached, ...] = ()
    findings: tuple[Finding, ...] = ()

    @classmethod
    def beside(cls, checked: Sequence[Checked], attach: Sequence[Path]) -> "Attachments":
        """Look at the files and compare them with those the declaration names.

        Raises:
            PlatformError: `E_STATE` for a file that cannot be read.
        """
        if not attach:
            return cls()
        if len(checked) != 1:
            raise typer.BadParameter("--attach goes with one declaration; name exactly one file")
        files = look_at(attach)
        declaration = checked[0].report.declaration
        named = [(one.name, one.sha256) for one in declaration.attachments] if declaration else []
        return cls(tuple(files), compare(named, files))

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [one.path for one in self.files]

    def tell(self, output: Output) -> None:
        """Say which archives the other side will leave closed."""
        for one in self.files:
            for flaw in one.flaws:
                output.say(f"{one.path.name} will be left closed by the Secretariat: {flaw}.")

    def lines(self) -> list[str]:
        """Return the findings as people read them."""
        return [line for finding in self.findings for line in finding_lines(finding)]

    def members(self) -> list[dict[str, Any]]:
        """Return the files as JSON members."""
        return [
            {"name": f.path.name, "size": f.size, "sha256": f.sha256, "flaws": list(f.flaws)}
            for f in self.files
        ]
