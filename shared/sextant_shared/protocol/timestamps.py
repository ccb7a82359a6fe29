"""Time-stamps by an outside authority (RFC 3161): who else saw these bytes, and when at the latest.

Responsible for the query, and for believing a reply: it must be granted, be about the SHA-256 of
the very bytes, repeat the query's nonce, be signed by a certificate for time-stamping alone that
leads to a pinned root, and state a time that can be. The parsers and the CMS signature are those of
`rfc3161-client` (strict, in Rust, over OpenSSL). Not responsible for the network, nor for
revocation: a token is judged by the certificates as they stood when it was made.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)

from sextant_shared.clock import timestamp_s
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.tokenorder import in_der_order, token_of

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
MAX_REPLY_BYTES = 65_536
TOLERANCE_S = 300.0  # what the authority's clock and ours may differ by
_VERIFY_ERROR = re.compile('data: "Verify error: ([^"]+)"')
_SHA256 = "2.16.840.1.101.3.4.2.1"


@dataclass(frozen=True, slots=True)
class TimestampQuery:
    """What is sent to an authority: the digest of the bytes and a fresh nonce, in `body`."""

    body: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A verified time-stamp: `time` in POSIX seconds, and its token as the authority sent it."""

    time: float
    authority: str
    token: bytes


def read_roots(pem: bytes) -> list[Certificate]:
    """Return the certificates of the authorities that are believed.

    Raises:
        PlatformError: `E_KEY` for a file that holds none, or what is none.
    """
    try:
        return load_pem_x509_certificates(pem)
    except ValueError as error:
        raise PlatformError(
            Code.KEY,
            "the file of time-stamping authorities holds no certificate that loads",
            expected="one or more PEM certificates",
            received=str(error)[:120],
        ) from error


def make_query(data: bytes) -> TimestampQuery:
    """Return a query for a time-stamp over `data`; the reply is to bring its certificates."""
    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    return TimestampQuery(request.as_bytes(), request.nonce or 0)


def verify_timestamp(
    reply: bytes, data: bytes, roots: Sequence[Certificate], nonce: int | None = None
) -> Timestamp:
    """Return what a reply proves about `data`; `nonce` is that of the query, where it is known.

    Raises:
        PlatformError: `E_TOO_LARGE`, `E_MALFORMED` for what is no granted reply, `E_DIGEST` for
            one about other bytes, `E_INTEGRITY` for one to another query, `E_SIGNATURE` for one
            that no pinned authority signed.
    """
    found = _granted(reply)
    info = found.tst_info
    imprint = info.message_imprint
    if imprint.hash_algorithm.dotted_string != _SHA256 or imprint.message != sha256(data):
        raise PlatformError(
            Code.DIGEST,
            "the time-stamp is about other bytes",
            expected=f"SHA-256 {sha256(data).hex()}",
            received=f"{imprint.hash_algorithm.dotted_string} {imprint.message.hex()}",
        )
    if nonce is not None and info.nonce != nonce:
        raise PlatformError(
            Code.INTEGRITY,
            "the time-stamp answers another query",
            expected=f"nonce {nonce}",
            received=f"nonce {info.nonce}",
        )
    authority = _verify(found, roots)
    return Timestamp(info.gen_time.timestamp(), authority, token_of(reply))


def require_sane_time(stamp: Timestamp, not_before: float, not_after: float) -> None:
    """Return if the time lies within the bounds, give or take what two clocks may differ by.

    Raises:
        PlatformError: `E_CLOCK`.
    """
    if not not_before - TOLERANCE_S <= stamp.time <= not_after + TOLERANCE_S:
        raise PlatformError(
            Code.CLOCK,
            "the time-stamp states a time that cannot be",
            expected=f"{timestamp_s(not_before)} to {timestamp_s(not_after)}",
            received=timestamp_s(stamp.time),
        )


def _granted(reply: bytes) -> TimeStampResponse:
    """Return a reply that was read strictly and holds a token."""
    if len(reply) > MAX_REPLY_BYTES:
        raise PlatformError(Code.TOO_LARGE, f"a reply has at most {MAX_REPLY_BYTES} bytes")
    ordered = in_der_order(reply)
    try:
        found = decode_timestamp_response(ordered)
        status, said = found.status, "; ".join(found.status_string)
    except ValueError as error:
        raise _malformed("this is no reply of RFC 3161", str(error)) from error
    if status != 0:
        raise _malformed("the authority granted no time-stamp", f"status {status} {said}")
    try:
        found.tst_info.message_imprint.hash_algorithm  # noqa: B018 -- parsed only when asked for
    except ValueError as error:
        raise _malformed("the reply holds no time-stamp token", str(error)) from error
    if found.as_bytes() != ordered:
        raise _malformed("the reply is not in its one encoding (DER)", "other bytes")
    return found


def _verify(found: TimeStampResponse, roots: Sequence[Certificate]) -> str:
    """Return who signed; chain, purpose and signature hold at the time that is stated."""
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify(found, found.tst_info.message_imprint.message)
        [signer] = found.signed_data.signer_infos
        return f"{signer.issuer.rfc4514_string()} #{signer.serial_number}"
    except Exception as error:  # what a parser says of foreign certificates has many types
        raise PlatformError(
            Code.SIGNATURE,
            "the time-stamp is not signed by an authority that is believed",
            expected="a chain to a pinned root, for time-stamping, valid at that time",
            received=_reason(error),
        ) from error


def _reason(error: Exception) -> str:
    """Return what OpenSSL says in the midst of its error stack, or all that was said."""
    said = _VERIFY_ERROR.search(str(error))
    return said[1] if said else str(error)[:200]


def _malformed(detail: str, received: str) -> PlatformError:
    return PlatformError(
        Code.MALFORMED, detail, expected="a granted TimeStampResp", received=received[:200]
    )
