"""Runs the rules over an opened content, beside what its State filed, for the register.

The rules are the same that every National Authority runs before it seals
(`sextant_shared.rules`); nothing is decided here.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sextant_declarations.analysis.classification import marking_of
from sextant_declarations.analysis.obligations.facts import stated_of
from sextant_declarations.domain.deliveries import Check, Facts, Pack, Revision, StateFilings
from sextant_declarations.domain.library import Comparison, Library
from sextant_declarations.domain.sites import sites_in, sites_of
from sextant_shared.errors import Finding, Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.filing import Amendment, Nil, Withdrawal
from sextant_shared.rules import check, rule_pack_id
from sextant_shared.rules.filings import document_of

MAX_SHOWN = 1000  # findings of one content: what a person can work through
MAX_TEXT = 1500  # characters of each text of a finding: a list of all kinds is one
MAX_TOTAL = 4 << 20  # characters of all texts together: a receipt must stay readable
NOTHING_FILED = StateFilings()


def check_content(
    path: Path,
    filings: StateFilings = NOTHING_FILED,
    *,
    library: Library,
    max_bytes: int,
    max_values: int,
) -> Check:
    """Return what the rules say about the declaration in the file at `path`.

    A million values can have a million flaws, each a kilobyte in memory; so they are counted
    first, roughly, by the commas between them.
    """
    size = path.stat().st_size
    if size > max_bytes:
        return _unchecked(f"at most {max_bytes} bytes", f"{size} bytes")
    data = path.read_bytes()
    values = data.count(b",") + 1
    if values > max_values:
        return _unchecked(f"at most {max_values} values", f"about {values} values")
    comparison = Comparison(library, filings)
    report = check(data, comparison.policy, comparison)
    findings = (*report.findings, *([_incomplete(comparison)] if comparison.left_out else ()))
    return Check(
        is_declaration=report.verdict != "REJECTED",
        facts=_facts(report.declaration) if report.declaration else None,
        findings=bounded(findings),
        pack=Pack(version=report.pack.version, digest=report.pack.digest),
        canonical_digest=report.content_digest,
        compared=comparison.compared,
        sites=sites_of(report.declaration) if report.declaration else sites_in(data),
        marking=marking_of(document_of(report.declaration)) if report.declaration else "",
    )


def bounded(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings as they are stored and sent: so many, each text so long, all together.

    A sender can write a document with a million flaws. What must be fixed comes first then, and
    the last finding says how many are not shown.
    """
    shown = tuple(_cut(finding) for finding in findings[: MAX_SHOWN + 1])
    if len(findings) <= MAX_SHOWN and sum(map(_length, shown)) <= MAX_TOTAL:
        return shown
    first = sorted(findings, key=lambda finding: finding.severity is not Severity.MUST_FIX)
    room = MAX_TOTAL
    kept: list[Finding] = []
    for finding in map(_cut, first[:MAX_SHOWN]):
        room -= _length(finding)
        if room < 0:
            break
        kept.append(finding)
    return (*kept, _unshown(len(findings) - len(kept)))


def _cut(finding: Finding) -> Finding:
    return replace(
        finding,
        pointer=finding.pointer[:MAX_TEXT],
        message=finding.message[:MAX_TEXT],
        expected=finding.expected[:MAX_TEXT],
        received=finding.received[:MAX_TEXT],
        fix=finding.fix[:MAX_TEXT],
        law=finding.law[:MAX_TEXT],
        args=tuple((name, value[:MAX_TEXT]) for name, value in finding.args),
        answer=finding.answer[:MAX_TEXT],
    )


def _length(finding: Finding) -> int:
    texts = (finding.pointer, finding.message, finding.expected, finding.received, finding.fix)
    figures = sum(len(name) + len(value) for name, value in finding.args)
    return sum(map(len, texts)) + len(finding.answer) + figures


def _unshown(count: int) -> Finding:
    return Finding(
        rule="REG-0",
        severity=Severity.INFORMATION,
        pointer="",
        message=f"{count} further findings are not shown",
        fix="Mend what is shown and check again.",
    )


def _facts(declaration: DeclarationBase) -> Facts:
    return Facts(
        declaration_id=declaration.declaration_id,
        version=declaration.version,
        state_code=declaration.state_code,
        kind=declaration.kind,
        year=declaration.year,
        is_nil=declaration.is_nil,
        closes=tuple(declaration.scope) if isinstance(declaration, Nil) else (),
        revises=_revision(declaration),
        files=tuple((one.name, one.sha256) for one in declaration.attachments),
        stated=stated_of(declaration),
    )


def _revision(declaration: DeclarationBase) -> Revision | None:
    if isinstance(declaration, Amendment):
        named, site = declaration.amends, None
    elif isinstance(declaration, Withdrawal):
        named, site = declaration.withdraws, declaration.site_code
    else:
        return None
    return Revision(
        declaration_id=named.declaration_id,
        version=named.version,
        withdraws=isinstance(declaration, Withdrawal),
        site_code=site,
    )


def _incomplete(comparison: Comparison) -> Finding:
    return Finding(
        rule="REG-5",
        severity=Severity.INFORMATION,
        pointer="",
        message="not all earlier filings of the State were compared: they are too many, too large,"
        " or of a form that is read no more",
        expected="all filings of the years that matter",
        received=f"the {len(comparison.compared)} newest that fit",
        fix="Nothing to mend; officers see which were compared.",
    )


def _unchecked(expected: str, received: str) -> Check:
    pack = rule_pack_id()
    finding = Finding(
        rule="REG-0",
        severity=Severity.MUST_FIX,
        pointer="",
        message="the declaration is larger than this register reads",
        expected=expected,
        received=received,
        fix="Divide it into several declarations.",
    )
    return Check(
        is_declaration=False,
        facts=None,
        findings=(finding,),
        pack=Pack(version=pack.version, digest=pack.digest),
        canonical_digest=None,
    )
