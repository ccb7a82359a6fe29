"""What all entries of the log have in common, and the forms of their members.

Responsible for nothing else: `entries` has the types of acts, `service_entries` those by which the
services speak of themselves.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from sextant_shared.models.strict import Strict, Version1

MAX_INDEX = 2**53 - 1

_INSTANT_MS = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$"
)
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

Random128 = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$")]
InstantMs = Annotated[str, Field(pattern=_INSTANT_MS)]
EnvelopeId = Annotated[str, Field(pattern=_UUID)]
Sha256 = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
Index = Annotated[int, Field(ge=0, le=MAX_INDEX)]


class Common(Strict):
    """Members of every entry.

    `id` (128 random bits) makes appending idempotent; `t` is when the writer made the entry, to
    the millisecond; `nonce` is 128 fresh random bits. `writer` is the service that makes them.
    """

    writer: ClassVar[str]

    v: Version1
    id: Random128
    t: InstantMs
    nonce: Random128
