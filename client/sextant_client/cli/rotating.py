"""`sextant keys rotate·retire·suspend·revoke·recover·…`: the next version of a party's document.

What adds trust is written to a file that travels to the registrars. What removes trust is given to
the exchange at once, unless it is to travel too.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import (
    DEFAULT_HOME,
    HomePath,
    JsonFlag,
    PassphraseFile,
    Run,
    start,
)
from sextant_client.cli.reaching import ClientId, Exchange, ProofPath, Reach, TrustPath
from sextant_client.enrolment import enrol, read_request, write_request
from sextant_client.home import as_json as json_bytes
from sextant_client.home import write_file
from sextant_client.identity import changing, signing
from sextant_client.identity.watching import REQUEST, compare, take_up
from sextant_shared.clock import parse_timestamp, system_clock
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import EnrolmentRequest, KeyStatus, KeyUse, PartyDocument
from sextant_shared.protocol.keyring import read_own_document
from sextant_shared.protocol.parties import VerifiedParty

RootFolder = Annotated[
    Path | None, typer.Option("--root", help="Folder with the root keys; default: the home's.")
]
Unsigned = Annotated[
    bool, typer.Option("--unsigned", help="Leave the root's signature to `sextant keys sign`.")
]
Out = Annotated[Path | None, typer.Option("--out", help="Write the request here as well.")]
Party = Annotated[str | None, typer.Option(help="The party; default: the home's.")]
AsRegistrar = Annotated[
    bool, typer.Option("--as-registrar", help="Sign with this registrar's pair, not a root.")
]
Kids = Annotated[list[str], typer.Argument(help="First characters of the key ids.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the document for everybody to read.")]
SuspectFrom = Annotated[
    str | None,
    typer.Option(help="Flag what was logged from then on: YYYY-MM-DDTHH:MM:SSZ."),
]


def rotate(
    use: Annotated[KeyUse, typer.Argument(help="sig, seal or api.")],
    kind: Annotated[
        list[str] | None, typer.Option(help="Profile (S1, S2) or KEM (K1, K2); default: as today.")
    ] = None,
    root: RootFolder = None,
    unsigned: Unsigned = False,
    out: Out = None,
    proof: ProofPath = None,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Make the next keys of one use, and the document that brings them into force.

    The keys before stay active until the next rotation, or `sextant keys retire`.
    """
    run = start(home, as_json=as_json)
    before = _own(Reach(run, proof=proof))
    document = changing.rotate(before, use, run.home.keys, system_clock(), kind or ())
    signers = () if unsigned else _root(run, root, passphrase_file)
    _propose(run, document, signers, out)


