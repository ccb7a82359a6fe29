"""Every operation of the published OpenAPI is asked, and each answer is held against it.

The services run as processes of their own. What schemathesis makes up is bounded in number; no
request waits for something to happen.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS

from deploy.local.stack import Stack
from sextant_shared.chassis.identity import TOKEN_PATH
from sextant_shared.clock import system_clock
from sextant_shared.crypto.signing import Signer
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.protocol.keyfiles import read_key_file
from sextant_shared.protocol.tokens import make_dpop_proof, make_token_request
from tests.support.stacks import make_stack

pytestmark = pytest.mark.processes
DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "openapi"
EXAMPLES = 12  # of each operation and caller
TIMEOUT_S = 20
# Who asks: a client that may call most of the service. Others are the access matrix's.
CALLERS = {"audit": "auditor", "exchange": "NA-XAL", "declarations": "officer"}
CLIENT_IDS = {"NA-XAL": "NA-XAL/submit-1"}
WAITS = ("wait", "wait_s")
# What is true of a single answer. Who may ask what is the access matrix's (`test_routes`), and
# what a schema cannot say of a body may be refused.
HELD = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@schemathesis.serializer(MEDIA_TYPE, "application/partial-upload")
def as_bytes(_context: Any, value: Any) -> bytes:
    """Send a made-up container, or a part of one, as the bytes it is."""
    return value if isinstance(value, bytes) else b"DXE1" + str(value).encode()


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


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return services of their own: what is made up here is nobody else's."""
    made = make_stack(Path(tmp_path_factory.mktemp("asked")), tracing=False, witnessed=False)
    made.prepare()
    made.services["exchange"].extra = {
        "SEXTANT_EXCHANGE_EVENTS_MAX_S": "0.1",  # streams end soon
        "SEXTANT_EXCHANGE_SCENARIOS": "false",  # an outage that was asked for is no failure
    }
    made.start()
    made.enrol()
    yield made
    made.stop()


def operations() -> Iterator[Any]:
    """Yield (service, operation) for everything that is published."""
    for service in CALLERS:
        document = json.loads((DOCUMENTS / f"{service}.json").read_text(encoding="utf-8"))
        for found in schemathesis.openapi.from_dict(document).get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]  # a document of ours is whole
            yield pytest.param(service, operation, id=f"{service} {operation.label}")


@pytest.mark.parametrize(("service", "operation"), list(operations()))
def test_answers_are_as_published(service: str, operation: Any, platform: Stack) -> None:
    url, caller = platform.services[service].url, CALLERS[service]
    signer = read_key_file(platform.api_key(caller)).signer
    auth = Dpop(url, CLIENT_IDS.get(caller, caller), signer)
    checks = [CHECKS.get_one(name) for name in HELD]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        _hurry(case)
        answer = case.call(base_url=url, auth=auth, timeout=TIMEOUT_S)
        case.validate_response(answer, checks=checks)

    ask()


def _hurry(case: Any) -> None:
    """Let no made-up request wait for something to happen."""
    for part in (case.query, case.body):
        if isinstance(part, dict):
            part.update({name: 0 for name in WAITS if name in part})
