"""Who asks the published interfaces: for each role a client that is enrolled at the service."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests

from deploy.local.stack import Stack
from sextant_shared.chassis.identity import TOKEN_PATH
from sextant_shared.clock import system_clock
from sextant_shared.crypto.signing import Signer
from sextant_shared.models.purposes import PURPOSE_HEADER
from sextant_shared.protocol.access import TABLE, Role
from sextant_shared.protocol.keyfiles import read_key_file
from sextant_shared.protocol.tokens import make_dpop_proof, make_token_request

TIMEOUT_S = 20
SENDER = "NA-XAL"
ENROLLED: Mapping[str, Mapping[Role, str]] = {
    "audit": {
        Role.EXCHANGE: "exchange",
        Role.SECRETARIAT: "secretariat",
        Role.AUDITOR: "auditor",
        Role.OFFICER: "officer",
        Role.OPERATOR: "operator",
    },
    "exchange": {
        Role.PARTY: SENDER,
        Role.REGISTRAR: "REG-1",
        Role.OFFICER: "officer",
        Role.OPERATOR: "operator",
    },
    "declarations": {
        Role.OFFICER: "officer",
        Role.AUDITOR: "auditor",
        Role.PLANNER: "planner",
        Role.INSPECTOR: "inspector",
    },
}
"""The home whose access key each role has, by service."""
_LATE = (Role.OFFICER, Role.OPERATOR)  # whom a local platform enrols at `declarations` alone


class Dpop(requests.auth.AuthBase):
    """A token of the caller's, and a fresh proof with each request."""

    def __init__(self, url: str, client_id: str, signer: Signer) -> None:
        self._url, self._client_id, self._signer = url, client_id, signer
        self._token, self._until = "", 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign for exactly the path that is sent."""
        sent = f"{self._url}{urlsplit(request.url or '').path}"
        token = self._access()
        proof = make_dpop_proof(request.method or "", sent, self._signer, system_clock(), token)
        request.headers.update({"Authorization": f"DPoP {token}", "DPoP": proof})
        return request

    def _access(self) -> str:
        if system_clock() > self._until:
            place = f"{self._url}{TOKEN_PATH}"
            form, proof = make_token_request(
                self._client_id, self._url, place, self._signer, system_clock()
            )
            answer = requests.post(place, form, headers={"DPoP": proof}, timeout=TIMEOUT_S)
            self._token, self._until = answer.json()["access_token"], system_clock() + 200
        return self._token


def enrol_callers(stack: Stack) -> None:
    """Let a prepared platform know the callers that a local one has no use for."""
    stack.call("keys", "generate", "--home", stack.home("operator"), "--use", "api")
    for service in ("audit", "exchange"):
        path = stack.root / "pins" / f"clients-{service}.json"
        late = [_line(stack, role, ENROLLED[service][role]) for role in _LATE]
        path.write_text(json.dumps([*json.loads(path.read_text()), *late]))


def _line(stack: Stack, role: Role, name: str) -> dict[str, Any]:
    jwk = json.loads(stack.api_key(name).read_text())["jwk"]
    return {"client_id": name, "role": str(role), "party": None, "jwk": jwk}


def callers(service: str, action: str) -> list[Role]:
    """Return the roles that may ask for an action at a service; for an open one any will do."""
    enrolled = ENROLLED[service]
    if action == "open":
        return list(enrolled)[:1]
    return [role for asked, role in TABLE if asked == action and role in enrolled]


class Callers:
    """The callers of a platform, and the places at which they find something there."""

    def __init__(self, stack: Stack, places: Mapping[str, str]) -> None:
        self._stack, self._places = stack, places
        self.auth = cache(self._auth)

    def _auth(self, service: str, role: Role) -> Dpop:
        name = ENROLLED[service][role]
        client_id = f"{name}/submit-1" if role is Role.PARTY else name
        signer = read_key_file(self._stack.api_key(name)).signer
        return Dpop(self.url(service), client_id, signer)

    def url(self, service: str) -> str:
        """Return a service's base address."""
        return self._stack.services[service].url

    def places(self, service: str, path: str, role: Role) -> dict[str, str]:
        """Return what to put into a path so that something stands there.

        What is listed under the path before a parameter comes first, then what was sent.
        """
        before, *names = [part.partition("}") for part in path.split("{")]
        found = {name: self._places[name] for name, _, _ in names if name in self._places}
        if names:
            name, first = names[0][0], self._first(service, before[0].rstrip("/"), role)
            listed = first.get(name.rstrip("_"), first.get("id"))
            found |= {} if listed is None else {name: str(listed)}
        return found

    def _first(self, service: str, path: str, role: Role) -> Mapping[str, Any]:
        answer = requests.get(
            f"{self.url(service)}{path}",
            headers={PURPOSE_HEADER: "support"},
            auth=self.auth(service, role),
            timeout=TIMEOUT_S,
        )
        is_page = answer.ok and answer.headers["Content-Type"] == "application/json"
        lists = answer.json().values() if is_page else ()
        return next((one[0] for one in lists if isinstance(one, list) and one), {})
