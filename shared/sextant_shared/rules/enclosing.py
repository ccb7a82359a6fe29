"""Holds the files that a declaration names against the documents that came with it.

Asked on both sides, and only where documents travel along: a declaration by itself may name files
that reach the other side in another way.
"""

from collections.abc import Iterator, Mapping, Sequence

from sextant_shared.errors import Finding, Severity

RULE = "REG-8"


def unlike(named: Sequence[tuple[str, str]], enclosed: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return a finding for each file that is missing, is another one, or is not named.

    `named` are names and SHA-256 in hexadecimal digits as the declaration has them, `enclosed` the
    same of the documents.
    """
    return tuple(_unlike(named, enclosed))


def _unlike(named: Sequence[tuple[str, str]], enclosed: Mapping[str, str]) -> Iterator[Finding]:
    for k, (name, digest) in enumerate(named):
        if name not in enclosed:
            yield _finding(
                f"/attachments/{k}/name",
                f"the file {name} is named and not attached",
                expected=name,
                received=", ".join(enclosed) or "nothing",
                fix="Attach it, or explain how it reaches the other side.",
            )
        elif enclosed[name] != digest:
            yield _finding(
                f"/attachments/{k}/sha256",
                f"the attached file {name} is not the one that the declaration names",
                expected=digest,
                received=enclosed[name],
                fix="Attach the file that was meant, or correct its digest.",
            )
    known = {name for name, _ in named}
    for name in enclosed:
        if name not in known:
            yield _finding(
                "/attachments",
                f"the attached file {name} is not named in the declaration",
                expected="an entry with its name, digest and classification",
                received=name,
                fix="Add it to the attachments of the declaration.",
            )


def _finding(pointer: str, message: str, *, expected: str, received: str, fix: str) -> Finding:
    return Finding(
        rule=RULE,
        severity=Severity.EXPLAIN_OR_FIX,
        pointer=pointer,
        message=message,
        expected=expected,
        received=received,
        fix=fix,
    )
