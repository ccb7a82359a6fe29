"""A party's word on its envelopes, signed without a network: out, and what proves it back.

A statement is about the digest that the log holds for an envelope, never about what lies here: one
that a thief signed was never sealed in this home. So for such an envelope the log's record of it,
its custody receipt, is carried here first.

    statements/ID/<time>-<word>.jws     what was signed; .json beside it proves that it is logged
    records/ID.json                     the record of an envelope that was not sealed here
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sextant_client.carrying.bringing import Trip
from sextant_client.carrying.indexes import (
    CarriedSaid,
    CarriedStatement,
    Delivered,
    Refused,
    ReturnIndex,
)
from sextant_client.carrying.stick import MAX_SMALL_BYTES, Stick, StickWriter
from sextant_client.client import Client
from sextant_client.home import Home, as_json, write_file
from sextant_client.identity.saying import (
    accepted_entry,
    post_statement,
    receipt_of,
    signed_by_us,
)
from sextant_client.sent import SentEnvelope
from sextant_shared.clock import timestamp_s
from sextant_shared.encoding import b64u_decode, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.statements import LoggedStatement, Says, Statement
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys
from sextant_shared.protocol.logproof import verify_proof
from sextant_shared.protocol.receipts import parse_custody
from sextant_shared.protocol.statements import parse_statement, verify_logged

# Nothing was logged of a statement that is refused with one of these: the next is signed afresh.
_ABOUT_IT = frozenset({Code.KEY, Code.SIGNATURE, Code.SENDER, Code.DIGEST, Code.MALFORMED})


@dataclass(frozen=True)
class Said:
    """A statement of ours that the log proves to hold at `index`."""

    envelope_id: str
    says: Says
    index: int


@dataclass(frozen=True)
class _Signed:
    """One statement on disk."""

    path: Path

    @property
    def envelope_id(self) -> str:
        return self.path.parent.name

    @property
    def says(self) -> Says:
        return parse_statement(self.path.read_bytes())[0].says

    @property
    def proof(self) -> Path:
        return self.path.with_suffix(".json")


def sign(client: Client, envelope_id: str, says: Says, reason: str, now: float) -> Path:
    """Sign a statement in a home without a network; it waits there for the next stick.

    The same word again, while it is not proved yet, is the statement that is there.

    Raises:
        PlatformError: `E_NOT_FOUND`, `E_STATE` when nothing here proves what the log holds of the
            envelope; `E_KEY` when the pair in force is not in this home.
    """
    home, party = client.home, client.config.party
    man = accepted_entry(_record(home, envelope_id), envelope_id, client.trust.log_keys).man
    waiting = [one for one in _waiting(home) if one.envelope_id == envelope_id]
    if waiting and waiting[-1].says is says:
        return waiting[-1].path
    t = timestamp_s(now)
    statement = Statement(v=1, party=party, t=t, env=envelope_id, man=man, says=says, reason=reason)
    raw = signed_by_us(client, statement, client.parties.newest(party))
    name = f"{t.replace(':', '').replace('-', '')}-{says}.jws"
    path = _folder(home) / envelope_id / name
    write_file(path, raw)
    return path


def carry(writer: StickWriter, home: Home) -> Iterator[CarriedStatement]:
    """Put on the stick every statement that is not proved here yet, in the order of signing."""
    for one in _waiting(home):
        name = f"statements/{one.envelope_id}-{one.path.name}"
        statement = writer.add(name, one.path.read_bytes())
        yield CarriedStatement(id=one.envelope_id, statement=statement)


def say_all(
    trip: Trip, stick: Stick, statements: list[CarriedStatement]
) -> tuple[list[CarriedSaid], list[Refused]]:
    """Give the exchange each statement; note what proves it, or why it was refused.

    Raises:
        PlatformError: `E_INTEGRITY` for an answer that does not prove it.
    """
    said, refused = [], []
    for one in statements:
        try:
            logged = post_statement(trip.client, one.id, stick.small(one.statement))
        except PlatformError as error:
            if error.code is Code.INTEGRITY:
                raise
            refused.append(_refused(one.id, error))
            continue
        head = verify_logged(logged, trip.client.trust.log_keys)[1].checkpoint
        trip.heads[head.size] = head
        raw = as_json(logged.model_dump(mode="json"))
        proof = trip.writer.add(f"said/{one.statement.partition('/')[2]}.json", raw)
        said.append(CarriedSaid(id=one.id, proof=proof))
    return said, refused


def record_all(trip: Trip, ids: list[str]) -> tuple[list[Delivered], list[Refused]]:
    """Bring the custody receipts of envelopes that bear the party's name; note which there are not.

    Raises:
        PlatformError: what of a receipt does not hold; `E_UNAVAILABLE`.
    """
    brought, refused = [], []
    client = trip.client
    for id_ in dict.fromkeys(ids):
        try:
            raw = receipt_of(client, id_)
        except PlatformError as error:
            if error.code not in {Code.NOT_FOUND, Code.STATE}:
                raise
            refused.append(_refused(id_, error))
            continue
        head = _head_of(raw, client.trust.log_keys)
        trip.heads[head.size] = head
        member = trip.writer.add(f"records/{id_}.json", raw)
        brought.append(Delivered(id=id_, custody=member))
    return brought, refused


def keep_said(
    home: Home, stick: Stick, index: ReturnIndex, meet: Callable[[Checkpoint], None]
) -> Iterator[Said]:
    """Keep what proves each statement that was signed here; yield it.

    A statement that was refused for itself is put away: the next one is signed afresh.

    Raises:
        PlatformError: `E_STATE` for a statement that this home never signed; `E_INTEGRITY` and the
            rest for a proof that does not hold.
    """
    party, keys = home.config().party, home.trust.log_keys
    signed = {one.path.read_bytes(): one for one in _all(home)}
    for carried in index.said:
        raw = stick.small(carried.proof)
        logged = read_model(LoggedStatement, parse_json(raw, max_bytes=MAX_SMALL_BYTES))
        one = signed.get(logged.statement.encode())
        if one is None or one.envelope_id != carried.id:
            raise PlatformError(
                Code.STATE,
                f"the statement on {carried.id} that was carried here was not signed in this home",
                fix="Have it delivered again; if it repeats, ask the operator of the exchange.",
            )
        entry, place = verify_logged(logged, keys)
        if entry.party != party:
            raise PlatformError(Code.INTEGRITY, "the log's entry is of another party")
        meet(place.checkpoint)
        write_file(one.proof, raw)
        yield Said(carried.id, one.says, place.index)
    refused = {one.id for one in index.unsaid if one.code in _ABOUT_IT}
    for one in _waiting(home):
        if one.envelope_id in refused:
            one.path.unlink()


def keep_records(
    home: Home, stick: Stick, index: ReturnIndex, meet: Callable[[Checkpoint], None]
) -> Iterator[str]:
    """Keep the records that were asked for, once the log proves them; yield the ids.

    Raises:
        PlatformError: what of them does not hold.
    """
    keys = home.trust.log_keys
    for one in index.records:
        raw = stick.small(one.custody)
        accepted_entry(raw, one.id, keys)
        meet(_head_of(raw, keys))
        write_file(_records(home) / f"{one.id}.json", raw)
        yield one.id


def _record(home: Home, envelope_id: str) -> bytes:
    """Return the custody receipt of an envelope: of what was sealed here, or what was carried."""
    sent = SentEnvelope(home.sent / envelope_id)
    for path in (sent.receipt, _records(home) / f"{envelope_id}.json"):
        if path.exists():
            return path.read_bytes()
    if sent.container.exists():
        raise PlatformError(
            Code.STATE,
            f"nothing here proves that {envelope_id} was accepted: it cannot be spoken of yet",
            fix="Accept what the next trip brings, then say it; or take it back: sextant recall.",
        )
    raise PlatformError(
        Code.NOT_FOUND,
        f"envelope {envelope_id} was not sealed here, and the log's record of it is not here",
        fix=f"Have it carried: sextant bundle export --record {envelope_id}, deliver, accept.",
    )


def _head_of(raw: bytes, keys: LogKeys) -> Checkpoint:
    document = parse_custody(raw)
    return verify_proof(b64u_decode(document.entry), document.proof, keys).checkpoint


def _refused(envelope_id: str, error: PlatformError) -> Refused:
    fix = error.fix or "Mend the reason, and say it again."
    code, detail = str(error.code), error.detail[:1000]
    return Refused(id=envelope_id, code=code, detail=detail, fix=fix[:1000])


def _folder(home: Home) -> Path:
    return home.path / "statements"


def _records(home: Home) -> Path:
    return home.path / "records"


def _all(home: Home) -> list[_Signed]:
    """Return every statement signed here, oldest first."""
    found = [_Signed(path) for path in _folder(home).glob("*/*.jws")]
    return sorted(found, key=lambda one: (one.path.name, one.envelope_id))


def _waiting(home: Home) -> list[_Signed]:
    return [one for one in _all(home) if not one.proof.exists()]
