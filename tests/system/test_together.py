"""Two processes of the exchange and two of declarations on one PostgreSQL database, for real.

One of them is killed in the middle of a queue; a declaration is one trace whichever of them had a
hand in it.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from deploy.local.postgresql.programs import NoPostgresqlError
from deploy.local.postgresql.server import PostgresqlServer, started_server
from deploy.local.several import ServerStack, databases_on
from deploy.local.stack import sextant
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.sent import SentEnvelope
from sextant_client.traces.formats import read_spans
from sextant_client.traces.spans import Span
from tests.support.postgresql import skip_or_fail

pytestmark = [pytest.mark.processes, pytest.mark.long]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CTY = "application/vnd.sextant.declaration+json"
LIMIT_S = 120.0
STATES = ("NA-XAL", "NA-XBO")
EACH = 8
UNTAKEN = "WHERE party = 'SEC' AND state <> 'acknowledged'"
MOST_TRIES = 60  # chance decides who has a hand in a trace, and twenty were once too few
PROCESSES = {"client", "exchange", "exchange-2", "audit", "declarations", "declarations-2"}


@dataclass
class Together:
    """The platform, and the server under it."""

    stack: ServerStack
    server: PostgresqlServer
    clients: dict[str, Client] = field(default_factory=dict)

    def rows(self, room: str, statement: str) -> list[tuple[Any, ...]]:
        """Return rows of a room's database, past its own code."""
        name = make_url(self.stack.databases[room]["DATABASE_URL"]).database or ""
        with closing(self.server.connect("postgres", name)) as connection:
            return connection.execute(statement.encode()).fetchall()

    def count(self, room: str, statement: str) -> int:
        """Return what a statement counts."""
        return int(self.rows(room, statement)[0][0])

    def until(self, room: str, statement: str, least: int) -> None:
        """Return when a statement counts so many."""
        deadline = time.monotonic() + LIMIT_S
        while self.count(room, statement) < least:
            assert time.monotonic() < deadline, statement
            time.sleep(0.02)

    def write(self, state: str, name: str, version: int) -> Path:
        """Write a version of a State's own declaration."""
        members = json.loads((EXAMPLES / state / "nil-2025.json").read_text())
        code = state.removeprefix("NA-")
        members |= {"declaration_id": f"{code}-{name}", "version": version}
        path = self.stack.root / f"{state}-{name}-{version}.json"
        path.write_text(json.dumps(members))
        return path

    def declare(self, state: str, version: int) -> SentEnvelope:
        """Deposit a version of a State's one declaration, at the State's exchange."""
        client = self.clients.setdefault(state, Client(Home(self.stack.home(state))))
        path = self.write(state, "TOGETHER", version)
        sent = client.seal(path, type_="declaration.annual", cty=CTY, classification="C2")
        client.deposit(sent)
        return sent


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    """Return the running platform, with its parties enrolled."""
    try:
        with started_server() as server:
            folder = tmp_path_factory.mktemp("together")
            stack = ServerStack(folder, witnessed=False, databases=databases_on(server))
            stack.prepare()
            try:
                stack.start()
                stack.enrol()
                made = Together(stack, server)
                yield made
                for client in made.clients.values():
                    with client:
                        pass  # closes its connections
            finally:
                stack.stop()
    except NoPostgresqlError as error:
        skip_or_fail(error)


def test_one_that_is_killed_in_the_middle_of_a_queue_loses_and_doubles_nothing(
    together: Together,
) -> None:
    """Every version is registered: none overtook the one before it, though its process died."""
    stack = together.stack
    for name in stack.declarations_names:
        stack.services[name].stop()
    sent = {
        state: [together.declare(state, number) for number in range(1, EACH + 1)]
        for state in STATES
    }
    stack.start(*stack.declarations_names)
    registered = "SELECT count(*) FROM versions WHERE registration IS NOT NULL"
    together.until("declarations", registered, 3)
    stack.services["declarations-2"].kill()
    before = together.count("declarations", registered)
    assert before < EACH * len(STATES), "nothing was left to do"
    together.until("declarations", registered, EACH * len(STATES))
    for state, envelopes in sent.items():
        client = together.clients[state]
        for envelope in envelopes:
            answers = [one.answer() for one in client.follow(envelope.id, LIMIT_S)]
            told = sorted(f"{one.kind} {one.verdict}" for one in answers if one is not None)
            assert told == ["opened OPENED", "outcome REGISTERED"]
    stack.start("declarations-2")
    _settle(together)
    replies = together.rows(
        "exchange", "SELECT irt, type FROM envelope WHERE sender = 'SEC' AND irt IS NOT NULL"
    )
    asked = {envelope.id for envelopes in sent.values() for envelope in envelopes}
    assert Counter(reply for reply in replies if reply[0] in asked) == {
        (id_, type_): 1 for id_ in asked for type_ in {type_ for _, type_ in replies}
    }
    numbers = together.rows(
        "declarations",
        "SELECT right(registration, 6)::int FROM versions WHERE registration IS NOT NULL",
    )
    assert sorted(n for (n,) in numbers) == list(range(1, EACH * len(STATES) + 1))
    verified = sextant("log", "verify", "--home", stack.home("auditor"), "--json")
    assert verified.status == 0
    outcomes = "SELECT count(*), count(DISTINCT log_index) FROM owed_entries"
    assert together.rows("declarations", outcomes) == [(4 * EACH, 4 * EACH)]


def _settle(together: Together) -> None:
    """Wait until nothing is owed to anybody any more."""
    done = (
        ("declarations", "SELECT 1 - sign(count(*)) FROM owed_entries WHERE log_index IS NULL"),
        ("declarations", "SELECT 1 - sign(count(*)) FROM owed_replies WHERE custody IS NULL"),
        ("exchange", f"SELECT 1 - sign(count(*)) FROM delivery {UNTAKEN}"),
    )
    for room, statement in done:
        together.until(room, statement, 1)


def test_a_declaration_is_one_trace_through_every_process_that_had_a_hand_in_it(
    together: Together,
) -> None:
    """One takes it from an exchange of its own, and whoever leads them logs it, often another."""
    seen: dict[str, list[Span]] = {}
    for number in range(MOST_TRIES):
        # Each State deposits at another exchange, and processes of declarations take turns: so by
        # twos, or each would meet the exchange that it collects from again and again.
        state = STATES[number // 2 % 2]
        path = together.write(state, f"TRACED-{number}", 1)
        watched = ("submit", path, "--watch", "--json", "--home", together.stack.home(state))
        (envelope,) = sextant(*watched).json()["envelopes"]
        _settle(together)
        deadline = time.monotonic() + LIMIT_S  # processes write their spans down a little later
        while not _is_whole(seen := _spans(together.stack, envelope["trace"])):
            assert time.monotonic() < deadline, "a service's work hangs under nobody's"
            time.sleep(0.1)
        if set(seen) == PROCESSES:
            return
    pytest.fail(f"never all of them: {sorted(seen)}")


def _is_whole(seen: dict[str, list[Span]]) -> bool:
    """Whether the sender began it, and everything else hangs below."""
    spans = [span for each in seen.values() for span in each]
    known = {span.id for span in spans}
    begun = {(span.service, span.parent) for span in spans if span.parent not in known}
    return begun == {("client", None)}


def _spans(stack: ServerStack, trace: str) -> dict[str, list[Span]]:
    """Return the spans of a trace by the process that wrote them."""
    found = {
        path.stem: [
            span for span in read_spans(path.read_bytes(), path.stem) if span.trace == trace
        ]
        for path in stack.traces.glob("*.jsonl")
    }
    return {name: spans for name, spans in found.items() if spans}
