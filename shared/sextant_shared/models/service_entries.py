"""Entries by which the services speak of themselves: keys, policies, settings, copies, pulse.

Responsible for the shapes. Not responsible for when they are due: `sextant_shared.chassis.notes`
compares what is in force with what was logged last, and each service says what it has in force.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.entry_members import Common, Index, Sha256

ServiceName = Literal["audit", "exchange", "declarations"]
KeyUse = Literal["log", "receipts", "issuer", "access", "sealing", "signing"]
PolicyName = Literal["retention", "witnesses", "messages", "deadlines", "terms"]
Authority = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]


class ShredReason(StrEnum):
    """Why a detail is destroyed."""

    PERIOD_OVER = "PERIOD_OVER"
    COURT_ORDER = "COURT_ORDER"
    PARTY_REQUEST = "PARTY_REQUEST"
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR"
    PERSONAL_DATA = "PERSONAL_DATA"


class ServiceEntry(Common):
    """A service speaks of itself; it alone writes the entries that name it."""

    writer: ClassVar[str] = "the service it names"
    service: ServiceName


class KeyEventEntry(ServiceEntry):
    """A key came into use or went: SHA-256 of its public half. No `old`: new; no `new`: gone."""

    type: Literal["key.event"]
    use: KeyUse
    old: Sha256 | None = None
    new: Sha256 | None = None


class PolicyChangeEntry(ServiceEntry):
    """Another policy is in force: SHA-256 of the one before, none for the first, and of it."""

    type: Literal["policy.change"]
    policy: PolicyName
    old: Sha256 | None = None
    new: Sha256


class ConfigChangeEntry(ServiceEntry):
    """The settings in force are others: SHA-256 before, none at first, and after; names committed.

    `commit` is a salted commitment to the names of the settings that changed.
    """

    type: Literal["config.change"]
    old: Sha256 | None = None
    new: Sha256
    commit: Sha256


class _CopyEntry(Common):
    """A copy of a service's data: whose, the size of the log that it covers, the rest committed."""

    writer: ClassVar[str] = "audit"
    of: ServiceName
    size: Index
    commit: Sha256


class BackupEntry(_CopyEntry):
    """An operator reports a backup of a service: whose, the size of the log that it covers."""

    type: Literal["backup"]


class RestoreEntry(_CopyEntry):
    """An operator reports that a service was restored: whose, the log's size in that backup."""

    type: Literal["restore"]


class HeartbeatEntry(Common):
    """The log lives: its published size, SHA-256 of its newest witnessed checkpoint.

    `scrubbed` says up to which index all entries were last read again and verified, 0 for none;
    `tst` is SHA-256 of an RFC 3161 token over a head, if there is one.
    """

    writer: ClassVar[str] = "audit"
    type: Literal["heartbeat"]
    size: Index
    head: Sha256 | None = None
    scrubbed: Index
    tst: Sha256 | None = None


class ShredEntry(ServiceEntry):
    """The detail behind the commitment at index `ref` was destroyed: who ordered it, and why.

    `commit` is a salted commitment to who carried it out and their words.
    """

    type: Literal["shred"]
    ref: Index
    authority: Authority
    reason: Annotated[ShredReason, Field(strict=False)]
    commit: Sha256
