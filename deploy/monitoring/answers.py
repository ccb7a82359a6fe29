"""Asks a Prometheus every question of the dashboard, and every alert whether it fires.

`python answers.py [http://127.0.0.1:9090]` prints the panels that have no answer, each with what
would give it one, and the alerts that fire. It ends with status 1 when a panel is empty for no
reason that is known, or a rule cannot be evaluated: then something is set up wrongly.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

BOARD = Path(__file__).with_name("dashboard.json")
# Numbers that a machine need not have, by how their names begin: what has to be set up, or to
# happen, before they are there.
UNLESS: Mapping[str, str] = {
    "dxe_service_certificate_left": "CERTIFICATE_FILES is set",
    "dxe_exchange_blobs_": "large containers lie behind S3",
    "dxe_log_witness": "witnesses cosign",
    "dxe_log_scrub_": "the scrubber ended a pass",
    "dxe_log_tiles_": "tiles are written to a folder",
    "dxe_log_timestamp_": "time-stamps are asked for",
    "sextant_server_": "rooms are on a server that sextant-watch.timer asks",
    "node_filesystem_": "the node exporter sees a disk",
}


def panels(board: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return title and query of each panel."""
    return [
        (panel["title"], target["expr"])
        for panel in board["panels"]
        for target in panel.get("targets", ())
    ]


def reason(query: str) -> str | None:
    """Return what a panel without an answer may wait for; None when it must have one."""
    return next((why for name, why in UNLESS.items() if name in query), None)


def ask(client: httpx.Client) -> int:
    """Ask, say what is missing, return the status."""
    empty: list[str] = []
    asked = panels(json.loads(BOARD.read_text(encoding="utf-8")))
    for title, query in asked:
        answer = client.get("/api/v1/query", params={"query": query}).json()
        if answer["status"] != "success":
            empty.append(f"{title}: {answer['error']}")
        elif not answer["data"]["result"]:
            why = reason(query)
            sys.stdout.write(f"no answer  {title}: {f'not unless {why}' if why else '?'}\n")
            empty += [] if why else [title]
    groups = client.get("/api/v1/rules").json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    broken = [rule["name"] for rule in rules if rule["health"] == "err"]
    for rule in rules:
        if rule["state"] == "firing":
            sys.stdout.write(f"fires      {rule['name']}: {_summary(rule)}\n")
    sys.stdout.write(f"{len(asked)} panels asked, {len(rules)} alerts watched\n")
    for one in (*empty, *broken):
        sys.stderr.write(f"without a reason: {one}\n")
    return 1 if empty or broken or not rules else 0


def main(arguments: list[str]) -> int:
    """Ask the Prometheus that is named; one that does not answer is status 1 too."""
    url = arguments[0] if arguments else "http://127.0.0.1:9090"
    try:
        with httpx.Client(base_url=url, timeout=10, trust_env=False) as client:
            return ask(client)
    except httpx.HTTPError as error:
        sys.stderr.write(f"{url} does not answer: {error}\n")
        return 1


def _summary(rule: Mapping[str, Any]) -> str:
    return "; ".join(alert["annotations"].get("summary", "") for alert in rule["alerts"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
