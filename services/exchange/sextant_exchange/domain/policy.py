"""What the exchange takes: limits, and which class needs which keys.

What a message carries, and who sends it to whom: `sextant_shared.protocol.message_types`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sextant_shared.crypto.keys import Alg
from sextant_shared.models.envelope import MAX_BODY_BYTES, Classification
from sextant_shared.protocol.message_types import DEFAULT_SECRETARIAT

_BOTH = frozenset({Alg.K1, Alg.K2})


@dataclass(frozen=True)
class DepositPolicy:
    """Limits of a deposit; sizes in bytes, times in seconds; which party is the Secretariat."""

    max_body_bytes: int = MAX_BODY_BYTES
    created_skew_s: int = 86_400
    secretariat: str = DEFAULT_SECRETARIAT
    sealing_keys: Mapping[str, frozenset[Alg]] = field(
        default_factory=lambda: {
            Classification.C0: _BOTH,
            Classification.C1: _BOTH,
            Classification.C2: _BOTH,
            Classification.C3: frozenset({Alg.K2}),
        }
    )


@dataclass(frozen=True)
class DeliveryPolicy:
    """How often and how soon a released delivery comes back; times in seconds."""

    max_attempts: int = 8
    backoff_s: float = 2.0
    backoff_cap_s: float = 900.0

    def backoff(self, attempts: int, chance: float) -> float:
        """Return the pause after `attempts` tries: doubling, capped, spread over its upper half.

        `chance` in [0, 1) spreads it, so that what failed together does not come back together.
        """
        ceiling = min(self.backoff_cap_s, self.backoff_s * 2.0 ** min(attempts - 1, 30))
        return ceiling * (0.5 + chance / 2)
