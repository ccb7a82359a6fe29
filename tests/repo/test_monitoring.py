"""Alerts and dashboard speak of metrics that exist, and fire when they should."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.dashboard import FIRST, Question, dashboard_text
from deploy.local.debian import run
from deploy.local.watching import METRICS, SERVER, name_in_prometheus
from deploy.monitoring.answers import UNLESS, reason
from tests.support.promtool import alertmanager_file, amtool, promtool
from tests.support.vectors import ROOT

FOLDER = ROOT / "deploy" / "monitoring"
ALERTS = FOLDER / "alerts.yaml"
TESTS = sorted(FOLDER.glob("*.test.yaml"))
KNOWN = {name_in_prometheus(metric) for metrics in METRICS.values() for metric in metrics}
ALWAYS = "Watchdog"  # the sign of life
_NAME = re.compile(r"\b(?:dxe|http_server|messaging|sextant_server)_[a-z_]+[a-z]\b(?!=)")
_HISTOGRAM = re.compile(r"_(?:count|bucket|sum)$")


def names(text: str) -> Iterator[str]:
    """Return the metrics that a text of queries names."""
    for name in _NAME.findall(text):
        yield _HISTOGRAM.sub("", name)


def alerts() -> list[str]:
    return re.findall(r"- alert: (\w+)", ALERTS.read_text())


def condition(alert: str) -> str:
    """Return when an alert fires."""
    (rule,) = re.findall(rf"- alert: {alert}\n(.*?)\n +labels:", ALERTS.read_text(), re.DOTALL)
    return str(rule)


def bounds(text: str) -> set[float]:
    """Return the numbers that a condition compares with."""
    found = re.findall(r"[<>=] (\d[\d.]*(?: \* \d+)*)", text)
    return {math.prod(map(float, each.split(" * "))) for each in found}


@pytest.mark.parametrize("path", [ALERTS, *TESTS], ids=lambda path: path.name)
def test_alerts_name_only_metrics_that_are_sent(path: Path) -> None:
    found = set(names(path.read_text()))
    assert found
    assert found - KNOWN == set()


def test_each_alert_is_tried_where_it_fires_and_where_it_does_not() -> None:
    text = "\n".join(path.read_text() for path in TESTS)
    tried = re.findall(r"- name: (\w+) (fires|is silent)", text)
    wanted = {(name, how) for name in alerts() for how in ("fires", "is silent")}
    assert sorted(tried) == sorted(wanted - {(ALWAYS, "is silent")})


def test_prometheus_itself_finds_every_alert_as_it_is_meant() -> None:
    run([str(promtool()), "check", "rules", str(ALERTS)])
    said = run([str(promtool()), "test", "rules", *map(str, TESTS)], FOLDER)
    assert said.count("SUCCESS") == len(TESTS)


def test_prometheus_understands_how_it_is_told_to_ask() -> None:
    said = run([str(promtool()), "check", "config", "prometheus.yml"], FOLDER)
    assert "SUCCESS" in said
    assert "1 rule files found" in said


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Return Alertmanager's file with addresses that count."""
    return alertmanager_file(tmp_path, "https://pager.test")


def test_alertmanager_understands_its_file_as_it_comes_and_with_addresses(told: Path) -> None:
    for file in (FOLDER / "alertmanager.yml", told):
        assert "3 receivers" in run([str(amtool()), "check-config", str(file)])
    assert told.read_text().count('\n    webhook_configs: [{url: "https://pager.test/') == 3


@pytest.mark.parametrize(
    ("alert", "receiver"),
    [
        (("alertname=ReceiverAway", "severity=page"), "duty"),
        (("alertname=Crowded", "severity=ticket"), "morning"),
        ((f"alertname={ALWAYS}", "severity=none"), "heartbeat"),
    ],
)
def test_each_alert_reaches_who_shall_hear_of_it(
    told: Path, alert: tuple[str, ...], receiver: str
) -> None:
    asked = [str(amtool()), "config", "routes", "test", f"--config.file={told}", *alert]
    assert run(asked).split() == [receiver]


def test_prometheus_asks_every_process_at_its_port_for_numbers() -> None:
    install = (ROOT / "docs" / "install.md").read_text()
    ports = set(re.findall(r"^SEXTANT_[A-Z]+_METRICS_PORT=(\d+)$", install, re.MULTILINE))
    page = (ROOT / "docs" / "operations" / "server.md").read_text()
    ports |= {f"1{port}" for port in re.findall(r"sextant-exchange@(\d+)$", page, re.MULTILINE)}
    asked = re.findall(r'"127\.0\.0\.1:(1\d{4})"', (FOLDER / "prometheus.yml").read_text())
    assert len(ports) == 4
    assert set(asked) == ports


def test_a_panel_may_be_empty_for_reasons_of_metrics_that_are_there() -> None:
    for begins in UNLESS.keys() - {"node_filesystem_"}:
        assert any(name.startswith(begins) for name in KNOWN), begins
    assert reason("max by (job) (dxe_log_size)") is None
    assert reason("max by (job) (dxe_log_witness_faults)") == "witnesses cosign"


def test_the_server_is_asked_for_every_number_of_its_table_and_no_other() -> None:
    text = (ROOT / "deploy" / "postgresql" / "watch.sql").read_text()
    asked = re.findall(r"SELECT '(sextant_\w+)',\s+'([^']+)'", text)
    assert asked == [(name_in_prometheus(each), each.tells) for each in SERVER]


def test_each_alert_says_what_it_saw_and_what_to_do() -> None:
    text = ALERTS.read_text()
    for word in ("severity: (?:page|ticket|none)", "summary: ", "fix: "):
        assert len(re.findall(word, text)) == len(alerts())


def panels() -> list[dict[str, Any]]:
    """Return the panels that ask something."""
    return [p for p in json.loads(dashboard_text())["panels"] if "targets" in p]


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    queries = [each["expr"] for panel in panels() for each in panel["targets"]]
    assert set(names("\n".join(queries))) == KNOWN


@pytest.mark.parametrize("question", FIRST, ids=lambda each: each.title)
def test_a_first_question_turns_red_where_its_alert_fires(question: Question) -> None:
    fires = condition(question.alert)
    assert set(names(question.query)) <= set(names(fires))
    assert all(which in fires for which in re.findall(r"\w+\{[^}]*\}", question.query))
    bound = question.below if question.above is None else question.above
    assert bound in bounds(fires)
    (calm, at) = question.steps if question.above is not None else question.steps[::-1]
    assert (calm["color"], at["color"]) == ("green", "red")


def test_what_processes_count_for_themselves_is_added_up() -> None:
    asked = {panel["title"]: panel["targets"][0]["expr"] for panel in panels()}
    assert asked["dxe.service.refused"].startswith("sum by (job, kind) (rate(")
    assert asked["dxe.service.in_flight"] == "sum by (job, kind) (dxe_service_in_flight)"
    assert asked["dxe.service.clock.sound"].startswith("min by")
    assert asked["dxe.exchange.receipts.owed"].startswith("max by")


def test_histograms_show_the_traces_of_what_they_counted() -> None:
    spread = {p["title"] for p in panels() if "_bucket" in p["targets"][0]["expr"]}
    traced = {p["title"] for p in panels() if p["targets"][0].get("exemplar")}
    assert traced == spread
    assert len(traced) == 2


def test_no_two_panels_lie_on_one_another() -> None:
    seen: set[tuple[int, int]] = set()
    for panel in json.loads(dashboard_text())["panels"]:
        at = panel["gridPos"]
        covered = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not covered & seen
        assert at["x"] + at["w"] <= 24
        seen |= covered
