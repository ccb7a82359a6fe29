"""What a client writes down of its own part in a trace."""

import json
from pathlib import Path

import pytest

from sextant_client.client import Client
from sextant_client.traces.sources import source_of
from sextant_client.traces.spans import Wanted
from tests.unit.client.carrying.conftest import Way, Wire, clock, set_up
from tests.unit.declarations.world import World


@pytest.fixture
def way(tmp_path: Path) -> Way:
    """Return a home that was once online."""
    found = Way(
        folder=tmp_path,
        home=set_up(tmp_path / "home", "sig", "seal", "api", offline=True),
        courier=set_up(tmp_path / "courier", "api", offline=False),
        wire=Wire(World()),
    )
    found.trip()
    return found


def test_a_deposit_is_found_by_the_id_of_its_envelope_whoever_continues_its_trace(
    way: Way, tmp_path: Path
) -> None:
    sealed = way.seal()
    file, url = tmp_path / "traces" / "client.jsonl", "http://exchange.example"
    online = {"trace_file": str(file), "offline": False, "exchange": url, "audit": url}
    way.home.write_config(way.home.config().model_copy(update=online))
    with Client(way.home, clock=clock, transport=way.wire, audit_transport=way.wire) as client:
        deposited = client.deposit(sealed)
    wanted = Wanted.of(sealed.id)
    spans = wanted.among(source_of(str(file.parent)).spans(wanted))
    assert {span.trace for span in spans} == {deposited.trace_id}
    whole = next(span for span in spans if span.name == "sextant.deposit")
    assert "POST /v1/envelopes" in [span.name for span in spans if span.parent == whole.id]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["name"] for line in lines if line["attributes"]] == ["sextant.deposit"]
