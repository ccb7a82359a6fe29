"""Makes the golden vectors that integrators test against: `python -m tests.support.golden FOLDER`.

Sealing draws fresh keys, so no run gives the same bytes twice. The published set is frozen: a later
need adds a folder beside it and leaves the old one alone.
"""

import base64
import io
import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from sextant_shared.crypto.chunked import SALT_SIZE
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import Opener, SealingKey, SoftwareOpener
from sextant_shared.crypto.signing import SoftwareSigner, Verifier
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import PlatformError
from sextant_shared.models.party import RegistrarKeys, RegistrarsFile
from sextant_shared.protocol.envelope import SealRequest, commitment_key, open_bytes, seal_bytes
from sextant_shared.protocol.manifest import Manifest, read_manifest, verify_manifest
from sextant_shared.protocol.parties import sign_party_document
from sextant_shared.protocol.receipts import format_custody, verify_custody
from tests.support.envelopes import CREATED, ID, split
from tests.support.golden_refused import BASE_CONTENT, bent_containers
from tests.support.logs import INSTANT, MemoryLog, make_accepted
from tests.support.parties import S1, S2, PartyKeys, registrar_pairs

SENDERS = {"S1": PartyKeys("NA-XAL", S1), "S2": PartyKeys("NA-XBO", S2, Alg.K2)}
RECIPIENTS = {
    "K1": [PartyKeys("SEC"), PartyKeys("NA-XCE"), PartyKeys("NA-XDU")],
    "K2": [PartyKeys(p, kem=Alg.K2) for p in ("SEC", "NA-XCE", "NA-XDU")],
}
BOUNDARY = 16384 - 8  # the length and the content fill one chunk exactly
CONTENTS = {
    "empty": (b"", 1),
    "8k": (b"declaration " * 683, 1),
    "boundary": (b"b" * BOUNDARY, 1),
    "three": (BASE_CONTENT, 3),
}


def main(folder: Path) -> None:
    """Write the whole set into an empty folder."""
    (folder / "containers").mkdir(parents=True)
    _write(folder / "keys.json", _keys())
    _write(folder / "containers.json", list(_containers(folder / "containers")))
    _write(folder / "refused.json", list(_refused(folder / "containers")))
    _write(folder / "receipts.json", _receipts(folder / "containers"))
    _write(folder / "parties.json", _parties())


def apply(base: bytes, patch: list[dict[str, Any]]) -> bytes:
    """Return `base` with each step done in order: at `at`, cut `cut` bytes, put `put` (base64)."""
    for step in patch:
        at = step["at"]
        base = base[:at] + base64.b64decode(step["put"]) + base[at + step["cut"] :]
    return base


def open_as(container: bytes, sender: str, party: str, seal: tuple[Alg, bytes]) -> bytes:
    """Return the content, opened as an integrator's reader does.

    Raises:
        PlatformError: as the protocol says.
    """
    source = io.BytesIO(container)
    manifest = read_manifest(source)
    pair = [Verifier.from_jwk(key.jwk) for key in SENDERS[sender].sig]
    verified = verify_manifest(manifest, pair)
    opener = SoftwareOpener.from_seed(*seal)
    return open_bytes(source.read(), verified, opener, party)[0]


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _key(key: Any) -> dict[str, Any]:
    return {"alg": str(key.alg), "kid": key.kid, "seed": key.seed.hex(), "jwk": dict(key.jwk)}


def _keys() -> dict[str, Any]:
    seal = {
        f"{party.party}/{kem}": _key(party.seal)
        for kem, parties in RECIPIENTS.items()
        for party in parties
    }
    return {"sig": {n: [_key(k) for k in p.sig] for n, p in SENDERS.items()}, "seal": seal}


def _request(profile: str, kem: str, count: int) -> SealRequest:
    sender = SENDERS[profile]
    chosen = RECIPIENTS[kem][:count]
    return SealRequest(
        id=ID,
        sender=sender.party,
        signers=sender.sig,
        recipients=[(p.party, SealingKey.from_jwk(p.seal.jwk)) for p in chosen],
        type="declaration.annual",
        cty="application/json",
        classification="C2",
        created=CREATED,
    )


def _containers(folder: Path) -> Iterator[dict[str, Any]]:
    for profile in SENDERS:
        for kem in RECIPIENTS:
            for name, (content, count) in CONTENTS.items():
                container, sealed = seal_bytes(content, _request(profile, kem, count))
                file = f"{profile}-{kem}-{name}.dxe".lower()
                (folder / file).write_bytes(container)
                yield _described(file, profile, kem, count, content, sealed.manifest, container)


def _described(  # noqa: PLR0917 -- one line of a table
    file: str,
    profile: str,
    kem: str,
    count: int,
    content: bytes,
    manifest: Manifest,
    container: bytes,
) -> dict[str, Any]:
    cek = _cek(manifest, RECIPIENTS[kem][0].seal)
    kpc = commitment_key(cek, manifest.header_hash)
    body = split(container)[1]
    return {
        "file": file,
        "sender": profile,
        "recipients": [f"{p.party}/{kem}" for p in RECIPIENTS[kem][:count]],
        "manifest_sha256": manifest.digest.hex(),
        "hh": manifest.header_hash.hex(),
        "cek": cek.hex(),
        "salt": body[:SALT_SIZE].hex(),
        "kpc": kpc.hex(),
        "pc": manifest.pc.hex(),
        "content_size": len(content),
        "content_sha256": sha256(content).hexdigest(),
    }


def _cek(manifest: Manifest, opener: Opener) -> bytes:
    info = b"dxe/1 slot\x00" + manifest.header_hash + b64u_decode(opener.kid)
    return opener.open(info, b64u_decode(manifest.slots[0].ct))


