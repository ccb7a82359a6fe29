"""Holds the header of an envelope against its row of the catalogue, and tells all that is wrong.

The exchange does so when it accepts, clients before they seal. The rows: `protocol.message_types`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.envelope import Header
from sextant_shared.protocol.message_types import (
    DEFAULT_SECRETARIAT,
    MessageType,
    Presence,
    Side,
    find_type,
)


@dataclass(frozen=True, slots=True)
class Address:
    """What a header says to the catalogue."""

    sender: str
    to: tuple[str, ...]
    cty: str
    irt: str | None = None


def check_header(header: Header, secretariat: str = DEFAULT_SECRETARIAT) -> MessageType:
    """Return the type of an envelope whose header keeps to the catalogue.

    Raises:
        PlatformError: as `check_address`.
    """
    to = tuple(recipient.party for recipient in header.to)
    address = Address(header.from_, to, header.cty, header.irt)
    return check_address(header.type, address, secretariat)


def check_address(
    name: str, address: Address, secretariat: str = DEFAULT_SECRETARIAT
) -> MessageType:
    """Return the type of this name, if a message of it may go this way.

    Whether `irt` names an envelope of a fitting type takes a look at that one: `check_reply`.

    Raises:
        PlatformError: `E_POLICY`, with one finding for each member that does not fit.
    """
    type_ = find_type(name)
    found = [
        finding for check in _CHECKS if (finding := check(type_, address, secretariat)) is not None
    ]
    if found:
        raise _refusal(type_, found)
    return type_


def check_reply(type_: MessageType, replied: str | None, superseded: str | None) -> None:
    """Check the types of the envelopes that `irt` and `sup` name; None is named by none.

    Raises:
        PlatformError: `E_POLICY`.
    """
    found = []
    if replied is not None and type_.replies_to and replied not in type_.replies_to:
        expected = " or ".join(sorted(type_.replies_to))
        found.append(_finding("/irt", "it answers a message of a type", expected, replied))
    if superseded is not None and superseded != type_.name:
        found.append(
            _finding("/sup", "it supersedes a message of its own type", type_.name, superseded)
        )
    if found:
        raise _refusal(type_, found)


def _sender(type_: MessageType, address: Address, secretariat: str) -> Finding | None:
    is_secretariat = address.sender == secretariat
    if type_.sender is Side.EITHER or (type_.sender is Side.SECRETARIAT) == is_secretariat:
        return None
    return _finding("/from", "it is sent by", type_.sender, address.sender)


def _recipients(type_: MessageType, address: Address, secretariat: str) -> Finding | None:
    others = [party for party in address.to if party != address.sender]
    authorities = sum(party != secretariat for party in others)
    has_secretariat = authorities < len(others)
    reach = type_.reach
    at_least, at_most = reach.authorities
    fits = at_least <= authorities <= at_most and bool(others)
    if address.sender != secretariat:  # the Secretariat is no recipient of its own messages
        fits &= reach.secretariat is Presence.MAY or (
            has_secretariat == (reach.secretariat is Presence.MUST)
        )
    if fits:
        return None
    received = ", ".join(address.to)
    return _finding("/to", "its recipients are", reach.in_words, received)


def _content_type(type_: MessageType, address: Address, _secretariat: str) -> Finding | None:
    if address.cty in type_.content_types:
        return None
    expected = ", ".join(sorted(type_.content_types))
    return _finding("/cty", "its content is", expected, address.cty)


def _irt(type_: MessageType, address: Address, _secretariat: str) -> Finding | None:
    is_there = address.irt is not None
    if type_.irt is Presence.MAY or is_there == (type_.irt is Presence.MUST):
        return None
    if is_there:
        return _finding("/irt", "it answers no other message", "no `irt`", str(address.irt))
    expected = " or ".join(sorted(type_.replies_to)) or "any message"
    return _finding("/irt", "it answers a message", f"`irt` with the id of {expected}", "no `irt`")


_CHECKS: tuple[Callable[[MessageType, Address, str], Finding | None], ...] = (
    _sender,
    _recipients,
    _content_type,
    _irt,
)


def _finding(pointer: str, message: str, expected: str, received: str) -> Finding:
    return Finding(
        rule="M0",
        severity=Severity.MUST_FIX,
        pointer=pointer,
        message=message,
        expected=expected,
        received=received,
    )


def _refusal(type_: MessageType, findings: list[Finding]) -> PlatformError:
    first = findings[0]
    more = f"; and {len(findings) - 1} more" if len(findings) > 1 else ""
    return PlatformError(
        Code.POLICY,
        f"{type_.name} does not keep to its row of the catalogue: {first.pointer}:"
        f" {first.message} {first.expected}{more}",
        expected=first.expected,
        received=first.received,
        fix="Seal it again under a new id as its type asks; docs/messages.md lists the types.",
        findings=findings,
    )
