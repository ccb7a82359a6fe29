"""The States of a run: what they declare, their keys, and their envelopes, sealed beforehand.

What they declare is a made-up world of one year (`sextant world`). An urgent declaration is a
notice of a Schedule 1 transfer; a large one is written with wide indentation, so that its body is
beyond what the exchange keeps in a row.
"""

import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.local.scenario.plan import Due, Plan
from deploy.local.stack import Stack
from sextant_client.client import Client
from sextant_client.home import Home, read_json
from sextant_client.parties import fit_keys
from sextant_client.sent import SentEnvelope
from sextant_client.visible import visible_of
from sextant_client.world import WorldPlan, write_world
from sextant_client.world.enrolling import Registrar, enrol_states
from sextant_client.world.loading import DECLARATION_CTY, KnownParties, read_documents

NOTICE = Path(__file__).resolve().parents[3] / "examples" / "kinds" / "S1_TRANSFER_NOTIF.json"
LARGE_BYTES = 256 << 10
_AT_ONCE = 8  # States that are enrolled or seal at the same time
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Ready:
    """One sealed envelope, the client that will send it, and when it is due."""

    client: Client
    envelope: SentEnvelope
    due: Due

    @property
    def party(self) -> str:
        """The National Authority that sends it."""
        return self.client.config.party


def enrol(stack: Stack, plan: Plan, folder: Path, progress: Progress) -> list[Client]:
    """Make a world, enrol its States, and return a client of each.

    Raises:
        PlatformError: what making a world raises, or what the exchange refuses with.
    """
    world = WorldPlan(states=plan.parties, years=1, seed=plan.seed)
    write_world(world, folder / "world", 1, lambda _phase: lambda _done, _total: None)
    states = _states(folder)
    enrolled = {"NA-XAL": "XAL", "NA-XBO": "XBO"}  # the platform has these already
    homes = {code: Home(stack.home(party)) for party, code in enrolled.items() if code in states}
    fresh = [state for state in states if state not in homes]
    registrar = Registrar(Home(stack.home("REG-1")), "REG-1")
    pattern = Home(stack.home("NA-XAL"))

    def enrol_some(some: Sequence[str]) -> None:
        for state, home in enrol_states(some, registrar, pattern, folder / "homes"):
            home.write_config(home.config().model_copy(update={"trace_file": None}))
            homes[state] = home
            progress(len(homes), len(states))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(enrol_some, [fresh[i::_AT_ONCE] for i in range(_AT_ONCE)]))
    # One pool of connections for all: making one a client takes longer than all the rest. Loopback
    # speaks no TLS, and a context that trusts nobody loads no authorities.
    limits = httpx.Limits(max_connections=512, max_keepalive_connections=256)
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    transport = httpx.HTTPTransport(limits=limits, verify=nobody)
    return [
        Client(homes[state], transport=transport, audit_transport=transport) for state in states
    ]


def seal(
    clients: Sequence[Client], plan: Plan, folder: Path, progress: Progress
) -> list[list[Ready]]:
    """Seal everything that the plan sends; return it by State, in the order of time."""
    known = KnownParties(clients[0].session, clients[0].trust)
    documents = read_documents(folder / "world")
    dues: dict[int, list[Due]] = {}
    for due in plan.dues():
        dues.setdefault(due.party, []).append(due)
    total, done = sum(map(len, dues.values())), []
    written = folder / "written"
    written.mkdir()

    def seal_of(place: int) -> list[Ready]:
        client = clients[place]
        client.parties = known  # each document of a party is fetched and verified once for all
        paths = _answerable(client, documents[_code(client)])
        partner = _code(clients[(place + 1) % len(clients)])
        ready = []
        for number, due in enumerate(dues.get(place, [])):
            members = _members(client, paths, number, due, partner)
            name = f"{_code(client)}-{number}.json"
            ready.append(Ready(client, _seal_one(client, members, written / name, due), due))
            done.append(name)
            progress(len(done), total)
        return ready

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(seal_of, range(len(clients))))


def _answerable(client: Client, paths: Sequence[Path]) -> list[Path]:
    """Return what its answers could be sealed to the State for: class C3 needs a stronger key."""
    own = client.parties.newest(client.config.party)
    return [path for path in paths if fit_keys(own, visible_of(read_json(path)).classification)]


def _states(folder: Path) -> list[str]:
    return sorted(read_documents(folder / "world"))


def _code(client: Client) -> str:
    return client.config.party.removeprefix("NA-")


def _members(
    client: Client, paths: Sequence[Path], number: int, due: Due, partner: str
) -> dict[str, Any]:
    """Return a declaration of the State, its own or a notice of a transfer to the partner."""
    code = _code(client)
    if not due.is_urgent:
        members = read_json(paths[-1 - number % len(paths)])  # those of the last days
        if number < len(paths):
            return members
        return {**members, "declaration_id": f"{members['declaration_id']}-{number}"}
    notice: dict[str, Any] = json.loads(NOTICE.read_text())
    notice |= {"declaration_id": f"{code}-NOTICE-{number}", "state_code": code}
    notice |= {"sending_state": code, "receiving_state": partner}
    for side, country in (("sender", code), ("recipient", partner)):
        notice[side] = {**notice[side], "address": {**notice[side]["address"], "country": country}}
    return notice


def _seal_one(client: Client, members: Mapping[str, Any], path: Path, due: Due) -> SentEnvelope:
    path.write_text(written_as(members, LARGE_BYTES if due.is_large else 0))
    shown = visible_of(members)
    addressed = client.address(shown)
    return client.seal(
        path,
        to=addressed.to,
        type_=addressed.type,
        cty=DECLARATION_CTY,
        classification=shown.classification,
        period=shown.period,
    )


def written_as(members: Mapping[str, Any], at_least: int) -> str:
    """Return JSON of the members, indented as widely as it takes to have `at_least` characters."""
    text = json.dumps(members, indent=1, ensure_ascii=False)
    while len(text) < at_least:
        lines = text.count("\n")
        width = -(-at_least // lines)
        text = json.dumps(members, indent=width, ensure_ascii=False)
    return text
