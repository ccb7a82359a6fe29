"""`sextant witness`: run a witness of the log, whoever you are."""

from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, PassphraseFile, start
from sextant_client.home import as_json as as_json_bytes
from sextant_client.home import write_file
from sextant_client.witness.evidence import split_view_of
from sextant_client.witness.folder import (
    WitnessConfig,
    WitnessFolder,
    policy_lines,
    read_log_keys,
)
from sextant_client.witness.service import Witness
from sextant_client.witness.serving import serve as serve_until_stopped
from sextant_shared.clock import system_clock, timestamp_s
from sextant_shared.encoding import b64
from sextant_shared.merkle.notes import format_vkey
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.witnessing import known_logs

app = typer.Typer(help="Run a witness of the log.", no_args_is_help=True)
FolderPath = Annotated[
    Path,
    typer.Option("--dir", envvar="SEXTANT_WITNESS_DIR", help="Folder of the witness."),
]
DEFAULT_FOLDER = Path("~/.sextant-witness")


@app.command("init")
def init(
    name: Annotated[str, typer.Option(help="Its name: a URL without scheme, for life.")],
    log: Annotated[
        list[Path], typer.Option(help="A log to follow: its published JSON, or a policy file.")
    ],
    url: Annotated[str | None, typer.Option(help="Address that logs reach it at.")] = None,
    label: Annotated[
        str | None, typer.Option(help="Its name in policies, such as XAL; default its name.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    folder: FolderPath = DEFAULT_FOLDER,
    as_json: JsonFlag = False,
) -> None:
    """Make the keys and the memory of a witness; print what others put into their policy."""
    run = start(DEFAULT_HOME, as_json=as_json)
    at = WitnessFolder(folder.expanduser())
    config = read_model(WitnessConfig, {"v": 1, "name": name, "url": url})
    logs = [key for path in log for key in read_log_keys(path)]
    passphrase = run.keystore(passphrase_file).passphrase
    at.create(config, logs, passphrase)
    keys = [each.key for each in at.keys(passphrase)]
    lines = policy_lines(config, keys, label or name)
    for origin in known_logs(logs):
        run.output.say(f"Follows {origin}.")
    run.output.say("Give these lines to whoever writes a policy; compare the keys by voice.")
    run.output.say("Never restore an old memory.sqlite3: retire the keys instead.")
    vkeys = [format_vkey(key) for key in keys]
    run.output.result({"name": name, "vkeys": vkeys, "policy": lines}, lines)


@app.command("serve")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any.")] = 8310,
    passphrase_file: PassphraseFile = None,
    folder: FolderPath = DEFAULT_FOLDER,
    as_json: JsonFlag = False,
) -> None:
    """Serve the witness until it is stopped (Ctrl-C, SIGTERM)."""
    run = start(DEFAULT_HOME, as_json=as_json)
    at = WitnessFolder(folder.expanduser())
    keys = at.keys(run.keystore(passphrase_file).passphrase)
    memory = at.memory()
    witness = Witness(
        keys=keys,
        logs=known_logs(at.logs()),
        memory=memory,
        clock=system_clock,
        say=run.output.say,
    )
    name = keys[0].key.name

    def announce(url: str) -> None:
        run.output.result({"name": name, "url": url}, [f"Witness {name} listens on {url}"])

    try:
        serve_until_stopped(witness, host, port, announce)
    finally:
        memory.close()


@app.command("show")
def show(folder: FolderPath = DEFAULT_FOLDER, as_json: JsonFlag = False) -> None:
    """Show what the witness holds of each log, and the signed heads that it refused."""
    run = start(DEFAULT_HOME, as_json=as_json)
    at = WitnessFolder(folder.expanduser())
    config = at.config()
    memory = at.memory()
    try:
        heads, kept = memory.heads(), memory.evidence()
    finally:
        memory.close()
    followed = sorted(known_logs(at.logs()))
    known = {head.body.origin: head for head in heads}
    lines = [f"{config.name}  follows {len(followed)} log(s)"]
    for origin in followed:
        head = known.get(origin)
        lines.append(
            f"  {origin}  size {head.body.size}  root {b64(head.body.root)}"
            f"  {timestamp_s(head.time)}"
            if head
            else f"  {origin}  nothing cosigned yet"
        )
    lines += [f"  REFUSED {each.origin} size {each.size}: {each.detail}" for each in kept]
    document = {
        "name": config.name,
        "logs": [{"origin": o, "size": known[o].body.size if o in known else 0} for o in followed],
        "refused": [
            {"origin": k.origin, "size": k.size, "detail": k.detail, "t": timestamp_s(k.time)}
            for k in kept
        ],
    }
    run.output.result(document, lines)


@app.command("evidence")
def evidence(
    out: Annotated[Path, typer.Option(help="Folder to write the evidence files into.")],
    folder: FolderPath = DEFAULT_FOLDER,
    as_json: JsonFlag = False,
) -> None:
    """Write a file for each refused head that proves by itself that the log forked."""
    run = start(DEFAULT_HOME, as_json=as_json)
    at = WitnessFolder(folder.expanduser())
    memory, logs = at.memory(), at.logs()
    try:
        kept = memory.evidence()
    finally:
        memory.close()
    written: list[str] = []
    for number, each in enumerate(kept, start=1):
        found = split_view_of(each, logs)
        if found is not None:
            file = out / f"split-{number}-{each.size}.json"
            write_file(file, as_json_bytes(found.model_dump(mode="json")))
            written.append(str(file))
    lines = [f"Wrote {name}" for name in written]
    lines.append(f"{len(written)} of {len(kept)} refused head(s) prove a split view by themselves.")
    run.output.result({"written": written, "refused": len(kept)}, lines)
