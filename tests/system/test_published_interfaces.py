"""Every operation of the published OpenAPI is asked, and each answer is held against it.

The services run as processes of their own. What schemathesis makes up is bounded in number; no
request waits for something to happen.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS

from deploy.local.stack import Stack
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.protocol.access import Role
from tests.support.asked import SITE, analysed, declared, leased, lettered
from tests.support.callers import ENROLLED, SENDER, TIMEOUT_S, Callers, callers, enrol_callers
from tests.support.example_bodies import Sending, examples, real_names
from tests.support.stacks import make_stack

pytestmark = pytest.mark.processes
DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "openapi"
EXAMPLES = 12  # of each operation, by the first caller that may ask for it
OTHERS = 4  # of each further caller of an operation
KEPT_OUT = {401, 403}
WAITS = ("wait", "wait_s")
# What is true of a single answer. Who may not ask is the access matrix's (`test_routes`), and what
# a schema cannot say of a body may be refused.
HELD = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
NOT_YET = {
    "acts_recall_envelope": "E_KEY",
    "statements_make_statement": "E_KEY",
    "parties_announce_recovery": "E_KEY",
    "parties_enrol": "E_KEY",
    "queue_discard": "E_STATE",
    "obligations_send_reminders": "E_NOT_FOUND",
    "cases_take_case_step": "E_STATE",
    "clarifications_extend_clarification": "E_POLICY",
    "grants_act": "E_POLICY",
    "inspections_take_inspection_step": "E_STATE",
}
"""How example bodies may be refused, by operation: each of a shape that is understood, about what
is not there. Keys that nobody has, a dead letter, a reminder that is due, a later step of a thing,
a letter of the State, a second person."""


@schemathesis.serializer(MEDIA_TYPE, "application/partial-upload")
def as_bytes(_context: Any, value: Any) -> bytes:
    """Send a made-up container, or a part of one, as the bytes it is."""
    return value if isinstance(value, bytes) else b"DXE1" + str(value).encode()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return services of their own: what is made up here is nobody else's."""
    made = make_stack(Path(tmp_path_factory.mktemp("asked")), tracing=False, witnessed=False)
    made.prepare()
    enrol_callers(made)
    made.services["exchange"].extra = {
        "SEXTANT_EXCHANGE_EVENTS_MAX_S": "0.1",  # streams end soon
        "SEXTANT_EXCHANGE_SCENARIOS": "false",  # an outage that was asked for is no failure
    }
    made.start()
    made.enrol()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def there(platform: Stack) -> tuple[Callers, list[str]]:
    """Return who asks, on a platform where there is something to be asked about, and leases."""
    id_, index = declared(platform)
    lettered(platform)
    places = {"sender": SENDER, "party": SENDER, "state": "XAL", "year": "2025", "n": "1"}
    places |= {"which": "1", "code": SITE, "seq": "1", "index": str(index), "number": "1"}
    places |= {"envelope_id": id_, "id_": id_}
    first, *leases = leased(Callers(platform, places))
    asking = Callers(platform, {**places, "token": first})
    analysed(asking)
    return asking, leases


@pytest.fixture
def asking(there: tuple[Callers, list[str]]) -> Callers:
    return there[0]


def operations() -> Iterator[Any]:
    """Yield (service, operation) for everything that is published."""
    for service in ENROLLED:
        document = json.loads((DOCUMENTS / f"{service}.json").read_text(encoding="utf-8"))
        for found in schemathesis.openapi.from_dict(document).get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]  # a document of ours is whole
            yield pytest.param(service, operation, id=f"{service} {operation.label}")


@pytest.mark.parametrize("service", ENROLLED)
def test_each_example_body_is_taken(service: str, there: tuple[Callers, list[str]]) -> None:
    sending = Sending(*there, real_names(there[0]))
    answered: dict[str, list[str]] = {}
    for example in examples(service):
        answer = sending.send(example)
        answered.setdefault(example.name, []).append("" if answer.ok else answer.json()["code"])
    assert answered
    refused = {name: set(codes) - {"", NOT_YET.get(name)} for name, codes in answered.items()}
    assert {name: codes for name, codes in refused.items() if codes} == {}


@pytest.mark.parametrize(("service", "operation"), list(operations()))
def test_answers_are_as_published(service: str, operation: Any, asking: Callers) -> None:
    roles = callers(service, operation.definition.raw["x-sextant-action"])
    assert roles, "nobody who may ask for this is enrolled at the service"
    for role in roles:
        examples = EXAMPLES if role is roles[0] else OTHERS
        answered = _ask(asking, service, operation, role, examples)
        assert set(answered) - KEPT_OUT, f"{role} is let in by the table, and was not: {answered}"


def _ask(asking: Callers, service: str, operation: Any, role: Role, examples: int) -> Counter[int]:
    """Ask as one caller, every second time about something that is there; count the answers."""
    url, auth = asking.url(service), asking.auth(service, role)
    places = asking.places(service, operation.path, role)
    checks = [CHECKS.get_one(name) for name in HELD]
    answered: Counter[int] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        _hurry(case)
        if answered.total() % 2:
            case.path_parameters |= places
        answer = case.call(base_url=url, auth=auth, timeout=TIMEOUT_S)
        answered[answer.status_code] += 1
        case.validate_response(answer, checks=checks)

    ask()
    return answered


def _hurry(case: Any) -> None:
    """Let no made-up request wait for something to happen."""
    for part in (case.query, case.body):
        if isinstance(part, dict):
            part.update({name: 0 for name in WAITS if name in part})
