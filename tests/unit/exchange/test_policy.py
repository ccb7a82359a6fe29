"""Pauses of released deliveries."""

import pytest

from sextant_exchange.domain.envelopes import Act
from sextant_exchange.domain.policy import DeliveryPolicy, DepositPolicy
from sextant_shared.crypto.keys import Alg
from sextant_shared.models.envelope import Classification
from sextant_shared.protocol.events import EVENTS
from sextant_shared.protocol.message_types import CONTENT_TYPES


@pytest.mark.parametrize(
    ("attempts", "shortest", "longest"),
    [(1, 1.0, 2.0), (2, 2.0, 4.0), (5, 16.0, 32.0), (12, 450.0, 900.0), (10_000, 450.0, 900.0)],
)
def test_a_pause_doubles_up_to_its_cap_and_is_spread_over_its_upper_half(
    attempts: int, shortest: float, longest: float
) -> None:
    policy = DeliveryPolicy(backoff_s=2.0, backoff_cap_s=900.0)
    assert policy.backoff(attempts, 0.0) == shortest
    assert shortest < policy.backoff(attempts, 0.5) < policy.backoff(attempts, 0.999) < longest


def test_chance_moves_a_pause_evenly_over_its_upper_half() -> None:
    assert [DeliveryPolicy().backoff(1, chance) for chance in (0.0, 0.25, 0.5)] == [1.0, 1.25, 1.5]


def test_a_pause_without_a_cap_still_doubles_no_more_than_thirty_times() -> None:
    policy = DeliveryPolicy(backoff_s=2.0, backoff_cap_s=1e15)
    assert policy.backoff(31, 0.0) == policy.backoff(10_000, 0.0) == 2.0**30


def test_every_class_says_which_sealing_keys_it_takes() -> None:
    table = DepositPolicy().sealing_keys
    assert set(table) == set(Classification)
    assert table[Classification.C3] == {Alg.K2}
    assert all(allowed <= {Alg.K1, Alg.K2} for allowed in table.values())


def test_every_event_of_an_envelope_has_its_row_in_the_table() -> None:
    assert {act.value for act in Act} <= set(EVENTS)


def test_nothing_that_unpacks_is_carried() -> None:
    assert not [name for name in CONTENT_TYPES if "zip" in name or "tar" in name]
