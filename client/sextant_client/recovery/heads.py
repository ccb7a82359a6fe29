"""The signed heads of the log that a restore is held against, and where each of them is fetched.

Responsible for files, for addresses, and for whose certificates those may show. Not responsible for
what a restored log can honour.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx

from sextant_client.diagnosis.reaching import reach
from sextant_client.recovery.models import LogPosition
from sextant_client.trust import Trust
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.channel import open_channel
from sextant_shared.protocol.checkpoints import Checkpoint
from sextant_shared.protocol.levels import standing_of

MAX_HEAD_BYTES = 1 << 20  # a head with a thousand cosignatures has not a fifth of it
_TIMEOUT_S = 10.0


def heads_of(
    trust: Trust,
    position: LogPosition | None,
    given: Sequence[str],
    mirrors: Sequence[Path],
    ca_file: Path | None = None,
) -> list[Checkpoint]:
    """Return every signed head that is known: of the trust file, the backup, files, addresses.

    `ca_file` has the authorities (PEM) whose certificates the addresses show, none others; without
    it the usual ones are believed. A head is believed for its signatures in any case.

    Raises:
        PlatformError: `E_STATE` for what cannot be read, `E_TOO_LARGE` for what is no head, `E_KEY`
            for a file of authorities that does not load, `E_KEY` and `E_SIGNATURE` for a head that
            the pinned log did not sign, or a cosignature that does not hold.
    """
    keys, policy = trust.log_keys, trust.policy
    notes = [trust.file.checkpoint] if trust.file.checkpoint else []
    notes += [n for n in (position.checkpoint, position.witnessed) if n] if position else []
    notes += [_note(place, ca_file) for place in given]
    notes += [_note(str(folder / "checkpoint"), ca_file) for folder in mirrors]
    heads = [standing_of(note, keys, policy).checkpoint for note in notes]
    return list({(head.size, head.root): head for head in heads}.values())


def _note(place: str, ca_file: Path | None) -> str:
    if place.startswith(("http://", "https://")):
        data = _fetched(place, ca_file)
    else:
        try:
            with Path(place).open("rb") as file:
                data = file.read(MAX_HEAD_BYTES + 1)
        except OSError as error:
            raise PlatformError(
                Code.STATE, f"cannot read the head {place}: {error.strerror}"
            ) from error
    if len(data) > MAX_HEAD_BYTES:
        raise PlatformError(
            Code.TOO_LARGE, f"{place} is no head", expected=f"at most {MAX_HEAD_BYTES} bytes"
        )
    return data.decode("utf-8", errors="replace")


def _fetched(url: str, ca_file: Path | None) -> bytes:
    """Return what stands at an address, at most one byte more than a head may have."""
    try:
        answer = reach(partial(_get, ca_file), url)
    except PlatformError as error:
        if error.code is Code.KEY:
            raise
        raise PlatformError(
            Code.STATE,
            f"no head from {error.detail}",
            fix="Name the authorities of that address (--ca-file), give a file, or leave it out.",
        ) from error
    if answer.status_code != httpx.codes.OK:
        raise PlatformError(
            Code.STATE,
            f"no head from {url}: it answers {answer.status_code}",
            fix="Give a file, or leave it out.",
        )
    return answer.content


def _get(ca_file: Path | None, url: str, headers: Mapping[str, str]) -> httpx.Response:
    verify = open_channel(ca_file, None) or True
    with (
        httpx.Client(timeout=_TIMEOUT_S, trust_env=False, verify=verify) as http,
        http.stream("GET", url, headers=headers) as answer,
    ):
        body = b""
        for block in answer.iter_bytes():
            body += block
            if len(body) > MAX_HEAD_BYTES:
                break
        return httpx.Response(answer.status_code, content=body)
