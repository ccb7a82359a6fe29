"""After the burst: looks for every envelope at the exchange, in the log and at the Secretariat.

Nothing is taken from the senders' word: each service is asked over HTTP, by those who may ask it.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deploy.local.scenario.report import OPENED, OUTCOME
from deploy.local.scenario.sending import WAITING, secretariat
from deploy.local.scenario.states import Ready
from deploy.local.stack import SEC, Stack
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.log import LogReader
from sextant_client.session import Session
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeAcceptedEntry, parse_entry
from sextant_shared.models.exchange import MAX_PAGE, DeliveryPage
from sextant_shared.models.strict import read_model

HEAD_EVERY_S = 1.2  # the published head moves at most once a second
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class AtExchange:
    """What the exchange says of one envelope to its sender."""

    id: str
    copies: int
    is_waiting: bool
    is_same_receipt: bool


def ask_exchange(ready: Iterable[Ready]) -> list[AtExchange]:
    """Ask for every envelope that has a receipt; what the exchange does not know is left out."""
    acknowledged = [one for one in ready if one.envelope.receipt.exists()]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [found for found in pool.map(_ask, acknowledged) if found is not None]


def _ask(one: Ready) -> AtExchange | None:
    try:
        status = one.client.status(one.envelope.id)
        path = f"/v1/envelopes/{one.party}/{one.envelope.id}/receipt"
        again = one.client.session.request("GET", path).content
    except PlatformError as error:
        if error.code is Code.NOT_FOUND:
            return None
        raise
    copies = [copy for copy in status.recipients if copy.party == SEC]
    return AtExchange(
        one.envelope.id,
        len(copies),
        any(copy.state in WAITING for copy in copies),
        again == one.envelope.receipt.read_bytes(),
    )


def count_registered(stack: Stack) -> Counter[str]:
    """Count, by id of envelope, what the Secretariat has decided about."""
    counted: Counter[str] = Counter()
    params: dict[str, str | int] = {"limit": 200}
    with secretariat(stack) as session:
        while True:
            page = session.request("GET", "/v1/envelopes", params=params).json()
            counted.update(line["id"] for line in page["envelopes"])
            if page["next"] is None:
                return counted
            params["cursor"] = page["next"]


def count_answers(clients: Sequence[Client]) -> Counter[tuple[str, str]]:
    """Count the Secretariat's receipts in all mailboxes, by id of what they answer and type."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return sum(pool.map(_answers_of, clients), Counter[tuple[str, str]]())


def _answers_of(client: Client) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    after = 0
    while True:
        params = {"after": after, "limit": MAX_PAGE}
        answer = client.session.request("GET", "/v1/mailbox", params=params).json()
        page = read_model(DeliveryPage, answer)
        if not page.items:
            return counted
        counted.update(
            (one.irt, one.type) for one in page.items if one.irt and one.type in (OPENED, OUTCOME)
        )
        after = page.items[-1].seq


def read_log(stack: Stack) -> tuple[int, Counter[str]]:
    """Rebuild the log as its auditor; return its size, and accepted envelopes counted by id.

    Raises:
        PlatformError: `E_INTEGRITY` when the entries do not give the signed root.
    """
    auditor = Home(stack.home("auditor"))
    signer = auditor.keys.api_signer()
    session = Session(stack.services["audit"].url, client_id="auditor", signer=signer)
    try:
        reader = LogReader(session)
        time.sleep(HEAD_EVERY_S)
        head = reader.checkpoint(auditor.trust.log_keys)
        reader.rebuild(head, lambda _done, _total: None)
        entries = map(parse_entry, reader.entries(head.size))
        accepted = (e.env for e in entries if isinstance(e, EnvelopeAcceptedEntry))
        return head.size, Counter(accepted)
    finally:
        session.close()
