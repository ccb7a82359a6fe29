"""The signed head of an envelope: header, slots, manifest payload (envelope §2.5).

The header is visible to the exchange: nothing stands here that routing or policy does not need.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sextant_shared.models.strict import Strict, Version1

MANIFEST_TYP = "dxe-manifest+json"
MEDIA_TYPE = "application/vnd.dxe.v1"
MAX_MANIFEST_BYTES = 65_536
MAX_HEADER_BYTES = 4096
MAX_RECIPIENTS = 16
MIN_BODY_BYTES = 72
MAX_BODY_BYTES = 117_440_512  # 112 MiB: 100 MiB of content, padding and tags
MAX_CONTENT_BYTES = 104_857_600

UUID7_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
PartyId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
Kid = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
EnvelopeId = Annotated[str, Field(pattern=UUID7_PATTERN)]
EnvelopeType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]{0,63}$")]
Sha256 = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Instant = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]


class Classification(StrEnum):
    """How sensitive the content is; C3 needs K2 sealing keys."""

    C0 = "C0"
    C1 = "C1"
    C2 = "C2"
    C3 = "C3"


class Recipient(Strict):
    """A party and the sealing key its slot is for."""

    party: PartyId
    kid: Kid


class Beacon(Strict):
    """The sender's last verified checkpoint: bounds log time from below and gossips the head."""

    size: Annotated[int, Field(ge=1)]
    root: Sha256


class Header(Strict):
    """Who sends what to whom, under which keys. `created` is UTC to the second."""

    v: Version1
    id: EnvelopeId
    from_: Annotated[PartyId, Field(alias="from")]
    skid: Annotated[list[Kid], Field(min_length=2, max_length=2)]
    to: Annotated[list[Recipient], Field(min_length=1, max_length=MAX_RECIPIENTS)]
    type: EnvelopeType
    enc: Literal["C1"]
    class_: Annotated[Classification, Field(alias="class", strict=False)]
    period: Annotated[str, Field(pattern=r"^\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?$")] | None = None
    cty: Annotated[str, Field(pattern=r"^[a-z0-9.+/-]{3,127}$")]
    created: Instant
    irt: EnvelopeId | None = None
    sup: EnvelopeId | None = None
    log: Beacon | None = None

    @model_validator(mode="after")
    def _no_recipient_twice(self) -> "Header":
        parties = [recipient.party for recipient in self.to]
        if len(set(parties)) != len(parties):
            raise ValueError("a recipient stands twice")
        return self


class Slot(Strict):
    """The content key sealed to one recipient: `ct` is base64url of `enc ‖ ciphertext`."""

    kid: Kid
    ct: Annotated[str, Field(max_length=4096)]


class ManifestPayload(Strict):
    """What both signatures cover; `len` is the body's size in bytes, `sha256` its digest."""

    hdr: Annotated[str, Field(max_length=MAX_HEADER_BYTES * 4 // 3 + 4)]
    slots: Annotated[list[Slot], Field(min_length=1, max_length=MAX_RECIPIENTS)]
    pc: Sha256
    len: Annotated[int, Field(ge=MIN_BODY_BYTES, le=MAX_BODY_BYTES)]
    sha256: Sha256
