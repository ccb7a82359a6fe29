"""Sends the example bodies of the published documents, each where something is there to take it."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from sextant_declarations.routes.examples import ANSWER_BY, ARRIVAL, LATER, REGISTERED
from sextant_shared.chassis.examples import JSON
from sextant_shared.clock import system_clock
from sextant_shared.models.purposes import PURPOSE_HEADER
from sextant_shared.protocol.access import Role
from tests.support.asked import OLD_SITE, SITE
from tests.support.callers import TIMEOUT_S, Callers, callers

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "openapi"
TAGS = {
    "lives_take_step": "/v1/declarations/{id_}/life",
    "anomalies_withdraw_explanation": "/v1/anomalies/{id_}",
    "sites_say_identity": f"/v1/identities/{{state}}/{OLD_SITE}/{SITE}",
}
"""Where the tag of a thing is read, if not at the path before the last part."""
PURPOSE = {PURPOSE_HEADER: "support"}


@dataclass(frozen=True)
class Example:
    """A published body, the operation that takes it, and the first caller that may send it."""

    service: str
    method: str
    path: str
    operation: Mapping[str, Any]
    words: str
    body: Any
    role: Role

    @property
    def name(self) -> str:
        """The name of the operation."""
        return str(self.operation["operationId"])


def examples(service: str) -> Iterator[Example]:
    """Yield what a service's document shows, in its order."""
    whole = json.loads((DOCUMENTS / f"{service}.json").read_text(encoding="utf-8"))
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            role = callers(service, operation["x-sextant-action"])[0]
            for words, shown in content.get(JSON, {}).get("examples", {}).items():
                yield Example(service, method, path, operation, words, shown["value"], role)


@dataclass
class Sending:
    """Sends examples in their order; what one of them made, those after it are about.

    `leases` are taken one after the other. `real` is what a platform alone knows: what stands for
    it in the examples, and itself.
    """

    asking: Callers
    leases: list[str]
    real: Mapping[str, str]
    _kept: dict[str, str] = field(default_factory=dict)
    _number: int = 0

    def send(self, example: Example) -> requests.Response:
        """Send one example; return the answer."""
        places = self._places(example)
        self._number += 1
        text = json.dumps(example.body)
        for name, own in self.real.items():
            text = text.replace(name, own)
        sent = {"data": text, "headers": self._headers(example, places)}
        answer = self._ask(example, example.method, example.path.format(**places), **sent)
        made = answer.json() if answer.ok and answer.content else {}
        if isinstance(made.get("index"), int):
            self._kept["index"] = str(made["index"])
        return answer

    def _places(self, example: Example) -> dict[str, str]:
        """Return what to put into the path: one thing of a kind is taken through all its steps."""
        before = example.path.partition("{")[0]
        found = self.asking.places(example.service, example.path, example.role)
        if example.service == "declarations":
            found = {n: self._kept.setdefault(f"{before}{n}", one) for n, one in found.items()}
        if "token" in found and self.leases:
            found["token"] = self.leases.pop()
        if "index" in found:
            found["index"] = self._own_entry(example) or found["index"]
        return found

    def _own_entry(self, example: Example) -> str | None:
        """Return the index of an entry whose detail this service keeps."""
        if example.service != "declarations":
            return self._kept.get("index")
        listed = self._ask(replace(example, role=Role.AUDITOR), "get", "/v1/accesses")
        indexes = [one["index"] for one in listed.json()["accesses"]]
        return next((str(index) for index in indexes if index is not None), None)

    def _headers(self, example: Example, places: Mapping[str, str]) -> dict[str, str]:
        asked = {one["name"] for one in example.operation.get("parameters", [])}
        known = {**PURPOSE, "Idempotency-Key": f"example-{self._number}"}
        if "If-Match" in asked:
            where = TAGS.get(example.name, example.path.rpartition("/")[0])
            read = self._ask(example, "get", where.format(**places), headers=PURPOSE)
            known["If-Match"] = read.headers.get("ETag", '"1"')
        return {"Content-Type": JSON} | {n: text for n, text in known.items() if n in asked}

    def _ask(self, example: Example, method: str, path: str, **more: Any) -> requests.Response:
        url, auth = (
            self.asking.url(example.service),
            self.asking.auth(example.service, example.role),
        )
        return requests.request(method, f"{url}{path}", auth=auth, timeout=TIMEOUT_S, **more)


def real_names(asking: Callers) -> dict[str, str]:
    """Return what no example can know, by what stands for it: an id, and days that lie ahead."""
    now = dt.datetime.fromtimestamp(system_clock(), dt.UTC)
    listed = requests.get(
        f"{asking.url('declarations')}/v1/declarations",
        auth=asking.auth("declarations", Role.OFFICER),
        timeout=TIMEOUT_S,
    )
    return {
        REGISTERED: listed.json()["declarations"][0]["id"],
        ANSWER_BY.isoformat(): (now + dt.timedelta(30)).date().isoformat(),
        LATER.isoformat(): (now + dt.timedelta(60)).date().isoformat(),
        ARRIVAL: f"{now + dt.timedelta(10):%Y-%m-%dT%H:%M:%SZ}",
    }
