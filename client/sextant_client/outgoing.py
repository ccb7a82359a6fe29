"""Messages on their way out: content read and checked, addressed, sealed into the home.

Held against the catalogue of types before anything is sealed: what the exchange would refuse is
refused here, with everything that is wrong at once. Declarations go by `sextant submit`.
"""

from dataclasses import dataclass
from pathlib import Path

from sextant_client.client import Client
from sextant_client.received import Received, stored_replies
from sextant_client.sent import SentEnvelope
from sextant_client.stored import StoredEnvelope
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import Classification
from sextant_shared.models.messages import MESSAGE_CTY, read_message
from sextant_shared.protocol.message_types import DECLARATION_CTY, MessageType, find_type
from sextant_shared.protocol.owing import Debtor, rules_for
from sextant_shared.protocol.type_checks import check_reply

_BY_ENDING = {
    ".json": MESSAGE_CTY,
    ".pdf": "application/pdf",
    ".txt": "text/plain",
}
_OTHER = "application/octet-stream"
_ACKNOWLEDGED_BY_MACHINE = "receipt."


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sealed; without `to` it goes to the Secretariat."""

    type: str
    file: Path
    to: tuple[str, ...] = ()
    classification: Classification = Classification.C2
    irt: str | None = None
    sup: str | None = None


def seal_message(client: Client, going: Outgoing) -> SentEnvelope:
    """Check and seal a message into the home; nothing is sent yet.

    Raises:
        PlatformError: `E_POLICY` for what the catalogue does not allow; `E_MALFORMED`, with one
            finding for each place of the content that does not fit; and as `Client.seal`.
    """
    type_ = find_type(going.type)
    cty = _content_type(type_, going.file)
    content = _read(going.file)
    if cty == MESSAGE_CTY:
        read_message(going.type, content)
    named = [_type_of(client, id_) for id_ in (going.irt, going.sup)]
    check_reply(type_, *named)
    return client.seal(
        going.file,
        to=list(going.to) or None,
        type_=going.type,
        cty=cty,
        classification=going.classification,
        irt=going.irt,
        sup=going.sup,
    )


def reply_to(
    client: Client,
    envelope_id: str,
    file: Path,
    *,
    type_: str | None = None,
    classification: Classification | None = None,
) -> Outgoing:
    """Return the answer to a message that lies in the inbox, of the type that is owed for it.

    Raises:
        PlatformError: `E_NOT_FOUND` when it does not lie there.
    """
    header = _received(client, envelope_id).header
    return Outgoing(
        type=type_ or _owed_type(header.type),
        file=file,
        to=(header.from_,),
        classification=classification or header.class_,
        irt=envelope_id,
    )


def _owed_type(type_: str) -> str:
    """Return what a person answers such a message with; a letter when nothing is owed."""
    for rule in rules_for(type_):
        by_machine = rule.answer.startswith(_ACKNOWLEDGED_BY_MACHINE)
        if rule.by is not Debtor.SENDER and not by_machine:
            return rule.answer
    return "correspondence"


def _content_type(type_: MessageType, file: Path) -> str:
    cty = _BY_ENDING.get(file.suffix.lower(), _OTHER)
    if cty in type_.content_types:
        return cty
    if DECLARATION_CTY in type_.content_types and MESSAGE_CTY not in type_.content_types:
        raise PlatformError(
            Code.POLICY,
            f"{type_.name} carries a declaration",
            received=file.name,
            fix=f"Send it with `sextant submit {file}`: it is checked first.",
        )
    endings = [ending for ending, name in _BY_ENDING.items() if name in type_.content_types]
    raise PlatformError(
        Code.POLICY,
        f"{type_.name} does not carry such a file",
        expected=f"a file that ends in {' or '.join(endings)}",
        received=file.name,
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.MALFORMED, f"{file} cannot be read: {error.strerror}", fix="Name the right file."
        ) from error


def _received(client: Client, envelope_id: str) -> Received:
    for received in stored_replies(client.home.inbox):
        if received.header.id == envelope_id:
            return received
    raise PlatformError(
        Code.NOT_FOUND,
        f"no message {envelope_id} lies in the inbox",
        fix="Collect it first with `sextant inbox`, or use `sextant send … --reply-to`.",
    )


def _type_of(client: Client, envelope_id: str | None) -> str | None:
    """Return the type of a message that lies in the home; the exchange looks after all others."""
    if envelope_id is None:
        return None
    sent: StoredEnvelope = SentEnvelope(client.home.sent / envelope_id)
    for one in (sent, *stored_replies(client.home.inbox)):
        if one.container.exists() and one.header.id == envelope_id:
            return one.header.type
    return None
