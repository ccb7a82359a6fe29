"""Where test vectors live, and what happens where the public ones are missing."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED_VECTORS = ROOT.parent / "shared" / "vectors"
IN_CI = os.environ.get("CI") == "true"  # noqa: TID251 -- the test run's own environment

# A missing folder may skip on a developer's machine, but must fail in CI.
needs_shared_vectors = pytest.mark.skipif(
    not SHARED_VECTORS.is_dir() and not IN_CI,
    reason="public vectors are read from ../shared/vectors, which is not beside this checkout",
)


def load_shared(name: str) -> Any:
    """Return a public vector file, parsed; an empty object where the folder is absent locally."""
    if not SHARED_VECTORS.is_dir() and not IN_CI:
        return {}
    return json.loads((SHARED_VECTORS / name).read_text())
