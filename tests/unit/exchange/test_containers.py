"""A stored container is recognised by its own bytes, however they are cut into pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_exchange.domain.containers import WholeContainer
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from tests.integration.exchange.containers import sealed

CONTAINER = sealed(content=b"sealed " * 40)
DATA, DIGEST = CONTAINER.data, CONTAINER.digest
cuts = st.lists(st.integers(0, len(DATA)), max_size=6)


def look(data: bytes, places: list[int], digest: bytes = DIGEST) -> None:
    check = WholeContainer(digest)
    bounds = [0, *sorted(places), len(data)]
    for start, end in pairwise(bounds):
        check.add(data[start:end])
    check.end()


@given(cuts)
def test_it_is_whole_in_whatever_pieces_it_comes(places: list[int]) -> None:
    look(DATA, places)


@given(cuts, st.integers(0, len(DATA) - 1), st.integers(0, 7))
def test_no_bit_of_it_can_be_another(places: list[int], at: int, bit: int) -> None:
    altered = DATA[:at] + bytes([DATA[at] ^ (1 << bit)]) + DATA[at + 1 :]
    with pytest.raises(PlatformError) as refused:
        look(altered, places)
    assert refused.value.code is Code.INTEGRITY


@pytest.mark.parametrize(
    "data",
    [b"", DATA[:5], DATA[:200], DATA[:-1], DATA + b"!", b"another file"],
    ids=["nothing", "no prefix", "no manifest", "cut", "longer", "no container"],
)
def test_more_or_less_of_it_is_told(data: bytes) -> None:
    with pytest.raises(PlatformError) as refused:
        look(data, [])
    assert refused.value.code is Code.INTEGRITY
    assert refused.value.fix


def test_another_container_is_not_taken_for_it() -> None:
    with pytest.raises(PlatformError, match="manifest"):
        look(sealed(2, content=b"other").data, [])
    with pytest.raises(PlatformError, match="manifest"):
        look(DATA, [], sha256(b"another manifest"))
