"""HTTP bodies of the audit service. Not responsible for the entries they carry (`models.entries`).

A batch answer carries the checkpoint once for all its items: a post-quantum signature is 3.3 kB.
"""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.strict import Strict, Version1

MAX_BATCH = 256  # entries in one append; the log commits and signs up to four of these at once


class AppendRequest(Strict):
    """Body of `POST /v1/entries`: base64url bytes of each entry, in the order wanted."""

    entries: Annotated[list[str], Field(min_length=1, max_length=MAX_BATCH)]


class AppendedItem(Strict):
    """Where one entry of the request stands, and its inclusion path (base64)."""

    index: Annotated[int, Field(ge=0)]
    path: list[str]


class AppendAnswer(Strict):
    """Answer of `POST /v1/entries`: one item per entry, all proved under one checkpoint."""

    checkpoint: str
    size: Annotated[int, Field(ge=1)]
    items: list[AppendedItem]


class InclusionProof(Strict):
    """Answer of `GET /v1/proofs/inclusion`."""

    index: int
    size: int
    path: list[str]


class ConsistencyProof(Strict):
    """Answer of `GET /v1/proofs/consistency`."""

    first: int
    second: int
    path: list[str]


class LogDiscovery(Strict):
    """Answer of `GET /.well-known/sextant-log`: to be compared with pinned keys, not believed."""

    origin: str
    vkeys: list[str]
    receipt_key: dict[str, str] | None = None
    """Public JWK of the key of its COSE receipts."""


class WitnessedHead(Strict):
    """Answer of `GET /v1/witnessed`: a cosigned head, and the proof that it continues an older one.

    The second document to a receipt of size `first`; it replaces nothing. `path` is empty when the
    sizes are equal.
    """

    v: Version1
    kind: Literal["witnessed"]
    first: Annotated[int, Field(ge=1)]
    second: Annotated[int, Field(ge=1)]
    path: list[str]
    checkpoint: str


class GrowthPoint(Strict):
    """A published head: size, when the log signed it (POSIX seconds), root (base64)."""

    size: Annotated[int, Field(ge=1)]
    time: int
    root: str


class LogGrowth(Strict):
    """Answer of `GET /v1/growth`: published heads, the first and the newest among them.

    Any head between two neighbours is less than `step` entries above the first of them.
    """

    size: Annotated[int, Field(ge=0)]
    step: Annotated[int, Field(ge=1)]
    points: list[GrowthPoint]


class WitnessState(Strict):
    """What the log knows of one witness: `size` and `time` of its newest cosignature, and its head.

    `checkpoint` bears that cosignature, so that nobody need believe the rest.
    """

    name: str
    key: str
    size: int
    time: int | None
    lag: int
    fault: str
    checkpoint: str | None


class WitnessReport(Strict):
    """Answer of `GET /v1/witnesses`: each witness that the log asks, and the newest quorum."""

    size: int
    witnessed_size: int
    quorum: str
    witnesses: list[WitnessState]


class StampedHead(Strict):
    """A published head and the reply of a time-stamping authority over it.

    `reply` is the TimeStampResp (RFC 3161, base64) over the bytes of `checkpoint`; `t` repeats the
    time it states.
    """

    v: Version1
    kind: Literal["timestamp"]
    size: Annotated[int, Field(ge=1)]
    t: str
    checkpoint: str
    reply: str


class StampedHeads(Strict):
    """Answer of `GET /v1/timestamps`: a page of them, and why the newest head has none, if so."""

    v: Version1
    kind: Literal["timestamps"]
    items: list[StampedHead]
    more: bool
    fault: str
