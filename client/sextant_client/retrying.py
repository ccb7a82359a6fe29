"""When a request is repeated, after how long, and what is said when it is given up."""

import random

from sextant_shared.errors import Code, PlatformError

MAX_ATTEMPTS = 6
MAX_RETRY_AFTER_S = 60  # told to come back later than that, it is the caller's turn to decide
RETRIED = (Code.UNAVAILABLE, Code.RATE)


def pause_before(
    attempt: int, error: PlatformError, *, step_s: float, cap_s: float
) -> float | None:
    """Return how long to wait after the failure of try `attempt`, None to give up."""
    asked = float(error.retry_after_s or 0)
    if error.code not in RETRIED or attempt >= MAX_ATTEMPTS or asked > MAX_RETRY_AFTER_S:
        return None
    pause: float = min(cap_s, step_s * 2**attempt)
    jittered = pause * random.uniform(0.5, 1)  # noqa: S311 -- jitter
    return max(jittered, asked)


def given_up(attempt: int, error: PlatformError) -> PlatformError:
    """Return the error of the last try, with what was tried and what to do."""
    if error.code not in RETRIED:
        return error
    tries = "once" if attempt == 1 else f"{attempt} times"
    when = f"in {error.retry_after_s} s or later" if error.retry_after_s else "later"
    return PlatformError(
        error.code,
        f"{error.detail} (tried {tries})",
        expected=error.expected,
        received=error.received,
        fix=f"Nothing is lost. Run the command again {when}; what was sealed is sent by"
        f" `sextant submit --resume`, the same bytes. {error.fix}".rstrip(),
        findings=error.findings,
        retry_after_s=error.retry_after_s,
        evidence=error.evidence,
    )
