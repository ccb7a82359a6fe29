"""Knows how long commits have been under way, and says what is told while one does not end.

A server with a second site ends a commit when that site has it. While nothing there answers, the
commit waits without end: the server has switched the time-out of statements off by then. It must
not be cancelled either, since a wait that is cancelled is told as a commit that stands. So the
commit is left alone, and whoever waits for it is told after a bound that it may stand.

Responsible for knowing and for words. What a writer does about it is `writer`'s.
"""

import math
from collections.abc import Callable
from threading import Thread

import structlog

from sextant_shared.clock import monotonic
from sextant_shared.errors import Code, PlatformError

OK = "ok"
LATELY_S = 15.0  # who waits for a turn fails once in this time, or nobody tries any more
RETRY_AFTER_S = 5  # a receiver that is started again needs about as long
_log = structlog.get_logger("sextant.store")


class Commits:
    """The commits of one writer. Each hand changes its own place, everybody else reads.

    One that takes longer than `bound_s` is overdue.
    """

    def __init__(self, hands: int, bound_s: float = math.inf) -> None:
        self.bound_s = bound_s
        self._since: list[float | None] = [None] * hands
        self._failing: tuple[float, float] | None = None  # first and last fault since a commit
        self._is_told = False

    def begin(self, hand: int) -> None:
        """Note that a hand commits from now on."""
        self._since[hand] = monotonic()

    def end(self, hand: int, *, failed: bool) -> None:
        """Note that a hand's transaction ended; it `failed` when the store did."""
        since, self._since[hand], now = self._since[hand], None, monotonic()
        if not failed:
            self._failing = None
        else:
            self._failing = (self._failing[0] if self._failing else now, now)
        if since is not None and now - since > self.bound_s:
            _log.warning("a commit ended late", seconds=round(now - since), failed=failed)
            self._is_told = False

    def left_s(self, hand: int | None = None) -> float:
        """Return when the commit of a hand, or the oldest of all, is overdue; from now on."""
        some = self._since if hand is None else [self._since[hand]]
        since = min((one for one in some if one is not None), default=None)
        return self.bound_s if since is None else since + self.bound_s - monotonic()

    @property
    def is_overdue(self) -> bool:
        """Whether a commit has been under way for longer than the bound."""
        return self.left_s() <= 0

    def word(self) -> str:
        """Say for readiness whether commits end.

        Where another process holds the turn to write and cannot commit, none of this one begins:
        what fails for longer than the bound, and did so lately, tells of that.
        """
        if self.is_overdue:
            return "a commit waits for the server to confirm it"
        if self._failing is not None:
            first, last = self._failing
            lately_s = max(2 * self.bound_s, LATELY_S)
            if last - first > self.bound_s and monotonic() - last < lately_s:
                return "no commit could be made for long"
        return OK

    def tell(self) -> None:
        """Let the operator know of a commit that is overdue, once."""
        if not self._is_told:
            self._is_told = True
            _log.error(
                "a commit waits for the server to confirm it",
                seconds=round(self.bound_s),
                fix="Start the receiver that synchronous_standby_names asks for; cancel nothing.",
            )


def unconfirmed() -> PlatformError:
    """Return what is told to whoever is in a commit that is overdue."""
    return PlatformError(
        Code.UNAVAILABLE,
        "the commit is not confirmed yet: what was sent may be held, or not",
        fix="Send the same again: what is held by then gets the answer it would have had.",
        retry_after_s=RETRY_AFTER_S,
    )


def not_taken() -> PlatformError:
    """Return what is told to whoever comes while a commit is overdue."""
    return PlatformError(
        Code.UNAVAILABLE,
        "the store takes nothing while a commit waits to be confirmed; nothing of this is held",
        fix="Send the same again later; the operator sees the cause in the log.",
        retry_after_s=RETRY_AFTER_S,
    )


def within(bound_s: float, commit: Callable[[], object]) -> None:
    """Do a commit, and wait so long for it; it goes on when nobody waits any more.

    Raises:
        PlatformError: `E_UNAVAILABLE` when it did not end in time; else what `commit` raised.
    """
    failures: list[Exception] = []

    def run() -> None:
        try:
            commit()
        except Exception as error:  # noqa: BLE001 -- raised where it is waited for
            failures.append(error)

    thread = Thread(target=run, name="committing", daemon=True)
    thread.start()
    thread.join(bound_s)
    if thread.is_alive():
        raise PlatformError(
            Code.UNAVAILABLE,
            "the first commit of this process waits for the server to confirm it",
            fix="Start the receiver that synchronous_standby_names asks for, then this process.",
        )
    if failures:
        raise failures[0]
