"""Gives a refused sender evidence: the refusal stands in the log, and the problem carries proof.

Only what a party signed is refused this way: whoever sends under a foreign name, or with broken
signatures, has given nothing that evidence could be about. Nothing is stored here, and a log that
is late or away costs the sender the evidence, never the answer.
"""

import asyncio
from collections.abc import Callable

from sextant_exchange.domain.ports import Log, Trouble
from sextant_shared.clock import Clock, random_bytes, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeRefusedEntry, format_entry
from sextant_shared.protocol.manifest import Manifest
from sextant_shared.protocol.refusals import EVIDENCE, format_refusal

# Ours to mend: they say nothing about the envelope.
_OURS = frozenset({Code.UNAVAILABLE, Code.INTERNAL, Code.INTEGRITY})


class Refusals:
    """The use case; `newest_index` is the party entry by which envelopes are judged now."""

    def __init__(
        self,
        log: Log,
        newest_index: Callable[[], int],
        clock: Clock,
        trouble: Trouble,
        *,
        wait_s: float,
    ) -> None:
        self._log = log
        self._newest_index = newest_index
        self._clock = clock
        self._trouble = trouble
        self._wait_s = wait_s

    async def with_evidence(self, manifest: Manifest, error: PlatformError) -> PlatformError:
        """Return the refusal with its receipt as evidence, or as it is where there is none."""
        if error.code in _OURS:
            return error
        entry = self._entry(manifest, error.code)
        try:
            async with asyncio.timeout(self._wait_s):
                (leaf,) = await self._log.append([entry], [None])
        except TimeoutError:
            return error
        except PlatformError as why:
            self._trouble(why)
            return error
        receipt = format_refusal(entry, leaf.proof).decode()
        return PlatformError(
            error.code,
            error.detail,
            expected=error.expected,
            received=error.received,
            fix=error.fix,
            findings=error.findings,
            evidence={**error.evidence, EVIDENCE: receipt},
        )

    def _entry(self, manifest: Manifest, code: Code) -> bytes:
        return format_entry(
            EnvelopeRefusedEntry(
                v=1,
                type="envelope.refused",
                id=b64u(random_bytes(16)),
                t=timestamp_ms(self._clock()),
                nonce=b64u(random_bytes(16)),
                env=manifest.header.id,
                man=b64u(manifest.digest),
                code=code.value,
                reg=self._newest_index(),
            )
        )
