"""`sextant keys`: generate, list, and what enrolment needs."""

from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import (
    DEFAULT_HOME,
    HomePath,
    JsonFlag,
    PassphraseFile,
    start,
)
from sextant_client.enrolment import (
    countersign,
    enrol,
    read_request,
    registrars_of,
    request_enrolment,
    write_request,
)
from sextant_client.home import write_file
from sextant_client.parties import PartyView
from sextant_client.session import Session
from sextant_shared.clock import system_clock
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.parties import read_party_document

app = typer.Typer(help="Private keys and enrolment.", no_args_is_help=True)
RequestPath = Annotated[Path, typer.Argument(help="Enrolment request file.")]
_ALL = [KeyUse.ROOT, KeyUse.SIG, KeyUse.SEAL, KeyUse.API]


@app.command("generate")
def generate(
    use: Annotated[
        list[KeyUse] | None, typer.Option(help="Only these uses; default: all four.")
    ] = None,
    profile: Annotated[str, typer.Option(help="Signature profile: S1 or S2.")] = "S1",
    kem: Annotated[str, typer.Option(help="Sealing profile: K1 or K2.")] = "K1",
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Create keys; existing ones are never overwritten."""
    run = start(home, as_json=as_json)
    store = run.keystore(passphrase_file)
    made = [
        {"use": str(each), "alg": str(key.key.alg), "kid": key.kid}
        for each in (use or _ALL)
        for key in store.generate(each, profile=profile, kem=kem)
    ]
    lines = [f"{key['use']:<5} {key['alg']:<16} {key['kid']}" for key in made]
    if passphrase_file is None:
        run.output.say("The key files are readable by you alone, but not sealed by a passphrase.")
    run.output.result({"keys": made}, lines)


@app.command("list")
def list_keys(
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List the private keys here."""
    run = start(home, as_json=as_json)
    held = [
        {"use": key.use, "alg": str(key.key.alg), "kid": key.kid}
        for key in run.keystore(passphrase_file).all()
    ]
    run.output.result({"keys": held}, [f"{k['use']:<5} {k['alg']:<16} {k['kid']}" for k in held])


@app.command("request")
def request(
    party: Annotated[str, typer.Option(help="Party id.")],
    name: Annotated[str, typer.Option(help="Name of the party.")],
    out: Annotated[Path, typer.Option(help="Where to write the request.")],
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Make the enrolment request: the party document, signed by the root pair."""
    run = start(home, as_json=as_json)
    made = request_enrolment(run.keystore(passphrase_file), party, name, system_clock)
    write_request(out, made)
    run.output.result(
        {"request": str(out), "party": party},
        [f"Wrote {out}.", "Next: the registrars compare the root fingerprints and countersign."],
    )


@app.command("countersign")
def add_registrar(
    path: RequestPath,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Add this registrar's pair of signatures to a request, in place."""
    run = start(home, as_json=as_json)
    signed = countersign(read_request(path), run.keystore(passphrase_file).pair(KeyUse.SIG))
    write_request(path, signed)
    _, document = read_party_document(signed.document.encode())
    roots = [key.kid for key in document.keys if key.use is KeyUse.ROOT]
    run.output.result(
        {"request": str(path), "party": document.party, "root": roots},
        [f"Countersigned {document.party}, root {' '.join(kid[:12] for kid in roots)}."],
    )


@app.command("enrol")
def give(
    path: RequestPath,
    exchange: Annotated[str, typer.Option(help="Address of the exchange.")],
    client_id: Annotated[str, typer.Option(help="This registrar's client id.")],
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Give a countersigned request to the exchange, as a registrar."""
    run = start(home, as_json=as_json)
    made = read_request(path)
    _, document = read_party_document(made.document.encode())
    signer = run.keystore(passphrase_file).api_signer()
    session = Session(exchange, client_id=client_id, signer=signer)
    summary = enrol(session, document.party, made)
    run.output.result(
        summary.model_dump(mode="json"),
        [f"{summary.party} version {summary.ver} is in force since log entry {summary.index}."],
    )


@app.command("registrars")
def registrars(
    out: Annotated[Path, typer.Option(help="Where to write the public registrars file.")],
    threshold: Annotated[int, typer.Option(help="How many must sign to add trust.")] = 1,
    name: Annotated[str, typer.Option(help="Name of this registrar.")] = "REG-1",
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Write the public registrars file that names this registrar's pair."""
    run = start(home, as_json=as_json)
    file = registrars_of({name: run.keystore(passphrase_file).pair(KeyUse.SIG)}, threshold)
    write_file(out, (file.model_dump_json(indent=1) + "\n").encode())
    run.output.result({"registrars": str(out)}, [f"Wrote {out}."])


@app.command("show")
def show(
    party: Annotated[str, typer.Argument(help="Party id.")],
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show a party's keys in force, proved by the log."""
    run = start(home, as_json=as_json)
    config = run.home.config()
    signer = run.home.keys.api_signer()
    session = Session(config.exchange, client_id=config.client_id, signer=signer)
    document = PartyView(session, run.home.trust).newest(party).document
    lines = [f"{document.party}, {document.name}, version {document.ver}"]
    lines += [f"  {k.use:<5} {k.status:<9} {k.kid}" for k in document.keys]
    run.output.result(document.model_dump(mode="json"), lines)
