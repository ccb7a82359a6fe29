"""A party's word on its own envelopes: made from the log's record of each, not from memory.

An envelope that a thief signed was never sent from here. So its digest is taken from the custody
receipt that the log proves, and the party says whether it is its own.
"""

from sextant_client.client import Client
from sextant_shared.clock import timestamp_s
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeAcceptedEntry, parse_entry
from sextant_shared.models.party import KeyUse
from sextant_shared.models.statements import LoggedStatement, Says, Statement, StatementList
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.keyhistory import KeyHistory
from sextant_shared.protocol.logproof import verify_proof
from sextant_shared.protocol.parties import VerifiedParty
from sextant_shared.protocol.receipts import parse_custody
from sextant_shared.protocol.statements import ProvedStatement, sign_statement, verify_statement

_PENDING = 202


def say(client: Client, envelope_id: str, says: Says, reason: str, now: float) -> ProvedStatement:
    """Sign a statement on an envelope of ours, have it logged, and verify that it is.

    Raises:
        PlatformError: `E_NOT_FOUND`, `E_STATE` while the envelope is pending; `E_INTEGRITY` and the
            rest for a receipt or an answer that does not verify.
    """
    party = client.config.party
    entry = accepted_entry(receipt_of(client, envelope_id), envelope_id, client.trust.log_keys)
    _, history = client.parties.history(party)
    statement = Statement(
        v=1,
        party=party,
        t=timestamp_s(now),
        env=envelope_id,
        man=entry.man,
        says=says,
        reason=reason,
    )
    logged = post_statement(
        client, envelope_id, signed_by_us(client, statement, history.newest.party)
    )
    return verify_statement(logged, history, client.trust.log_keys)


def signed_by_us(client: Client, statement: Statement, own: VerifiedParty) -> bytes:
    """Return a statement signed by the pair that our document has in force.

    Raises:
        PlatformError: `E_KEY` when the pair is not in this home.
    """
    kids = [key.kid for key in own.active(KeyUse.SIG)]
    return sign_statement(statement, client.home.keys.pair(KeyUse.SIG, kids))


def post_statement(client: Client, envelope_id: str, raw: bytes) -> LoggedStatement:
    """Have a signed statement logged; the same bytes twice are one.

    Raises:
        PlatformError: what the exchange refuses with; `E_INTEGRITY` when it logged another one.
    """
    answer = client.session.request(
        "POST",
        f"/v1/envelopes/{client.config.party}/{envelope_id}/statements",
        json={"statement": raw.decode()},
    )
    logged = read_model(LoggedStatement, answer.json())
    if logged.statement != raw.decode():
        raise PlatformError(Code.INTEGRITY, "the exchange logged another statement than we signed")
    return logged


def accepted_entry(raw: bytes, envelope_id: str, keys: LogKeys) -> EnvelopeAcceptedEntry:
    """Return what the log holds of an envelope, by its custody receipt; our memory has no say.

    Raises:
        PlatformError: `E_INTEGRITY` and the rest for a receipt that is not of it, or no proof.
    """
    document = parse_custody(raw)
    leaf = b64u_decode(document.entry)
    verify_proof(leaf, document.proof, keys)
    entry = parse_entry(leaf)
    if not isinstance(entry, EnvelopeAcceptedEntry) or entry.env != envelope_id:
        raise PlatformError(Code.INTEGRITY, "the receipt is for another envelope")
    return entry


def statements_on(client: Client, sender: str, envelope_id: str) -> StatementList:
    """Return what the sender said of an envelope, as the exchange hands it out."""
    answer = client.session.request("GET", f"/v1/envelopes/{sender}/{envelope_id}/statements")
    return read_model(StatementList, answer.json())


def verify_statements(
    client: Client, found: StatementList, history: KeyHistory
) -> list[ProvedStatement]:
    """Verify each statement against its sender's history.

    Raises:
        PlatformError: as `verify_statement`.
    """
    return [verify_statement(one, history, client.trust.log_keys) for one in found.statements]


def receipt_of(client: Client, envelope_id: str) -> bytes:
    """Return the custody receipt of an envelope that bears our name, as it came.

    Raises:
        PlatformError: `E_NOT_FOUND`, `E_STATE` while the envelope is pending.
    """
    path = f"/v1/envelopes/{client.config.party}/{envelope_id}/receipt"
    response = client.session.request("GET", path)
    if response.status_code == _PENDING:
        raise PlatformError(
            Code.STATE, "the envelope is not in the log yet", fix="Say it again in a minute."
        )
    return response.content
