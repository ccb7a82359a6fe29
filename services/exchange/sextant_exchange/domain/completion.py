"""Steps B and C of a deposit, for a batch of held envelopes at once (`deposit` has the order)."""

from collections.abc import Callable, Sequence

from sextant_exchange.domain.appending import append_apart
from sextant_exchange.domain.envelopes import Held, Logged
from sextant_exchange.domain.ports import Envelopes, Log, LoggedLeaf, Step, Trouble
from sextant_shared.clock import Clock
from sextant_shared.errors import PlatformError
from sextant_shared.protocol.receipts import format_custody


class Completion:
    """Appends what a batch owes, stores the receipts, makes the deliveries available."""

    def __init__(
        self,
        log: Log,
        envelopes: Envelopes,
        mailboxes_changed: Callable[[Sequence[str]], None],
        clock: Clock,
        *,
        reached: Step,
        trouble: Trouble,
    ) -> None:
        self._log = log
        self._envelopes = envelopes
        self._mailboxes_changed = mailboxes_changed
        self._clock = clock
        self._reached = reached
        self._trouble = trouble

    async def __call__(self, batch: Sequence[Held]) -> list[bytes | Exception]:
        """Return each envelope's receipt, or why it stays held.

        Raises:
            PlatformError: when all stay held: `E_UNAVAILABLE`, `E_INTEGRITY`, …
        """
        try:
            leaves = await append_apart(
                self._log, [(held.entry, held.traceparent) for held in batch], self._trouble
            )
            self._reached("exchange.after_logged")
            now = self._clock()
            logged = [
                Logged(held, leaf.index, format_custody(held.entry, leaf.proof), now)
                for held, leaf in zip(batch, leaves, strict=True)
                if isinstance(leaf, LoggedLeaf)
            ]
            stored = iter(await self._envelopes.accept(logged, self._clock()))
        except PlatformError as error:
            self._trouble(error)
            raise
        self._reached("exchange.after_accepted")
        self._mailboxes_changed(list({p for item in logged for p in item.held.recipients}))
        return [next(stored) if isinstance(leaf, LoggedLeaf) else leaf for leaf in leaves]
