"""What a print says beside the declaration: what it is of, its record, findings, how to read it."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_client.prepare.pdf.content import Column, Fact, Facts, Section, Table, identity_of
from sextant_client.prepare.pdf.flow import MARGIN, Box, Page, Text
from sextant_client.prepare.pdf.fonts import prepared
from sextant_client.prepare.pdf.style import BANNER, LINE, MARGINAL
from sextant_client.prepare.pdf.wording import BLANK, LEGEND, NONE, Shown, as_json
from sextant_shared.errors import Finding
from sextant_shared.models.declaration import Kind
from sextant_shared.models.declaration.natural import stable_place
from sextant_shared.models.receipts import OutcomeReceipt

MAX_PAGES = 2_000  # four reams of paper; whoever needs more reads it on a screen
ABOVE = "DECLARATION UNDER THE CHEMICAL WEAPONS CONVENTION  -  PRINTABLE COPY OF RECORD"
_UNSTATED = "CLASSIFICATION NOT STATED"
_NOT_REGISTERED = "none; printed from the file, which need not have been sent"
_WHAT_COUNTS = (
    "The signed content is the record; the first page gives its digest. This print says all that"
    " the content says, and adds nothing to it but labels."
)


@dataclass(frozen=True)
class Extras:
    """What is printed beside the declaration, and how.

    `receipt` is the Secretariat's outcome receipt of this very content; `findings` are told where
    there is no receipt, which has its own. `fonts` are files and folders, in order of preference.
    `date` is when it was printed; without it nothing in the file depends on the day.
    """

    receipt: OutcomeReceipt | None = None
    findings: Sequence[Finding] = ()
    fonts: Sequence[Path] = ()
    date: dt.datetime | None = None
    max_pages: int = MAX_PAGES

    @property
    def told(self) -> Sequence[Finding]:
        """The findings to print."""
        if self.receipt is None:
            return self.findings
        return [reported.finding() for reported in self.receipt.findings]


def front(kind: Kind, document: Mapping[str, Any], digest: str, extras: Extras) -> Section:
    """Return what identifies the declaration, its content and its registration."""
    record = [Fact("SHA-256 of the canonical content, in base64url", Shown(digest))]
    record += _receipt(extras.receipt)
    if extras.date is not None:
        record.append(
            Fact("Printed", Shown(f"{extras.date.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"))
        )
    return Section("", [identity_of(kind, document), Facts("Record", record)])


def _receipt(receipt: OutcomeReceipt | None) -> list[Fact]:
    if receipt is None:
        return [Fact("Receipt", Shown(_NOT_REGISTERED, is_nothing=True))]
    registration = receipt.registration
    return [
        Fact("Verdict of the Secretariat", Shown(str(receipt.verdict))),
        Fact("Registration", Shown(registration or NONE, is_nothing=registration is None)),
        Fact("Time of the verdict", Shown(receipt.t)),
        Fact("Custody entry in the log", Shown(str(receipt.custody))),
        Fact("Rule pack", Shown(f"{receipt.rules.version}  sha256:{receipt.rules.digest}")),
        Fact("Envelope", Shown(receipt.env)),
        Fact("Manifest, SHA-256", Shown(receipt.man)),
    ]


def about_findings(document: Mapping[str, Any], extras: Extras) -> Iterator[Section]:
    """Yield the findings as a table; under a receipt, also that there are none."""
    if extras.told:
        names = ("Rule", "Weight", "Place", "What was found", "Answer of the State")
        rows = [_finding(document, finding) for finding in extras.told]
        yield Section("Findings", [Table("", [Column(name) for name in names], rows)])
    elif extras.receipt is not None:
        none = Fact("Findings of the Secretariat", Shown(NONE, is_nothing=True))
        yield Section("Findings", [Facts("", [none])])


def _finding(document: Mapping[str, Any], finding: Finding) -> list[Shown]:
    parts = {
        "expected": finding.expected,
        "received": finding.received,
        "fix": finding.fix,
        "law": finding.law,
    }
    said = "\n".join(
        [finding.message, *(f"{name}: {text}" for name, text in parts.items() if text)]
    )
    return [
        Shown(finding.rule),
        Shown(str(finding.severity)),
        Shown(stable_place(document, finding.pointer) or "/"),
        Shown(said),
        Shown(finding.answer or NONE, is_nothing=not finding.answer),
    ]


def legend() -> Section:
    """Return how to read the print."""
    words = [Fact(word, Shown(meaning)) for word, meaning in LEGEND]
    counts = Facts("", [Fact("What counts", Shown(_WHAT_COUNTS))])
    return Section("How to read this print", [Facts("", words), counts])


def margins(document: Mapping[str, Any], pages: Sequence[Page], number: int) -> Page:
    """Return what stands around a page: classification, what it is of, its number of how many."""
    page = pages[number - 1]
    room, bottom = page.width - 2 * MARGIN, page.height - 46
    banner = prepared(classification(document))
    said = [_said(document, name) for name in ("state_code", "declaration_id", "kind", "version")]
    what = prepared("{}   {}   {}   version {}".format(*said))
    turn = f"page {number} of {len(pages)}"
    items: list[Text | Box] = [
        Text(MARGIN, 24, room, banner, BANNER, "C"),
        Box(MARGIN, 42, room, 0.6, fill=LINE),
        Box(MARGIN, bottom, room, 0.6, fill=LINE),
        Text(MARGIN, bottom + 5, room * 0.8, what, MARGINAL),
        Text(MARGIN, bottom + 5, room, turn, MARGINAL, "R"),
        Text(MARGIN, bottom + 17, room, banner, BANNER, "C"),
    ]
    return Page(page.is_across, items)


def classification(document: Mapping[str, Any]) -> str:
    """Return the classification in the words that stand on every page."""
    value = document.get("confidentiality")
    return value.replace("_", " ") if isinstance(value, str) and value else _UNSTATED


def _said(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if value is None:
        return BLANK
    return value if isinstance(value, str) and value.strip() else as_json(value)
