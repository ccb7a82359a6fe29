"""`sextant keys reseal`: key files under the next passphrase.

The keys stay what they are. Every file is opened before the first is written, so a wrong passphrase
changes nothing. If it stops midway each file is whole, under one passphrase or the other, and the
same command again does the rest: what the next one opens already is left as it is.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, PassphraseFile, start
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.keyfiles import PrivateKey, read_key_file, write_key_file


def reseal(
    paths: Annotated[list[Path], typer.Argument(help="Key files.")],
    new_passphrase_file: Annotated[Path, typer.Option(help="File with the next passphrase.")],
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Seal key files under another passphrase; owner, mode and keys stay."""
    run = start(DEFAULT_HOME, as_json=as_json)
    before = run.keystore(passphrase_file).passphrase
    after = run.keystore(new_passphrase_file).passphrase
    opened = [(path, key) for path in paths if (key := _to_seal(path, before, after))]
    for path, key in opened:
        _write(path, key, after)
    run.output.result(
        {"sealed": [key.kid for _, key in opened]},
        [f"{path} is sealed under the next passphrase." for path, _ in opened]
        or ["All of them are sealed under the next passphrase already."],
    )


def _to_seal(path: Path, before: bytes | None, after: bytes | None) -> PrivateKey | None:
    """Return the key of a file that is to be written; None when it is done."""
    try:
        key = read_key_file(path, before)
    except PlatformError as error:
        if error.code is not Code.KEY or not _opens(path, after):
            raise
        return None
    return key if key.key.seed is not None else None  # all of it lies in a token


def _opens(path: Path, passphrase: bytes | None) -> bool:
    try:
        read_key_file(path, passphrase)
    except PlatformError:
        return False
    return True


def _write(path: Path, key: PrivateKey, passphrase: bytes | None) -> None:
    was, fresh = path.stat(), path.with_name(f".{path.name}.next")
    fresh.unlink(missing_ok=True)  # of a run that was broken off
    write_key_file(fresh, key, passphrase)
    os.chown(fresh, was.st_uid, was.st_gid)
    fresh.replace(path)
