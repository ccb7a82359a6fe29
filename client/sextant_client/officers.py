"""What an officer's client asks of the declarations service, beyond plain reading."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sextant_client.home import Home
from sextant_client.people import bearer_of
from sextant_client.session import Session, transport_of
from sextant_shared.clock import system_clock, uuid7
from sextant_shared.encoding import b64u, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.messages import MAX_MESSAGE_BYTES
from sextant_shared.models.purposes import PURPOSE_HEADER
from sextant_shared.protocol.people import check_address

_DOCUMENTS = {".pdf": "application/pdf", ".txt": "text/plain"}
_UNKNOWN = (Code.UNAVAILABLE, Code.RATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A message to send: where it goes, and its content or what it asks about."""

    type: str
    to: str | None
    parts: dict[str, Any]
    reply_to: str | None = None
    supersedes: str | None = None
    classification: str | None = None

    def body(self) -> dict[str, Any]:
        """Return the order as the service takes it; what is not given is left out."""
        members = {
            "type": self.type,
            "to": self.to,
            "class": self.classification,
            "reply_to": self.reply_to,
            "supersedes": self.supersedes,
            **self.parts,
        }
        return {name: value for name, value in members.items() if value is not None}


class Room(StrEnum):
    """The services at which officers, or operators, may have a say."""

    DECLARATIONS = "declarations"
    EXCHANGE = "exchange"
    AUDIT = "audit"


@contextmanager
def officers_session(home: Home, room: Room = Room.DECLARATIONS) -> Iterator[Session]:
    """Yield a session with the declarations service, or another; it is closed at the end.

    At the declarations service it is that of the person who signed in, or else of the home's key.

    Raises:
        PlatformError: `E_STATE` when none is configured, `E_POLICY` when a person's token would
            go there without https.
    """
    config = home.config()
    addresses = {Room.EXCHANGE: config.exchange, Room.AUDIT: config.audit}
    address = addresses.get(room, config.declarations)
    if address is None:
        raise PlatformError(
            Code.STATE, "no officers' service configured", fix="sextant init --declarations URL"
        )
    bearer = bearer_of(home) if room is Room.DECLARATIONS else None
    if bearer is not None:
        check_address(address, "officers' service, to which you show a token,")
    signer = None if bearer else home.keys.api_signer()
    session = Session(
        address,
        client_id=config.client_id,
        signer=signer,
        bearer=bearer,
        transport=transport_of(config),
    )
    try:
        yield session
    finally:
        session.close()


def content_of(file: Path) -> dict[str, Any]:
    """Return the content of a message as an order holds it: JSON as it is, all else as a document.

    Raises:
        PlatformError: `E_MALFORMED` for a file that cannot be read or is no JSON of ours,
            `E_TOO_LARGE`.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.MALFORMED, f"{file} cannot be read: {error.strerror}", fix="Name the right file."
        ) from error
    if file.suffix.lower() == ".json":
        return {"content": parse_json(data, max_bytes=MAX_MESSAGE_BYTES)}
    cty = _DOCUMENTS.get(file.suffix.lower(), "application/octet-stream")
    return {"document": {"cty": cty, "data": b64u(data)}}


def send_order(
    session: Session, order: Order, key: str | None, purpose: str | None = None
) -> dict[str, Any]:
    """Return the message that was sent; the same key again sends nothing new.

    Raises:
        PlatformError: what the service refuses; an error that leaves open whether it was sent
            names the key to repeat it with.
    """
    key = key or uuid7(system_clock)
    headers = {"Idempotency-Key": key, **({PURPOSE_HEADER: purpose} if purpose else {})}
    try:
        response = session.request("POST", "/v1/messages", json=order.body(), headers=headers)
    except PlatformError as error:
        if error.code not in _UNKNOWN:
            raise
        raise PlatformError(
            error.code,
            error.detail,
            fix=f"Run it again with --key {key}: then it is sent once, whatever happened.",
        ) from error
    answer: dict[str, Any] = response.json()
    return {**answer, "key": key}
