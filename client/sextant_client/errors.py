"""What callers of the SDK may catch, and the exit status of the command for each."""

from sextant_shared.errors import Code, PlatformError

OK = 0
FINDINGS = 1
USAGE = 2
REFUSED = 3
UNTRUSTED = 4
WARNINGS = 5

# One status per failure class of an offline verification.
BUNDLE_MALFORMED = 10
BUNDLE_LOG = 11
BUNDLE_CUSTODY = 12
BUNDLE_REGISTRY = 13
BUNDLE_SIGNATURE = 14
BUNDLE_CONTENT = 15
BUNDLE_REPLY = 16
BUNDLE_WITNESSES = 17
LOG_SIGNATURE = 18
OTHER_LOG = 19
UNKNOWN_KEY = 20
CONSISTENCY = 21
TRUST = 22

# One status per class of what may be wrong with a copy of the log, gravest first.
LOG_STATUSES = {
    "history": 40,
    "checkpoint": 41,
    "cosignature": 42,
    "root": 43,
    "entry": 44,
    "tile": 45,
    "missing": 46,
    "stray": 47,
}

INTERRUPTED = 130  # 128 and the number of SIGINT, as shells say it

TABLE = {
    OK: "done, or valid",
    FINDINGS: "findings that must be fixed",
    USAGE: "wrong usage",
    REFUSED: "the server, or a token, cannot be reached or refused",
    UNTRUSTED: "a signature, key or integrity check failed",
    WARNINGS: "accepted with findings to explain, under --strict; not witnessed yet; flagged; due;"
    " `doctor` warns of something; no outcome while --watch waited",
    BUNDLE_MALFORMED: "the bundle or proof is not well-formed",
    BUNDLE_LOG: "the log does not contain the entry where the proof says",
    BUNDLE_CUSTODY: "the receipt is for another envelope or entry",
    BUNDLE_REGISTRY: "the keys were not in force at that position of the log",
    BUNDLE_SIGNATURE: "a signature of the manifest does not verify",
    BUNDLE_CONTENT: "the body or content is not the one that was signed",
    BUNDLE_REPLY: "a reply of the Secretariat does not verify",
    BUNDLE_WITNESSES: "fewer witnesses signed than the level asked for needs, or one wrongly",
    LOG_SIGNATURE: "a signature of the log does not verify",
    OTHER_LOG: "it is of another log than the pinned one",
    UNKNOWN_KEY: "a signature by a pinned key of the log is missing; other keys signed",
    CONSISTENCY: "no one history holds both heads: keep the files as evidence",
    TRUST: "the trust file, or the key or policy it pins for this, cannot be used",
    LOG_STATUSES["history"]: "the log's head does not continue the one known here",
    LOG_STATUSES["checkpoint"]: "the head is missing, or the pinned log did not sign it",
    LOG_STATUSES["cosignature"]: "a witness's cosignature does not verify",
    LOG_STATUSES["root"]: "the tree is not the one that was signed",
    LOG_STATUSES["entry"]: "an entry is not the one that was hashed",
    LOG_STATUSES["tile"]: "a hash tile is not that of what lies below it",
    LOG_STATUSES["missing"]: "a file of the published tree is missing",
    LOG_STATUSES["stray"]: "a file that no log has",
    INTERRUPTED: "stopped by Ctrl-C; nothing is lost, run it again",
}
_UNTRUSTED_CODES = frozenset(
    {
        Code.INTEGRITY,
        Code.KEY,
        Code.SIGNATURE,
        Code.DIGEST,
        Code.DECRYPT,
        Code.KEY_COMMITMENT,
        Code.BODY,
        Code.PADDING,
        Code.PLAINTEXT_COMMITMENT,
        Code.NOT_RECIPIENT,
    }
)


class VerificationError(PlatformError):
    """An offline check failed; `status` is its class in the table of exit statuses."""

    def __init__(self, status: int, error: PlatformError) -> None:
        super().__init__(
            error.code,
            error.detail,
            expected=error.expected,
            received=error.received,
            fix=error.fix,
            evidence=error.evidence,
        )
        self.status = status


def exit_status(error: PlatformError) -> int:
    """Return the exit status that an error ends the command with."""
    if isinstance(error, VerificationError):
        return error.status
    return UNTRUSTED if error.code in _UNTRUSTED_CODES else REFUSED