Members = dict[str, Any]


def _refused(folder: Path) -> Iterator[Members]:
    """Yield each refused container as a patch of the smallest good one."""
    base_file = "s1-k1-three.dxe"
    base = (folder / base_file).read_bytes()
    cek = _cek(read_manifest(io.BytesIO(base)), RECIPIENTS["K1"][0].seal)
    for bent in bent_containers(base, cek):
        found = _code(bent.container)
        if found != bent.code:
            raise AssertionError(f"{bent.name}: {found}, not {bent.code}")
        yield {
            "name": bent.name,
            "code": bent.code,
            "base": base_file,
            "patch": _patch(base, bent.container),
        }


def _code(container: bytes) -> str:
    try:
        open_as(container, "S1", "SEC", (Alg.K1, RECIPIENTS["K1"][0].seal.seed))
    except PlatformError as error:
        return str(error.code)
    return "opened"


def _patch(base: bytes, bent: bytes) -> list[Members]:
    """Return the steps that make `bent` of `base`: the length in the prefix, then all between."""
    steps = []
    prefix = 8
    if len(bent) >= prefix and base[4:prefix] != bent[4:prefix]:
        steps.append(_step(bent, 4, prefix, prefix))
        base = base[:4] + bent[4:prefix] + base[prefix:]
    start = next(
        (i for i, (a, b) in enumerate(zip(base, bent, strict=False)) if a != b),
        min(len(base), len(bent)),
    )
    end = 0
    while end < min(len(base), len(bent)) - start and base[-1 - end] == bent[-1 - end]:
        end += 1
    if base != bent:
        steps.append(_step(bent, start, len(base) - end, len(bent) - end))
    return steps


def _step(bent: bytes, start: int, end: int, bent_end: int) -> Members:
    put = base64.b64encode(bent[start:bent_end]).decode()
    return {"at": start, "cut": end - start, "put": put}


def _receipts(folder: Path) -> Members:
    """Return one log of nine entries, the receipt of the seventh, and receipts that must fail."""
    manifest = read_manifest(io.BytesIO((folder / "s1-k1-8k.dxe").read_bytes()))
    log = MemoryLog()
    for number in range(9):
        man = manifest.digest if number == 6 else None
        log.append(make_accepted(number, env=ID if number == 6 else None, man=man, reg=2))
    good = format_custody(log.leaves[6], log.proof(6)).decode()
    other = format_custody(log.leaves[5], log.proof(5)).decode()
    foreign = MemoryLog(list(log.leaves), label="another log")
    lines = log.proof(6).split("\n")
    bent_path = "\n".join([*lines[:2], lines[3], lines[2], *lines[4:]])
    head = log.proof(6)
    cut = head[: head.rstrip("\n").rfind("\n") + 1]
    cases = {
        "the receipt of another envelope": (other, "E_INTEGRITY"),
        "signed by another log": (
            format_custody(log.leaves[6], foreign.proof(6)).decode(),
            "E_KEY",
        ),
        "a path in another order": (
            format_custody(log.leaves[6], bent_path).decode(),
            "E_INTEGRITY",
        ),
        "an altered entry": (
            format_custody(log.leaves[6].replace(b'"reg":2', b'"reg":1'), head).decode(),
            "E_INTEGRITY",
        ),
        "one signature of the log is missing": (
            format_custody(log.leaves[6], cut).decode(),
            "E_KEY",
        ),
        "it claims witnesses": (good.replace('"logged"', '"witnessed"'), "E_MALFORMED"),
        "another spelling of the same": (good.replace('","', '", "', 1), "E_MALFORMED"),
    }
    for name, (text, code) in cases.items():
        found = _receipt_code(text, manifest, log)
        if found != code:
            raise AssertionError(f"{name}: {found}, not {code}")
    return {
        "vkeys": list(log.keys.vkeys),
        "manifest_sha256": manifest.digest.hex(),
        "envelope": ID,
        "good": {"receipt": good, "index": 6, "size": 9, "t": INSTANT},
        "refused": [{"name": n, "receipt": t, "code": c} for n, (t, c) in cases.items()],
    }


def _receipt_code(text: str, manifest: Manifest, log: MemoryLog) -> str:
    try:
        verify_custody(text.encode(), manifest.digest, ID, log.keys)
    except PlatformError as error:
        return str(error.code)
    return "verified"


def _parties() -> Members:
    """Return the registrars and a document that two of them signed, with those that must fail."""
    pairs = registrar_pairs()
    entries = [
        RegistrarKeys(name=f"REG-{n}", keys=[dict(half.jwk) for half in both])
        for n, both in enumerate(pairs, start=1)
    ]
    party = SENDERS["S2"]

    def signed(*by: tuple[Any, Any], root: bool = True) -> str:
        signers = party.signers(by) if root else [half for both in by for half in both]
        return sign_party_document(party.document(), signers).decode()

    stranger = (SoftwareSigner.generate(S1[0]), SoftwareSigner.generate(S1[1]))
    return {
        "registrars": RegistrarsFile(threshold=2, registrars=entries).model_dump(mode="json"),
        "party": party.party,
        "good": signed(pairs[0], pairs[2]),
        "signing_kids": [key.kid for key in party.sig],
        "sealing_kid": party.seal.kid,
        "refused": [
            {"name": "one registrar only", "document": signed(pairs[1])},
            {"name": "without the root pair", "document": signed(pairs[0], pairs[1], root=False)},
            {"name": "a stranger for a registrar", "document": signed(pairs[0], stranger)},
        ],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
