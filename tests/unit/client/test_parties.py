"""Which keys of a party a class allows, and what may not be sent for want of one's own."""

import pytest

from sextant_client.parties import fit_keys, require_answerable
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import PlatformError
from tests.support.parties import PartyKeys

WEAK, STRONG = PartyKeys("NA-XAL").enrolled(), PartyKeys("NA-XBO", kem=Alg.K2).enrolled()


def test_who_could_not_be_answered_learns_before_sealing_which_key_is_missing() -> None:
    with pytest.raises(PlatformError) as caught:
        require_answerable(WEAK, "C3")
    error = caught.value
    assert (str(error.code), error.expected, error.received, error.fix) == (
        "E_KEY",
        "an active sealing key MLKEM1024-P384 of NA-XAL",
        "MLKEM768-X25519",
        "Make one and register it: sextant keys rotate seal --kind K2.",
    )


@pytest.mark.parametrize("classification", ["C0", "C1", "C2"])
def test_any_key_may_have_the_other_classes(classification: str) -> None:
    require_answerable(WEAK, classification)
    assert fit_keys(WEAK, classification)


def test_a_strong_key_may_have_them_all() -> None:
    require_answerable(STRONG, "C3")
    assert [key.alg for key in fit_keys(STRONG, "C3")] == [Alg.K2]
    assert fit_keys(WEAK, "C3") == []
