"""Where the domain reference lies, beside the checkout; tests compare our data with it."""

from pathlib import Path

import pytest

DOMAIN = Path(__file__).resolve().parents[3] / "shared" / "domain"

needs_reference = pytest.mark.skipif(
    not DOMAIN.is_dir(),
    reason="the reference is read from ../shared/domain, which is not beside this checkout",
)
