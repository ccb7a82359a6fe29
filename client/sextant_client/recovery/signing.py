"""A backup's manifest and who signed it: both keys of an operator, over the bytes of the file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sextant_client.home import write_file
from sextant_client.recovery.models import Card, Manifest, read_file
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, Version1

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_LABEL = b"sextant/backup-manifest/v1\x00"
_PAIR = 2


class _Line(Strict):
    kid: str
    sig: str


class _Signatures(Strict):
    v: Version1
    by: str
    lines: Annotated[list[_Line], Field(min_length=_PAIR, max_length=_PAIR)]


def write_manifest(folder: Path, manifest: Manifest, by: str, pair: Sequence[Signer]) -> None:
    """Write and sign a manifest; it comes last and makes a folder a backup."""
    data = canonical_json(manifest.model_dump(mode="json"))
    lines = [{"kid": each.kid, "sig": b64u(each.sign(_LABEL + sha256(data)))} for each in pair]
    write_file(folder / SIGNATURE, canonical_json({"v": 1, "by": by, "lines": lines}))
    write_file(folder / MANIFEST, data)


def read_manifest(folder: Path, signed_by: Card | None) -> Manifest:
    """Return what a backup says of itself, once both keys of the card signed it.

    Without a card nothing is verified: only to list what is there.

    Raises:
        PlatformError: `E_STATE` when a file is missing, `E_MALFORMED`, `E_KEY` when other keys
            signed, `E_SIGNATURE`.
    """
    manifest = read_file(Manifest, folder / MANIFEST, "the manifest")
    if signed_by is not None:
        data = (folder / MANIFEST).read_bytes()
        if canonical_json(parse_json(data, max_bytes=len(data), max_depth=8)) != data:
            raise PlatformError(Code.MALFORMED, "the manifest is not in its one encoding")
        _check(data, read_file(_Signatures, folder / SIGNATURE, "the signature"), signed_by)
    return manifest


def _check(data: bytes, signatures: _Signatures, card: Card) -> None:
    verifiers = [Verifier.from_jwk(jwk) for jwk in card.sig]
    given = {line.kid: line.sig for line in signatures.lines}
    if len(verifiers) != _PAIR or any(each.kid not in given for each in verifiers):
        raise PlatformError(
            Code.KEY,
            f"the backup was not signed by {card.name}",
            expected=" and ".join(each.kid[:8] for each in verifiers) or "a card with two keys",
            received=" and ".join(kid[:8] for kid in given),
            fix="Give the card of the operator who made it: --signed-by.",
        )
    for each in verifiers:
        each.verify(_LABEL + sha256(data), b64u_decode(given[each.kid]))
