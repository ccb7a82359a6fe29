"""Generated pages are those the code gives."""

import pytest

from deploy.local.tables import DOCS, PAGES, left_over


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_generated_page_is_fresh(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run: make docs-tables"


def test_generated_folders_hold_nothing_else() -> None:
    assert left_over() == []
