"""Makes the printable copy of record of a declaration, or refuses what it cannot print."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sextant_client.home import write_file
from sextant_client.prepare.pdf.content import Fact, Facts, Part, Section, Table, sections_of
from sextant_client.prepare.pdf.drawing import Properties, Sheet
from sextant_client.prepare.pdf.flow import Flow
from sextant_client.prepare.pdf.fonts import Fonts, choose, prepared
from sextant_client.prepare.pdf.front import (
    ABOVE,
    Extras,
    about_findings,
    front,
    legend,
    margins,
)
from sextant_client.prepare.pdf.own import own_fonts
from sextant_client.prepare.pdf.wording import Shown, law
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.declaration import kind_of
from sextant_shared.models.strict import pointer_of

__all__ = ("Extras", "as_pdf", "write_pdf")

MAX_UNPRINTABLE = 100  # findings told at once
MAX_NAMED = 8  # characters named in one finding
NO_EXTRAS = Extras()


def write_pdf(path: Path, document: Mapping[str, Any], extras: Extras = NO_EXTRAS) -> None:
    """Write the print of a document.

    Raises:
        PlatformError: as `as_pdf`.
    """
    write_file(path, as_pdf(document, extras))


def as_pdf(document: Mapping[str, Any], extras: Extras = NO_EXTRAS) -> bytes:
    """Return the print of a document.

    Raises:
        PlatformError: `E_MALFORMED` when its kind is not known, or with a finding for each place
            that the fonts cannot print; `E_DIGEST` when the receipt is of other content;
            `E_TOO_LARGE` beyond the limit of pages; `E_NOT_FOUND` for a font.
    """
    kind = kind_of(document)
    digest = b64u(sha256(canonical_json(document)))
    _check_receipt(extras, digest)
    sections = [
        front(kind, document, digest, extras),
        *sections_of(kind, document),
        *about_findings(document, extras),
        legend(),
    ]
    sections = [_prepared(section) for section in sections]
    properties = Properties(
        title=prepared(f"{kind.title}, {document.get('declaration_id')}"),
        subject=f"{kind.id}, content sha256:{digest}",
        language=str(document.get("language") or "en"),
        date=extras.date,
    )
    with own_fonts() as own:
        fonts = choose(extras.fonts, {c for text in _texts(sections) for c in text}, own)
        _refuse_unprintable(document, extras.told, fonts)
        sheet = Sheet(fonts)
        flow = Flow(sheet.measure, extras.max_pages)
        flow.title(ABOVE, kind.title, f"{kind.id}   {law(kind.about.law)}")
        for section in sections:
            flow.section(section)
        return sheet.draw(flow.pages, properties, lambda n: margins(document, flow.pages, n))


def _check_receipt(extras: Extras, digest: str) -> None:
    if extras.receipt is not None and extras.receipt.content != digest:
        raise PlatformError(
            Code.DIGEST,
            "the receipt is of other content than this declaration",
            expected=str(extras.receipt.content),
            received=digest,
            fix="Print the file that was sent, or give the receipt of this one.",
        )


def _refuse_unprintable(
    document: Mapping[str, Any], findings: Sequence[Finding], fonts: Fonts
) -> None:
    refused = []
    said = (text for f in findings for text in (f.message, f.received, f.expected, f.answer))
    places = [*_places(document, ()), *(((), text) for text in said)]
    for place, text in places:
        missing = fonts.missing(prepared(text))
        if missing:
            refused.append(_unprintable(place, missing, fonts))
        if len(refused) == MAX_UNPRINTABLE:
            break
    if refused:
        raise PlatformError(
            Code.MALFORMED,
            f"the fonts at hand cannot print the declaration in {len(refused)} place(s)",
            findings=refused,
            fix="Name a font with these characters, or a folder with such fonts: --font PATH.",
        )


def _unprintable(place: tuple[int | str, ...], missing: Sequence[str], fonts: Fonts) -> Finding:
    codes = [f"U+{ord(c):04X}" + (f" {c}" if c.isprintable() else "") for c in missing]
    named = ", ".join(codes[:MAX_NAMED])
    more = f" and {len(codes) - MAX_NAMED} more" if len(codes) > MAX_NAMED else ""
    return Finding(
        rule="S0",
        severity=Severity.MUST_FIX,
        pointer=pointer_of(place),
        message=f"no font at hand can print this: {named}{more}",
        expected=f"characters of {', '.join(fonts.tried)[:200]}",
        received=named,
        fix="Name a font that has them, as for Chinese: --font PATH. Remove what has no shape.",
    )


def _places(
    value: Any, place: tuple[int | str, ...]
) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Yield every text of a document with its place, the names of members included."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield (*place, name), name
            yield from _places(inner, (*place, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, (*place, index))


def _prepared(section: Section) -> Section:
    """Return a section with its texts as they are printed."""
    return Section(prepared(section.title), [_prepared_block(block) for block in section.blocks])


def _prepared_block(block: Facts | Table | Part) -> Facts | Table | Part:
    title = prepared(block.title)
    if isinstance(block, Part):
        return replace(block, title=title)
    if isinstance(block, Facts):
        return Facts(title, [Fact(prepared(f.label), _shown(f.shown), f.law) for f in block.facts])
    rows = [[_shown(shown) for shown in row] for row in block.rows]
    return replace(block, title=title, rows=rows)


def _shown(shown: Shown) -> Shown:
    return replace(shown, text=prepared(shown.text))


def _texts(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        yield section.title
        for block in section.blocks:
            yield block.title
            if isinstance(block, Facts):
                yield from (text for fact in block.facts for text in (fact.label, fact.shown.text))
            elif isinstance(block, Table):
                yield from (shown.text for row in block.rows for shown in row)
