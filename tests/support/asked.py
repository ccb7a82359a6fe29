"""What there is to be asked about on a platform of the published interfaces, sent by two States.

A declaration, letters in a mailbox of which some are dead, a difference between two States, a site
that may be another one, what the methods of analysis found, and what officers have to do with it.
"""

import asyncio
import re
from pathlib import Path
from typing import Any

import requests

from deploy.local.stack import Stack
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_shared.models.purposes import PURPOSE_HEADER
from sextant_shared.protocol.access import Role
from tests.support.callers import SENDER, TIMEOUT_S, Callers
from tests.support.waiting import until

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
OTHER = "NA-XBO"
CTY = "application/vnd.sextant.declaration+json"
LIMIT_S = 60.0
SITE, OLD_SITE = "XAL-PS-0007", "XAL-PS-0003"
LEASED, DEAD = 5, 3  # letters


def declared(stack: Stack) -> tuple[str, int]:
    """Send the declarations; return the id of the one that is asked about, and its index."""
    site = (EXAMPLES / SENDER / "s2-site-2025.json").read_text()
    theirs = (EXAMPLES / OTHER / "s2-and-2025.json").read_text().replace('"86.5"', '"60"')
    _sent(stack, SENDER, _a_year_before(site.replace(SITE, OLD_SITE)))
    _sent(stack, SENDER, _a_year_before((EXAMPLES / SENDER / "s2-and-2025.json").read_text()))
    _sent(stack, OTHER, _a_year_before(theirs))
    return _sent(stack, SENDER, site)


def lettered(stack: Stack) -> None:
    """Send the sender the letters that it is to lease."""
    letter = stack.root / "letter.txt"
    with Client(Home(stack.home(OTHER))) as other:
        for _ in range(LEASED + DEAD):
            sent = other.seal(
                letter, type_="correspondence", cty="text/plain", classification="C1", to=[SENDER]
            )
            other.deposit(sent)


def leased(asking: Callers) -> list[str]:
    """Take the sender's letters up and give some of them up for good; return the other leases."""
    auth = asking.auth("exchange", Role.PARTY)

    def post(path: str, body: dict[str, Any]) -> requests.Response:
        place = f"{asking.url('exchange')}/v1/mailbox/leases{path}"
        answer = requests.post(place, json=body, auth=auth, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer

    taken = post("", {"max": LEASED + DEAD, "lease_s": 900}).json()["leases"]
    leases = [str(one["lease"]) for one in taken]
    for lease in leases[LEASED:]:
        post(f"/{lease}/release", {"error": "not readable", "dead": True})
    return leases[:LEASED]


def analysed(asking: Callers) -> None:
    """Return when two States differ, and a run of the methods has found something."""
    auth, url = asking.auth("declarations", Role.OFFICER), asking.url("declarations")

    def ask(method: str, path: str) -> Any:
        headers = {PURPOSE_HEADER: "support"}
        answer = requests.request(
            method, f"{url}{path}", auth=auth, headers=headers, timeout=TIMEOUT_S
        )
        answer.raise_for_status()
        return answer.json()

    asyncio.run(until(lambda: ask("GET", "/v1/cases")["cases"], "two States differ"))
    run = ask("POST", "/v1/anomalies/runs")["number"]
    ran = f"/v1/anomalies/runs/{run}"
    asyncio.run(until(lambda: ask("GET", ran)["state"] == "DONE", "the methods ran"))


def _sent(stack: Stack, party: str, document: str) -> tuple[str, int]:
    content, letter = stack.root / "declared.json", stack.root / "letter.txt"
    content.write_text(document)
    letter.write_text("A letter.")
    with Client(Home(stack.home(party))) as sender:
        sealed = sender.seal(
            content,
            type_="declaration.annual",
            cty=CTY,
            classification="C2",
            attachments=[letter],
        )
        index = sender.deposit(sealed).receipt.index
        list(sender.follow(sealed.id, LIMIT_S))
    return sealed.id, index


def _a_year_before(document: str) -> str:
    return re.sub(r"\b20[12][0-9]\b", lambda found: str(int(found[0]) - 1), document)
