"""What is due of a party's keys: the next ones, retirement, destruction. And destroying them.

A sealing key that is kept can be stolen, and opens what it ever received. So its private half is
destroyed some time after its last use, and never while an envelope sealed to it is undelivered.
"""

import io
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sextant_client.client import Client
from sextant_client.home import Home, KeyPolicy, read_json, write_file
from sextant_client.identity.changing import superseded
from sextant_client.received import stored_replies
from sextant_shared.clock import parse_timestamp, random_bytes, timestamp_s
from sextant_shared.encoding import b64u_decode, canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import parse_entry
from sextant_shared.models.envelope import MAX_MANIFEST_BYTES
from sextant_shared.models.exchange import Delivery, DeliveryPage, DeliveryState
from sextant_shared.models.party import KeyStatus, KeyUse, PartyDocument, PartyKey
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.jws import sign_jws
from sextant_shared.protocol.manifest import PREFIX_SIZE, read_manifest
from sextant_shared.protocol.parties import VerifiedParty
from sextant_shared.protocol.receipts import parse_custody

DAY_S = 86_400
DESTROYED_TYP = "dxe-destroyed+json"
_PAGE = 200
_SCHEDULED = (KeyUse.SIG, KeyUse.SEAL, KeyUse.API)


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to do with one key, and from when it is due (unix seconds)."""

    act: str
    key: PartyKey
    at: float

    def words(self, now: float) -> str:
        """The line as people read it."""
        days = int(abs(self.at - now) // DAY_S)
        when = f"in {days} day(s)" if self.at > now else f"due, {days} day(s) ago"
        day = timestamp_s(self.at)[:10]
        return f"{self.act:<8} {self.key.use:<5} {self.key.kid[:12]}  {day}  {when}"

    def is_due(self, now: float) -> bool:
        """Whether its day has come."""
        return self.at <= now


def find_due(
    party: VerifiedParty,
    held: Collection[str],
    policy: KeyPolicy,
    last_used: Mapping[str, float] | None = None,
) -> list[Due]:
    """Return everything with its day, earliest first; what is still far off stands in it too.

    `held` are the ids of private keys in this home; `last_used` is when the newest envelope sealed
    to a key was logged. A key that was retired received nothing more from then on; one that left
    the document was retired long ago.
    """
    found: list[Due] = []
    document = party.document
    for use in _SCHEDULED:
        replaced = superseded(document, use, held)
        for key in replaced:
            newer = _newer(document, key)
            found.append(Due("retire", key, parse_timestamp(newer.added) + policy.overlap * DAY_S))
        days = {KeyUse.SIG: policy.sig, KeyUse.SEAL: policy.seal, KeyUse.API: policy.api}[use]
        for key in document.keys:
            is_ours = use is not KeyUse.API or key.kid in held
            if (
                key.use is use
                and key.status is KeyStatus.ACTIVE
                and is_ours
                and key not in replaced
            ):
                found.append(Due("rotate", key, parse_timestamp(key.added) + days * DAY_S))
    left = [_left(kid) for kid in sorted(party.gone & set(held))]
    for key in (*document.keys, *left):
        if key.use is KeyUse.SEAL and key.kid in held and _is_over(key):
            ended = parse_timestamp(key.changed or key.added)
            used = max(ended, (last_used or {}).get(key.kid, 0.0))
            found.append(Due("destroy", key, used + policy.destroy * DAY_S))
    return sorted(found, key=lambda due: due.at)


def last_used(home: Home) -> dict[str, float]:
    """Return, by sealing key of ours, when the newest envelope received with it was logged."""
    newest: dict[str, float] = {}
    party = home.config().party
    for received in stored_replies(home.inbox):
        t = parse_timestamp(_logged(received.receipt))
        for to in received.header.to:
            if to.party == party:
                newest[to.kid] = max(t, newest.get(to.kid, 0.0))
    return newest


def undelivered_to(client: Client, kids: Collection[str]) -> set[str]:
    """Return those of our keys to which an envelope is sealed that we have not got yet.

    Raises:
        PlatformError: whatever asking the exchange raises: who does not know destroys nothing.
    """
    found: set[str] = set()
    for delivery in _undelivered(client):
        found |= _kids_of(client, delivery) & set(kids)
        if found == set(kids):
            break
    return found


def destroy(home: Home, key: PartyKey, client: Client, now: float) -> Path:
    """Overwrite and remove a private half; leave a dated record, signed by our pair in force.

    The record is written first: a key that is gone without a word would look like a loss.

    Raises:
        PlatformError: `E_KEY` when the key is not here, `E_STATE` when it is active.
    """
    if not _is_over(key):
        raise PlatformError(
            Code.STATE,
            f"key {key.kid} is {key.status}",
            expected="a key that was retired or revoked",
            fix="Rotate, enrol, and retire it first: sextant keys due.",
        )
    path = _file_of(home.keys.folder, key.kid)
    active = [line.kid for line in client.parties.newest(client.config.party).active(KeyUse.SIG)]
    statement = {
        "v": 1,
        "party": client.config.party,
        "kid": key.kid,
        "use": str(key.use),
        "ended": key.changed,
        "destroyed": timestamp_s(now),
        "log": beacon.model_dump(mode="json") if (beacon := client.trust.beacon()) else None,
    }
    raw = sign_jws(canonical_json(statement), DESTROYED_TYP, home.keys.pair(KeyUse.SIG, active))
    record = home.path / "destroyed" / f"{timestamp_s(now)[:10]}-{key.kid[:8]}.jws"
    write_file(record, raw)
    _overwrite(path)
    return record


def _left(kid: str) -> PartyKey:
    """Return a line for a key that an earlier version listed and the newest does not."""
    return PartyKey(
        kid=kid,
        use=KeyUse.SEAL,
        jwk={},
        status=KeyStatus.RETIRED,
        added=timestamp_s(0),
        changed=None,
        reason="left the document",
        suspect_from=None,
    )


def _newer(document: PartyDocument, key: PartyKey) -> PartyKey:
    """Return the key that replaced `key`: the next active one of its use and algorithm."""
    lines = [
        line
        for line in document.keys
        if line.use is key.use
        and line.status is KeyStatus.ACTIVE
        and (line.jwk.get("alg"), line.jwk.get("crv")) == (key.jwk.get("alg"), key.jwk.get("crv"))
    ]
    return lines[min(lines.index(key) + 1, len(lines) - 1)]


def _is_over(key: PartyKey) -> bool:
    return key.status in {KeyStatus.RETIRED, KeyStatus.REVOKED}


def _logged(receipt: Path) -> str:
    return parse_entry(b64u_decode(parse_custody(receipt.read_bytes()).entry)).t


def _undelivered(client: Client) -> Iterator[Delivery]:
    """Yield what is in our mailbox and not collected, by cursor or by lease."""
    collected, after = client.home.cursor(), 0
    while True:
        params = {"after": after, "limit": _PAGE}
        answer = client.session.request("GET", "/v1/mailbox", params=params)
        page = read_model(DeliveryPage, answer.json())
        for delivery in page.items:
            after = delivery.seq
            if delivery.seq > collected and delivery.state is not DeliveryState.ACKNOWLEDGED:
                yield delivery
        if not page.items:
            return


def _kids_of(client: Client, delivery: Delivery) -> set[str]:
    head = b""
    path = f"/v1/envelopes/{delivery.sender}/{delivery.id}/content"
    with client.session.stream(path) as response:
        for block in response.iter_bytes():
            head += block
            if len(head) >= PREFIX_SIZE + MAX_MANIFEST_BYTES:
                break
    header = read_manifest(io.BytesIO(head)).header
    return {to.kid for to in header.to if to.party == client.config.party}


def _file_of(folder: Path, kid: str) -> Path:
    for path in sorted(folder.glob(f"{KeyUse.SEAL}-*.json")):
        if read_json(path).get("kid") == kid:
            return path
    raise PlatformError(Code.KEY, f"the private half of {kid} is not in {folder}")


def _overwrite(path: Path) -> None:
    """Write random bytes over the file before it is removed, each step made durable.

    Copies that a disk, a file system or a backup keeps are out of its reach; the manual says so.
    """
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(random_bytes(size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
