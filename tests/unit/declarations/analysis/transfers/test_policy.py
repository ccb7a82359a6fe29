"""The files of transfer matching: what is read, and what is told of a file that does not fit."""

import pytest

from sextant_declarations.analysis.transfers.keeping import method_of
from sextant_declarations.analysis.transfers.policy import (
    DEFAULT_POLICY,
    read_policy,
    read_profiles,
)
from sextant_shared.errors import Code, PlatformError


def test_a_policy_names_what_differs_and_is_another_method_then() -> None:
    policy = read_policy(b'{"same_share": "0.05", "basis_words": ["per firm"]}')
    assert (str(policy.same_share), policy.basis_words) == ("0.05", ("per firm",))
    assert policy.stable_years == DEFAULT_POLICY.stable_years
    assert method_of(policy) != method_of(DEFAULT_POLICY)
    assert method_of(read_policy(b"{}")) == method_of(DEFAULT_POLICY)


def test_everything_that_does_not_fit_a_policy_is_told_at_once() -> None:
    with pytest.raises(PlatformError) as raised:
        read_policy(b'{"stable_years": 1, "unit_share": "-1", "guess": true}')
    assert raised.value.code is Code.MALFORMED
    places = {finding.pointer for finding in raised.value.findings}
    assert places == {"/stable_years", "/unit_share", "/guess"}


@pytest.mark.parametrize("data", [b"", b"[]", b'{"profiles": [{"code": "XAL", "code": "XBO"}]}'])
def test_profiles_that_can_be_read_in_two_ways_or_not_at_all_are_refused(data: bytes) -> None:
    with pytest.raises(PlatformError) as raised:
        read_profiles(data)
    assert raised.value.code is Code.MALFORMED
