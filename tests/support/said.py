"""Every finding of the corpus as people read it: a page for those who review the words."""

from sextant_shared.errors import Finding
from tests.support.corpus import CORPUS, cases

PAGE = CORPUS / "SAID.md"
HEAD = """# What the rules say

Every finding of the corpus in English. Written by `python -m tests.support.said`; do not edit.
"""


def page() -> str:
    """Return the page."""
    lines = [HEAD]
    rule = ""
    seen: set[str] = set()
    for case in cases():
        if case.rule != rule:
            rule = case.rule
            lines.append(f"## {rule}\n")
        for finding in case.findings():
            text = said(finding)
            if finding.rule == rule and text not in seen:
                seen.add(text)
                lines.append(text)
    return "\n".join(lines) + "\n"


def said(finding: Finding) -> str:
    """Return a finding as one paragraph."""
    return (
        f"**{finding.way}** {finding.message}\\\n"
        f"expected: {finding.expected}\\\n"
        f"received: {finding.received}\\\n"
        f"fix: {finding.fix}\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
