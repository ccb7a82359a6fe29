"""Every bound that all services share has a reason and stands on the page of limits."""

from pathlib import Path

import pytest

from sextant_shared.chassis.settings import ServiceSettings

PAGE = (Path(__file__).parents[4] / "docs" / "limits.md").read_text()
NO_LIMITS = {"port", "drain_s", "note_after_s", "trace_sample_ratio", "trace_service_name"}
BOUNDS = sorted(
    name
    for name, field in ServiceSettings.model_fields.items()
    if isinstance(field.default, int | float) and name not in NO_LIMITS
)


@pytest.mark.parametrize("name", BOUNDS)
def test_a_bound_has_a_reason_and_its_default_is_told(name: str) -> None:
    field = ServiceSettings.model_fields[name]
    assert field.description
    assert field.default > 0
    assert f"`{name.upper()}`" in PAGE
