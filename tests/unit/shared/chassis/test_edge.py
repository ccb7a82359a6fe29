"""What a service believes of an edge, and that it believes nobody else."""

from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from sextant_shared.chassis.edge import EdgeGate, certificate_of
from sextant_shared.encoding import b64, b64u, sha256

pytestmark = pytest.mark.anyio
EDGE, CALLER = "10.0.0.2", "203.0.113.7"
DER = b"a certificate"
SHOWN = {"x-forwarded-for": CALLER, "client-cert": f":{b64(DER)}:"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def passed(*pairs: tuple[str, str], by: str = EDGE) -> tuple[Scope | None, int]:
    """Return the scope behind the gate, None when it refused, and the status of the refusal."""
    reached: list[Scope] = []
    answers: list[Any] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        reached.append(scope)

    async def nothing() -> Any:
        raise AssertionError("the body is none of the gate's business")

    async def answer(message: Any) -> None:
        answers.append(message)

    headers = [(name.encode(), value.encode()) for name, value in pairs]
    scope = {"type": "http", "client": (by, 4711), "headers": headers}
    await EdgeGate(app, trusted=[EDGE])(scope, nothing, answer)
    return (reached[0], 200) if reached else (None, answers[0]["status"])


async def test_what_others_say_of_address_and_certificate_is_not_believed() -> None:
    scope, _ = await passed(*SHOWN.items(), by="10.0.0.3")
    assert scope is not None
    assert scope["client"] == ("10.0.0.3", 4711)
    assert certificate_of(scope) == ""


async def test_the_edge_says_who_called_and_with_which_certificate() -> None:
    scope, _ = await passed(*SHOWN.items())
    assert scope is not None
    assert scope["client"][0] == CALLER
    assert certificate_of(scope) == b64u(sha256(DER))


async def test_a_call_from_the_edges_machine_itself_needs_neither() -> None:
    scope, _ = await passed(("client-cert", ""))
    assert scope is not None
    assert (scope["client"][0], certificate_of(scope)) == (EDGE, "")


@pytest.mark.parametrize(
    "pairs",
    [
        [("x-forwarded-for", f"{CALLER}, {EDGE}")],
        [("x-forwarded-for", CALLER), ("x-forwarded-for", EDGE)],
        [("x-forwarded-for", "somebody")],
        [("client-cert", b64(DER))],
        [("client-cert", ":")],
        [("client-cert", ":not base64:")],
        [("client-cert", ":AAAA:"), ("client-cert", ":AAAA:")],
    ],
)
async def test_an_edge_that_appends_or_garbles_is_refused(pairs: list[tuple[str, str]]) -> None:
    assert await passed(*pairs) == (None, 400)
