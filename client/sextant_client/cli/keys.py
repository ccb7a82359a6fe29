"""`sextant keys`: generate, list, and what enrolment needs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli import admitting, resealing, rotating, upkeep
from sextant_client.cli.context import (
    DEFAULT_HOME,
    HomePath,
    JsonFlag,
    PassphraseFile,
    start,
)
from sextant_client.cli.reaching import ClientId, Exchange, Reach
from sextant_client.enrolment import (
    countersign,
    enrol,
    read_request,
    registrars_of,
    request_enrolment,
    write_request,
)
from sextant_client.home import write_file
from sextant_client.keystore import KEMS, Keystore, check_profiles
from sextant_client.parties import PartyView
from sextant_shared.clock import system_clock
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.pkcs11 import TokenUri
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyStatus, KeyUse
from sextant_shared.protocol.keyfiles import KeyFile
from sextant_shared.protocol.parties import read_party_document
from sextant_shared.protocol.tokenkeys import check_fits_token

app = typer.Typer(help="Private keys and enrolment.", no_args_is_help=True)
_IDENTITY: Mapping[str, Callable[..., int | None]] = {
    "admit": admitting.admit,
    "dismiss": admitting.dismiss,
    "reseal": resealing.reseal,
    "rotate": rotating.rotate,
    "retire": rotating.retire,
    "sign": rotating.sign,
    "rehearse": upkeep.rehearse,
    "accept": rotating.accept,
    "proof": rotating.save_proof,
    "suspend": rotating.suspend,
    "revoke": rotating.revoke,
    "repudiate": upkeep.repudiate,
    "affirm": upkeep.affirm,
    "recover": rotating.recover,
    "announce": rotating.announce,
    "cancel-recovery": rotating.cancel_recovery,
    "due": upkeep.due,
    "destroy": upkeep.destroy,
    "watch": upkeep.watch,
}
_TAKE_KIDS = {"dismiss", "suspend", "revoke"}  # one id in 64 begins with a hyphen
for _name, _command in _IDENTITY.items():
    _context = {"ignore_unknown_options": _name in _TAKE_KIDS}
    app.command(_name, context_settings=_context)(_command)
RequestPath = Annotated[Path, typer.Argument(help="Enrolment request file.")]
_ALL = [KeyUse.ROOT, KeyUse.SIG, KeyUse.SEAL, KeyUse.API]


@app.command("generate")
def generate(
    use: Annotated[
        list[KeyUse] | None, typer.Option(help="Only these uses; default: all four.")
    ] = None,
    profile: Annotated[str, typer.Option(help="Signature profile: S1 or S2.")] = "S1",
    kem: Annotated[
        str | None, typer.Option(help="Sealing profile: K1 or K2; default K1, with a token K2.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="Make the classical halves in this token, such as pkcs11:token=NA-XBO."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Create keys; existing ones are never overwritten."""
    run = start(home, as_json=as_json)
    store = run.keystore(passphrase_file)
    place = None if token is None else token_for(token, store)
    chosen = kem or ("K2" if place else "K1")
    uses = use or _ALL
    check_profiles(profile, chosen)
    if place and KeyUse.SEAL in uses:
        check_fits_token(KEMS[chosen])  # before the first key is made, of whatever use
    made = [
        {"use": str(each), "alg": str(key.key.alg), "kid": key.kid, "token": key.token}
        for each in uses
        for key in store.generate(each, profile=profile, kem=chosen, token=place)
    ]
    lines = [f"{key['use']:<5} {key['alg']:<16} {key['kid']}" for key in made]
    if store.passphrase is None:
        run.output.say("The key files are readable by you alone, but not sealed by a passphrase.")
    run.output.result({"keys": made}, lines)


def token_for(text: str, store: Keystore) -> TokenUri:
    """Return the token to make keys in; the halves that stay in files must be sealed.

    Raises:
        PlatformError: `E_MALFORMED` for a URI that names no token or a key; `E_KEY` without a
            passphrase.
    """
    token = TokenUri.parse(text)
    if token.names_key:
        raise PlatformError(
            Code.MALFORMED,
            "keys are made in a token, under names of their own",
            expected="no id= and no object=",
            received=text[:80],
        )
    if store.passphrase is None:
        raise PlatformError(
            Code.KEY,
            "the halves that stay in files must be sealed, or the token guards half a key alone",
            fix="Add --passphrase-file.",
        )
    return token


@app.command("list")
def list_keys(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """List the private keys here, and where each half lies; nothing is opened for it."""
    run = start(home, as_json=as_json)
    held = run.home.keys.files()
    document = [
        {
            "use": key.use,
            "alg": str(key.alg),
            "kid": key.kid,
            "token": key.token,
            "file": key.secret,
        }
        for key in held
    ]
    lines = [f"{key.use:<5} {key.alg:<16} {key.kid}  {place_of(key)}" for key in held]
    run.output.result({"keys": document}, lines)


def place_of(key: KeyFile) -> str:
    """Say where a key lies, half by half."""
    if key.token is None:
        return f"file, {key.secret}"
    token = TokenUri.parse(key.token).shown
    if key.alg is Alg.K2:
        return f"P-384 half in {token}, ML-KEM half in file, {key.secret}"
    return token


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
    roots = [k.kid for k in document.keys if k.use is KeyUse.ROOT and k.status is KeyStatus.ACTIVE]
    run.output.result(
        {"request": str(path), "party": document.party, "root": roots},
        [f"Countersigned {document.party}, root {' '.join(kid[:12] for kid in roots)}."],
    )


@app.command("enrol")
def give(
    path: RequestPath,
    exchange: Exchange = None,
    client_id: ClientId = None,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Give a countersigned request to the exchange, as a registrar, or as the party itself."""
    run = start(home, as_json=as_json)
    made = read_request(path)
    _, document = read_party_document(made.document.encode())
    reach = Reach(run, exchange, client_id, keys=run.keystore(passphrase_file))
    summary = enrol(reach.session(), document.party, made)
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
    document = PartyView(Reach(run).session(), run.home.trust).newest(party).document
    lines = [f"{document.party}, {document.name}, version {document.ver}"]
    lines += [f"  {k.use:<5} {k.status:<9} {k.kid}" for k in document.keys]
    run.output.result(document.model_dump(mode="json"), lines)
