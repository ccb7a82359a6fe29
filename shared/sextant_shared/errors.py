"""The one error that leaves a function of the platform, and the closed registry of its codes.

Responsible for naming what went wrong in words a caller can act on. Not responsible for HTTP:
`sextant_shared.protocol.problems` holds the table from code to status and title.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Closed registry of error codes; the code is the contract, the text is not."""

    MALFORMED = "E_MALFORMED"
    VERSION = "E_VERSION"
    AUTH = "E_AUTH"
    SENDER = "E_SENDER"
    FORBIDDEN = "E_FORBIDDEN"
    NOT_FOUND = "E_NOT_FOUND"
    STATE = "E_STATE"
    PRECONDITION = "E_PRECONDITION"
    DUPLICATE = "E_DUPLICATE"
    GONE = "E_GONE"
    LENGTH_REQUIRED = "E_LENGTH_REQUIRED"
    TOO_LARGE = "E_TOO_LARGE"
    KEY = "E_KEY"
    SIGNATURE = "E_SIGNATURE"
    RECIPIENT = "E_RECIPIENT"
    POLICY = "E_POLICY"
    CLOCK = "E_CLOCK"
    LENGTH = "E_LENGTH"
    DIGEST = "E_DIGEST"
    RATE = "E_RATE"
    UNAVAILABLE = "E_UNAVAILABLE"
    INTEGRITY = "E_INTEGRITY"
    INTERNAL = "E_INTERNAL"

    # Local to a recipient: never told to the sender, who sees only UNREADABLE or CONTENT.
    NOT_RECIPIENT = "E_NOT_RECIPIENT"
    DECRYPT = "E_DECRYPT"
    KEY_COMMITMENT = "E_KEY_COMMITMENT"
    BODY = "E_BODY"
    PADDING = "E_PADDING"
    PLAINTEXT_COMMITMENT = "E_PLAINTEXT_COMMITMENT"
    CONTENT = "E_CONTENT"


class Severity(StrEnum):
    """How much a finding weighs: what must be fixed, may be explained, or is only told."""

    MUST_FIX = "must-fix"
    EXPLAIN_OR_FIX = "explain-or-fix"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One observation about one place of an input, with what would mend it.

    `pointer` is an RFC 6901 JSON pointer into the document; `law` names the treaty paragraph.
    `way` and `args` name the message and fill it in, so that it can be worded in another language.
    `source` is the cell or line of the file that the document was read from; `answer` is the
    reason that the State gave for leaving it as it is. `document` names the declaration and version
    that the pointer is of, where that is not the document that was checked: the result of an
    amendment.
    """

    rule: str
    severity: Severity
    pointer: str
    message: str
    expected: str = ""
    received: str = ""
    fix: str = ""
    law: str = ""
    way: str = ""
    args: tuple[tuple[str, str], ...] = ()
    source: str = ""
    answer: str = ""
    document: str = ""


class PlatformError(Exception):
    """A refusal or failure with a code from the closed registry.

    `detail`, `expected`, `received` and `fix` are safe to show to the caller; `evidence` carries
    what proves an integrity fault (both states and the proof), as text.
    """

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        expected: str = "",
        received: str = "",
        fix: str = "",
        findings: Sequence[Finding] = (),
        retry_after_s: int | None = None,
        evidence: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.expected = expected
        self.received = received
        self.fix = fix
        self.findings = tuple(findings)
        self.retry_after_s = retry_after_s
        self.evidence = dict(evidence or {})
