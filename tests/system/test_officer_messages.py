"""An officer's exchange with a State by commands, over real services."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.support.command import Done, sextant
from tests.support.messages import MESSAGES

pytestmark = pytest.mark.processes
XBO = "NA-XBO"
PATIENCE_S = 20.0


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Return a file with the content of each type."""
    found = {}
    for type_, members in MESSAGES.items():
        found[type_] = tmp_path / f"{type_}.json"
        found[type_].write_text(json.dumps({**members}))
    return found


def test_an_officer_notifies_sees_what_is_owed_and_the_acknowledgement(
    stack: Stack, files: dict[str, Path]
) -> None:
    def officer(*arguments: str | Path) -> Done:
        return sextant("officer", *arguments, "--home", stack.home("officer"))

    def state(*arguments: str | Path) -> Done:
        return sextant(*arguments, "--json", "--home", stack.home(XBO))

    def listed(**wanted: str) -> list[dict[str, Any]]:
        options = [part for name, value in wanted.items() for part in (f"--{name}", value)]
        found = officer("owed", *options, "--json").json()["owed"]
        return [due for due in found if due["message"]["id"] == notice]

    wrong = officer("send", "inspection.report", files["inspection.report"], "--to", XBO, "--json")
    assert wrong.status == 3
    assert [f["pointer"] for f in wrong.json()["error"]["findings"]] == ["/irt"]

    unknown = officer("ask", "nothing", "--text", "Why?", "--json")
    assert unknown.json()["error"]["code"] == "E_NOT_FOUND"

    order = ("send", "inspection.notification", files["inspection.notification"], "--to", XBO)
    notice = officer(*order, "--key", "notice-to-xbo", "--json").json()["id"]
    assert officer(*order, "--key", "notice-to-xbo", "--json").json()["id"] == notice
    assert [due["answer"] for due in listed(by=XBO)] == ["inspection.acknowledgement"]

    _until(lambda: notice in [one["id"] for one in state("inbox").json()["new"]])
    assert state("reply", notice, files["inspection.acknowledgement"]).status == 0
    _until(lambda: not listed(by=XBO))
    (answered,) = listed(by=XBO, state="answered")
    assert answered["is_late"] is False

    shown = officer("thread", notice, "--purpose", "inspection-preparation").stdout
    assert shown.startswith(f"Thread SEC {notice}: open")
    assert "inspection.acknowledgement" in shown
    assert f"answered by {answered['answered_by']['id']}" in shown
    assert "runs after end of inspection" in officer("owed", "--by", "SEC").stdout

    asked = ("officer", "accesses", "--officer", "officer", "--home", stack.home("auditor"))
    newest = sextant(*asked, "--json").json()["accesses"][0]
    assert (newest["gives"], newest["purpose"]) == ("thread", "inspection-preparation")
    assert answered["answered_by"]["id"] in [item["envelope"] for item in newest["items"]]
    _until(lambda: "waits" not in sextant(*asked).stdout)
    assert "DOES NOT HOLD" not in sextant(*asked).stdout


def _until(true: Any) -> None:
    """Return when it is true; the services work on their own."""
    ends = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < ends, "nothing came in time"
        time.sleep(0.1)