def retire(
    root: RootFolder = None,
    unsigned: Unsigned = False,
    out: Out = None,
    proof: ProofPath = None,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Make the document that retires what newer keys have replaced."""
    run = start(home, as_json=as_json)
    document = changing.retire(_own(Reach(run, proof=proof)), run.home.keys, system_clock())
    signers = () if unsigned else _root(run, root, passphrase_file)
    _propose(run, document, signers, out)


def suspend(
    kids: Kids,
    reason: Reason,
    suspect_from: SuspectFrom = None,
    party: Party = None,
    as_registrar: AsRegistrar = False,
    root: RootFolder = None,
    out: Out = None,
    exchange: Exchange = None,
    client_id: ClientId = None,
    trust: TrustPath = None,
    proof: ProofPath = None,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Suspend keys at once; both sides together may make them active again."""
    run = start(home, as_json=as_json)
    reach = Reach(run, exchange, client_id, trust, proof)
    side = _side(run, root, passphrase_file, as_registrar=as_registrar)
    _take_out(reach, party, kids, _removal(KeyStatus.SUSPENDED, reason, suspect_from), side, out)


def revoke(
    kids: Kids,
    reason: Reason,
    suspect_from: SuspectFrom = None,
    party: Party = None,
    as_registrar: AsRegistrar = False,
    root: RootFolder = None,
    out: Out = None,
    exchange: Exchange = None,
    client_id: ClientId = None,
    trust: TrustPath = None,
    proof: ProofPath = None,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Revoke keys at once and for ever; from that log entry on they sign and open nothing new."""
    run = start(home, as_json=as_json)
    reach = Reach(run, exchange, client_id, trust, proof)
    side = _side(run, root, passphrase_file, as_registrar=as_registrar)
    _take_out(reach, party, kids, _removal(KeyStatus.REVOKED, reason, suspect_from), side, out)


def cancel_recovery(
    party: Party = None,
    as_registrar: AsRegistrar = False,
    root: RootFolder = None,
    out: Out = None,
    exchange: Exchange = None,
    client_id: ClientId = None,
    trust: TrustPath = None,
    proof: ProofPath = None,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Stop an announced recovery: a version that changes nothing takes its place."""
    run = start(home, as_json=as_json)
    reach = Reach(run, exchange, client_id, trust, proof)
    document = changing.unchanged(reach.current(reach.party(party)))
    _remove(reach, document, _side(run, root, passphrase_file, as_registrar=as_registrar), out)


def recover(
    reason: Reason,
    party: Party = None,
    out: Out = None,
    exchange: Exchange = None,
    client_id: ClientId = None,
    trust: TrustPath = None,
    proof: ProofPath = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Make a new root pair in place of one that is lost; all registrars must countersign."""
    run = start(home, as_json=as_json)
    reach = Reach(run, exchange, client_id, trust, proof)
    before = reach.current(reach.party(party))
    document = changing.recover(before, run.home.keys, system_clock(), reason)
    active = [k.kid for k in document.keys if k.status is KeyStatus.ACTIVE]
    _propose(run, document, run.home.keys.next.pair(KeyUse.ROOT, active), out)


def sign(
    path: Annotated[Path, typer.Argument(help="Request file.")],
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Sign a request with the root pair of this home, in place."""
    run = start(home, as_json=as_json)
    pair = run.keystore(passphrase_file).pair(KeyUse.ROOT)
    request = signing.sign_request(read_request(path), pair)
    write_request(path, request)
    document = signing.document_of(request)
    run.output.result(
        {"request": str(path), "party": document.party, "ver": document.ver},
        [f"Signed version {document.ver} of {document.party}: {_counts(document)}."],
    )


def announce(
    path: Annotated[Path, typer.Argument(help="Request file of a recovery.")],
    exchange: Exchange = None,
    client_id: ClientId = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Announce a recovery in the log, as a registrar; it counts only after its wait."""
    run = start(home, as_json=as_json)
    session = Reach(run, exchange, client_id).session()
    notice = signing.announce(session, read_request(path))
    run.output.result(
        notice.model_dump(mode="json"),
        [
            f"Announced: {notice.party} version {notice.ver}, log entry {notice.index}.",
            f"It may take force from {notice.not_before} on: then sextant keys enrol {path}.",
        ],
    )


def save_proof(
    party: Annotated[str, typer.Argument(help="Party id.")],
    out: Annotated[Path, typer.Option(help="Where to write the proof.")],
    exchange: Exchange = None,
    client_id: ClientId = None,
    trust: TrustPath = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Write the proof of a party's document in force, for a machine without network."""
    run = start(home, as_json=as_json)
    reach = Reach(run, exchange, client_id, trust)
    proof = signing.fetch_proof(reach.session(), party)
    found = signing.verified(proof, reach.pinned())
    write_file(out, json_bytes(proof.model_dump(mode="json")))
    run.output.result(
        {"proof": str(out), "party": party, "ver": found.document.ver},
        [f"Wrote {out}: {party} version {found.document.ver}."],
    )


def accept(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Take up the version in force, which another machine or a registrar made."""
    run = start(home, as_json=as_json)
    found = _own(Reach(run))
    before = compare(run.home.keys.folder, found, is_newest=True)
    take_up(run.home.keys.folder, found)
    document = found.document
    run.output.result(
        {"party": document.party, "ver": document.ver, "was": str(before.seen)},
        [f"Taken up: {document.party} version {document.ver}, {_counts(document)}."],
    )


def _own(reach: Reach) -> VerifiedParty:
    return reach.current(reach.run.home.config().party)


def _root(run: Run, root: Path | None, passphrase_file: Path | None) -> tuple[Signer, Signer]:
    store = replace(run.keystore(passphrase_file), folder=root or run.home.keys.folder)
    try:
        return store.pair(KeyUse.ROOT)
    except PlatformError as error:
        raise PlatformError(
            error.code,
            error.detail,
            fix="Name its folder with --root, or take --unsigned and sign it where the root is.",
        ) from error


def _side(
    run: Run, root: Path | None, passphrase_file: Path | None, *, as_registrar: bool
) -> tuple[Signer, Signer]:
    if as_registrar:
        return run.keystore(passphrase_file).pair(KeyUse.SIG)
    return _root(run, root, passphrase_file)


def _removal(status: KeyStatus, reason: str, suspect_from: str | None) -> changing.Removal:
    if suspect_from is not None:
        parse_timestamp(suspect_from)
    return changing.Removal(status, reason, suspect_from)


def _propose(
    run: Run,
    document: PartyDocument,
    signers: tuple[Signer, Signer] | tuple[()],
    out: Path | None,
) -> None:
    """Keep the request beside the keys that wait, and say what comes next."""
    waiting = [key for use in KeyUse for key in run.home.keys.next.of_use(use)]
    request = signing.make_request(document, waiting, signers)
    kept = run.home.keys.next.folder / REQUEST
    write_request(kept, request)
    if out is not None:
        write_request(out, request)
    shown = out or kept
    steps = [] if signers else [f"sign it where the root is: sextant keys sign {shown}"]
    steps += [
        "try the keys: sextant keys rehearse",
        f"have the registrars countersign {shown}: sextant keys countersign",
    ]
    run.output.result(
        {"request": str(shown), "party": document.party, "ver": document.ver},
        [
            f"Wrote {shown}: version {document.ver} of {document.party}, {_counts(document)}.",
            *(f"Next: {step}." for step in steps),
        ],
    )


def _take_out(
    reach: Reach,
    party: str | None,
    kids: list[str],
    removal: changing.Removal,
    side: tuple[Signer, Signer],
    out: Path | None,
) -> None:
    before = reach.current(reach.party(party))
    document = changing.remove(before, kids, removal, system_clock())
    _remove(reach, document, side, out)


def _remove(
    reach: Reach, document: PartyDocument, signers: tuple[Signer, Signer], out: Path | None
) -> None:
    """Give it to the exchange, or write it where a second registrar finds it."""
    run = reach.run
    request: EnrolmentRequest = signing.make_request(document, [], signers)
    if out is not None:
        write_request(out, request)
        run.output.result(
            {"request": str(out), "party": document.party, "ver": document.ver},
            [f"Wrote {out}. Next: sextant keys countersign, then sextant keys enrol."],
        )
        return
    if reach.proof is not None:
        raise PlatformError(
            Code.STATE, "without network it cannot be given", fix="Write it with --out."
        )
    summary = enrol(reach.session(), document.party, request)
    _remember(reach, document, request)
    run.output.result(
        summary.model_dump(mode="json"),
        [f"{summary.party} version {summary.ver} is in force since log entry {summary.index}."],
    )


def _remember(reach: Reach, document: PartyDocument, request: EnrolmentRequest) -> None:
    """Let this home know the version that it just made itself, so that it does not alarm."""
    config, folder = reach.config(), reach.run.home.keys.folder
    known = read_own_document(folder)
    if config and known and (config.party, known.ver + 1) == (document.party, document.ver):
        raw = request.document.encode()
        take_up(folder, VerifiedParty(document, raw, sha256(raw)))


def _counts(document: PartyDocument) -> str:
    counts = [
        f"{sum(key.status is status for key in document.keys)} {status}" for status in KeyStatus
    ]
    return "keys " + ", ".join(count for count in counts if not count.startswith("0 "))
