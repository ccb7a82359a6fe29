"""Models whose validators are made when they are first used."""

from concurrent.futures import ThreadPoolExecutor

from sextant_shared.models.strict import Deferred

THREADS = 8


class _Inner(Deferred):
    number: int


class _Outer(Deferred):
    inner: list[_Inner]


def test_threads_that_use_a_model_first_at_the_same_time_read_the_same() -> None:
    assert not _Outer.__pydantic_complete__
    given = {"inner": [{"number": n} for n in range(9)]}
    with ThreadPoolExecutor(THREADS) as pool:
        read = list(pool.map(_Outer.model_validate, [given] * THREADS))
    assert [one.model_dump() for one in read] == [given] * THREADS
    assert _Outer.__pydantic_complete__
