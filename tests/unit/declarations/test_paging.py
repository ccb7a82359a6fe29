"""Pages of a list: nothing skipped, nothing twice, and a cursor that no page gave is refused."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_declarations.domain.paging import number_in, page_of
from sextant_shared.errors import Code, PlatformError


async def _newest_first(before: int | None, most: int, *, count: int) -> Sequence[int]:
    return list(range(count if before is None else before - 1, 0, -1))[:most]


@pytest.mark.anyio
@pytest.mark.parametrize("cursor", ["", "AAAA", "not a place", "AAAAAAAAAAA=", "gAAAAAAAAAA"])
async def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    async def fetch(_before: int | None, _most: int) -> Sequence[int]:
        pytest.fail("it was read")

    with pytest.raises(PlatformError) as refused:
        await page_of(fetch, int, cursor=cursor, limit=1)
    assert refused.value.code is Code.MALFORMED


@pytest.mark.parametrize("part", ["", "x", "1.0", "nan", "٣", " 1", "1\n", "9" * 19, "9" * 5000])
def test_a_part_of_a_cursor_that_no_row_can_have_is_refused(part: str) -> None:
    with pytest.raises(PlatformError, match="no page gave this cursor") as refused:
        number_in(part)
    assert refused.value.code is Code.MALFORMED


@pytest.mark.anyio
@given(count=st.integers(0, 12), limit=st.integers(1, 5))
async def test_pages_give_every_line_once_and_the_last_has_no_cursor(
    count: int, limit: int
) -> None:
    seen: list[int] = []
    cursor, pages = None, 0
    while pages == 0 or cursor is not None:
        lines, cursor = await page_of(
            lambda before, most: _newest_first(before, most, count=count),
            int,
            cursor=cursor,
            limit=limit,
        )
        seen += lines
        pages += 1
    assert seen == list(range(count, 0, -1))
    assert pages == max(1, -(-count // limit))


def test_a_part_of_a_cursor_is_the_number_that_it_names() -> None:
    assert [number_in(part) for part in ("0", "-1", "9" * 18)] == [0, -1, 10**18 - 1]
