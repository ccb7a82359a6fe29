"""`sextant ops card` and `share`: who signs backups, and who together opens what is sealed."""

from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, PassphraseFile, start
from sextant_client.home import write_file
from sextant_client.recovery.choosing import backups_in, chosen
from sextant_client.recovery.dual import open_share, read_header
from sextant_client.recovery.models import Card
from sextant_client.recovery.snapshots import stored_at
from sextant_shared.encoding import canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.keyfiles import write_private_file


def card(
    name: Annotated[str, typer.Argument(help="Name of the operator or custodian.")],
    out: Annotated[Path, typer.Option(help="Where to write it.")],
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Write the public keys of this home, for plans and for those who check backups."""
    run = start(home, as_json=as_json)
    files = run.home.keys.files()
    signing = [file.jwk for file in files if file.use == KeyUse.SIG]
    sealing = [file.jwk for file in files if file.use == KeyUse.SEAL]
    if not signing and not sealing:
        raise PlatformError(
            Code.KEY,
            f"no signing and no sealing key in {run.home.path}",
            fix="sextant keys generate --use sig for an operator, --use seal for a custodian.",
        )
    members = {"v": 1, "name": name, "sig": signing, "seal": sealing[-1] if sealing else None}
    made = read_model(Card, members)
    write_file(out, canonical_json(made.model_dump(mode="json")) + b"\n")
    what = [*(["signs backups"] if signing else []), *(["opens archives"] if sealing else [])]
    run.output.result(members, [f"Wrote {out}: {name} {' and '.join(what)}. Compare it by voice."])


def share(
    backups: Annotated[Path, typer.Argument(help="Folder of backups, or one archive.")],
    out: Annotated[Path, typer.Option(help="Where to write the share; it is secret.")],
    at: Annotated[str | None, typer.Option("--to", help="As `restore --to`.")] = None,
    of: Annotated[
        str, typer.Option(help="What is opened: keys, or the name of a sealed room.")
    ] = "keys",
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Open your part of a sealed archive (custodians); others are needed beside you."""
    run = start(home, as_json=as_json)
    archive = backups if backups.is_file() else _archive(backups, at, of)
    header = read_header(archive)
    kids = {each["kid"] for each in header.custodians}
    held = [file.kid for file in run.home.keys.files() if file.kid in kids]
    if not held:
        raise PlatformError(
            Code.KEY,
            "this home holds no key of a custodian of this archive",
            expected=", ".join(each["name"] for each in header.custodians),
            received=str(run.home.path),
            fix="Name the custodian's home: --home.",
        )
    made = open_share(archive, run.keystore(passphrase_file).opener(held[0]))
    write_private_file(out, canonical_json(made.model_dump(mode="json")))
    line = (
        f"Wrote {out}: the share of {made.custodian}. {header.threshold - 1} more"
        " is needed. Delete it after the restore."
    )
    run.output.result({"custodian": made.custodian, "file": str(out)}, [line])


def _archive(root: Path, at: str | None, of: str) -> Path:
    backups = backups_in(root, None)
    manifest = backups[-1] if of in {"keys", "audit"} else chosen(backups, at)
    if of == "keys":
        found = manifest.keys
    else:
        room = next((each for each in manifest.rooms if each.name == of), None)
        found = room.archive if room else None
    if found is None:
        raise PlatformError(
            Code.NOT_FOUND,
            f"the backup {manifest.id} holds no sealed {of}",
            fix="Name keys, or a room that is sealed: --of.",
        )
    return stored_at(root, found.sha256)
