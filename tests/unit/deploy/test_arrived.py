"""Which trace went through all services, out of what a collector prints."""

import io

import pytest

from deploy.local.arrived import main, traces

ONE, OTHER = "5b8efff798038103d269b633813fc60c", "0af7651916cd43dd8448eb211c80319c"


def printed(*spans: tuple[str, str]) -> str:
    """Return what the collector prints of spans: service and trace of each."""
    return "".join(
        f"ResourceSpans #0\nResource attributes:\n     -> service.name: Str({service})\n"
        f"Span #0\n    Trace ID       : {trace}\n    Parent ID      : \n"
        for service, trace in spans
    )


def test_a_trace_in_pieces_is_one_trace() -> None:
    text = printed(("exchange", ONE), ("audit", OTHER), ("audit", ONE))
    assert traces(text.splitlines()) == {ONE: {"exchange", "audit"}, OTHER: {"audit"}}


@pytest.mark.parametrize(
    "text", ["", printed(("exchange", ONE), ("audit", OTHER)), printed(("exchange", ONE))]
)
def test_services_that_share_no_trace_are_refused(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["exchange", "audit"]) == 1
    assert "no trace" in capsys.readouterr().out


def test_the_trace_that_all_share_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(("audit", OTHER), ("exchange", ONE), ("audit", ONE), ("declarations", ONE))
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["exchange", "audit"]) == 0
    assert f"trace {ONE}: audit, declarations, exchange" in capsys.readouterr().out
