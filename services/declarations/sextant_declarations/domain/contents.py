"""Runs the rules over an opened content and keeps what the register needs of it.

The rules are the same that every National Authority runs before it seals
(`sextant_shared.rules`); nothing is decided here.
"""

from pathlib import Path

from sextant_declarations.domain.deliveries import Check, Facts, Pack
from sextant_shared.errors import Finding, Severity
from sextant_shared.models.declaration import Declaration, Nil
from sextant_shared.rules import check, rule_pack_id


def check_content(path: Path, max_bytes: int) -> Check:
    """Return what the rules say about the declaration in the file at `path`."""
    size = path.stat().st_size
    if size > max_bytes:
        return _too_large(size, max_bytes)
    report = check(path.read_bytes())
    return Check(
        facts=_facts(report.declaration) if report.declaration else None,
        findings=report.findings,
        pack=Pack(version=report.pack.version, digest=report.pack.digest),
        canonical_digest=report.content_digest,
    )


def _facts(declaration: Declaration) -> Facts:
    return Facts(
        declaration_id=declaration.declaration_id,
        version=declaration.version,
        state_code=declaration.state_code,
        kind=declaration.kind,
        year=declaration.year,
        is_nil=declaration.is_nil,
        closes=tuple(declaration.scope) if isinstance(declaration, Nil) else (),
    )


def _too_large(size: int, max_bytes: int) -> Check:
    pack = rule_pack_id()
    finding = Finding(
        rule="REG-0",
        severity=Severity.MUST_FIX,
        pointer="",
        message="the declaration is larger than this register reads",
        expected=f"at most {max_bytes} bytes",
        received=f"{size} bytes",
        fix="Divide it into several declarations.",
    )
    return Check(
        facts=None,
        findings=(finding,),
        pack=Pack(version=pack.version, digest=pack.digest),
        canonical_digest=None,
    )
