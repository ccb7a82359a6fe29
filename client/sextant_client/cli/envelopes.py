"""`sextant submit` and `receipt`: sending declarations, and what proves that they arrived."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client import errors as exits
from sextant_client.answers import Answer
from sextant_client.cli.attaching import Attach, Attachments
from sextant_client.cli.check import check_all
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.moving import moving
from sextant_client.cli.output import finding_lines
from sextant_client.cli.reporting import report_lines
from sextant_client.client import Client, Deposit
from sextant_client.prepare.checking import Checked
from sextant_client.sent import SentEnvelope
from sextant_client.visible import visible_of
from sextant_shared.clock import system_clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import Level, OpenedVerdict, OutcomeReceipt, OutcomeVerdict
from sextant_shared.protocol.levels import parse_witnessed, standing_of, verify_witnessed
from sextant_shared.protocol.receipts import verify_custody

receipt_app = typer.Typer(help="Custody receipts.", no_args_is_help=True)
DECLARATION_CTY = "application/vnd.sextant.declaration+json"
WATCH_LIMIT_S = 120.0
_GRAVITY = (exits.OK, exits.WARNINGS, exits.FINDINGS)
EnvelopeArgument = Annotated[str, typer.Argument(help="Envelope id.")]


def submit(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Declaration files; none with --resume.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Wait for the opened and outcome receipts.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Send again whatever has no receipt yet.")
    ] = False,
    again: Annotated[
        str | None, typer.Option(help="Send this envelope again, byte for byte.")
    ] = None,
    with_findings: Annotated[
        bool, typer.Option("--with-findings", help="Send in spite of findings to fix.")
    ] = False,
    seal_only: Annotated[
        bool, typer.Option("--seal-only", help="Seal into the home; send later with --resume.")
    ] = False,
    attach: Attach = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> int:
    """Check, seal, sign and deposit declarations; print their custody receipts."""
    run = start(home, as_json=as_json)
    if not files and not resume and again is None:
        raise typer.BadParameter("name at least one file, or --resume, or --again ID")
    checked, _ = check_all(run, files or [])
    for path, one in checked.items():
        report = one.report
        if not one.is_whole or (report.verdict != "REGISTERED" and not with_findings):
            run.output.result({"file": str(path), "sent": False}, report_lines(str(path), report))
            run.output.say("Nothing was sent. Fix the findings, or send with --with-findings.")
            return exits.FINDINGS
    attached = Attachments.beside(list(checked.values()), attach or [])
    attached.tell(run.output)
    if attached.findings and not with_findings:
        findings = [f"{one.rule} {one.pointer} {one.message}" for one in attached.findings]
        run.output.result({"sent": False, "attachments": findings}, attached.lines())
        run.output.say("Nothing was sent. Fix the findings, or send with --with-findings.")
        return exits.FINDINGS
    with Client(run.home) as client:
        envelopes = client.sent.unfinished() if resume else []
        envelopes += [client.sent.find(again)] if again else []
        envelopes += [
            _seal(client, run, path, one, attached.paths) for path, one in checked.items()
        ]
        documents = [hand_over(client, run, e, watch=watch, send=not seal_only) for e in envelopes]
    if run.output.as_json:
        run.output.result({"envelopes": documents, "attachments": attached.members()}, [])
    return max((_status(document) for document in documents), key=_GRAVITY.index, default=exits.OK)


def _status(document: dict[str, Any]) -> int:
    """Return the exit status that the answers to one envelope come to."""
    if document.get("opened") == OpenedVerdict.REJECTED:
        return exits.FINDINGS
    if document.get("outcome") not in {None, OutcomeVerdict.REGISTERED}:
        return exits.FINDINGS
    return exits.WARNINGS if document.get("awaited") else exits.OK


def _seal(
    client: Client, run: Run, path: Path, checked: Checked, attach: list[Path]
) -> SentEnvelope:
    declaration = checked.report.declaration
    shown = visible_of(declaration.model_dump(by_alias=True) if declaration else {})
    with tempfile.TemporaryDirectory() as folder:
        # What is sealed is what was checked: bytes that were read once, as JSON in every case.
        content = Path(folder) / f"{path.stem}.json"
        content.write_bytes(checked.content)
        addressed = client.address(shown)
        for party in addressed.absent:
            run.output.say(f"{path}: {party} is no party here; the Secretariat alone is notified.")
        return client.seal(
            content,
            to=addressed.to,
            type_=addressed.type,
            cty=DECLARATION_CTY,
            classification=shown.classification,
            period=shown.period,
            attachments=attach,
        )


def hand_over(
    client: Client, run: Run, envelope: SentEnvelope, *, watch: bool, send: bool
) -> dict[str, Any]:
    """Deposit a sealed envelope, print its receipt, wait for its answers; return it as JSON.

    From a home without a network nothing is sent: it says how old the keys are that it sealed to.
    """
    document: dict[str, Any] = {"id": envelope.id}
    if not send or client.kept is not None:
        run.output.say(f"SEALED   {envelope.id}")
        if watch:
            run.output.say("Nothing was sent, so --watch has no answers to wait for.")
        _tell_ages(client, run, envelope)
        return document | {"sealed": str(envelope.container)}
    with moving(run.output, "Sending", "Sent") as progress:
        deposit = client.deposit(envelope, progress)
    document |= deposit_document(deposit)
    if not run.output.as_json:
        run.output.result({}, deposit_lines(deposit))
    return document | (_watch(client, run, envelope.id) if watch else {})


def _watch(client: Client, run: Run, envelope_id: str) -> dict[str, Any]:
    """Print the answers to an envelope as they come; return verdicts, and which are `awaited`."""
    told: dict[str, Any] = {}
    for received in client.follow(envelope_id, WATCH_LIMIT_S):
        answer = received.answer()
        if answer is not None:
            told |= {answer.kind: str(answer.verdict)}
            if not run.output.as_json:
                run.output.result({}, answer_lines(answer))
    if told.get("opened") == OpenedVerdict.REJECTED:
        return told
    awaited = [kind for kind in ("opened", "outcome") if kind not in told]
    if awaited:
        within = f"within {WATCH_LIMIT_S:.0f} s"
        run.output.say(f"No {' and no '.join(awaited)} receipt {within}; later: sextant inbox")
    return told | ({"awaited": awaited} if awaited else {})


def _tell_ages(client: Client, run: Run, envelope: SentEnvelope) -> None:
    """Say how old the keys are that a home without a network sealed to."""
    if client.kept is None:
        return
    for to in envelope.header.to:
        if to.party != client.config.party:
            kept = client.kept.newest(to.party)
            run.output.say(f"Sealed to keys of {to.party} {kept.told(system_clock())}.")


def deposit_document(deposit: Deposit) -> dict[str, Any]:
    """Return a deposit as JSON members."""
    return {
        "id": deposit.envelope_id,
        "index": deposit.receipt.index,
        "t": deposit.receipt.t,
        "repeat": deposit.is_repeat,
        "trace": deposit.trace_id,
        "receipt": deposit.raw.decode(),
    }


def deposit_lines(deposit: Deposit) -> list[str]:
    """Return a deposit as people read it."""
    again = " (the same receipt as before)" if deposit.is_repeat else ""
    entry = f"log entry {deposit.receipt.index}  {deposit.receipt.t}{again}"
    return [f"RECEIPT  {deposit.envelope_id}  {entry}", f"         trace {deposit.trace_id}"]


def answer_lines(answer: Answer) -> list[str]:
    """Return an answer of the Secretariat as people read it."""
    lines = [f"{answer.kind.upper():<8} {answer.env}  {answer.verdict}  {answer.t}"]
    if answer.reason:
        lines[0] += f"  {answer.reason}"
    if isinstance(answer, OutcomeReceipt):
        if answer.registration:
            lines[0] += f"  {answer.registration}"
        for finding in answer.findings:
            lines += [f"  {line}" for line in finding_lines(finding.finding())]
    return lines


@receipt_app.command("get")
def receipt_get(
    envelope_id: EnvelopeArgument, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """Print the stored custody receipt, byte for byte."""
    run = start(home, as_json=as_json)
    raw = _stored(run, envelope_id).receipt.read_bytes()
    run.output.result({"receipt": raw.decode()}, [raw.decode()])


@receipt_app.command("verify")
def receipt_verify(
    envelope_id: EnvelopeArgument, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """Verify the stored custody receipt against the pinned log, offline."""
    run = start(home, as_json=as_json)
    sent, trust = _stored(run, envelope_id), run.home.trust
    receipt = verify_custody(sent.receipt.read_bytes(), sent.digest, sent.id, trust.log_keys)
    standing = standing_of(receipt.checkpoint.text, trust.log_keys, trust.policy)
    if sent.witnessed.exists():
        head = parse_witnessed(sent.witnessed.read_bytes())
        standing = verify_witnessed(head, receipt.checkpoint, trust.log_keys, trust.policy)
    run.output.result(
        {
            "id": sent.id,
            "index": receipt.index,
            "t": receipt.t,
            "level": str(standing.level),
            "witnesses": list(standing.quorum.seen) if standing.quorum else [],
        },
        [f"Holds: {sent.id} is log entry {receipt.index}, {receipt.t}, {standing.words}."],
    )


@receipt_app.command("witness")
def receipt_witness(
    envelope_id: EnvelopeArgument,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a quorum.", max=600)] = 0,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> int:
    """Fetch the head that witnesses a receipt, by your policy, and keep it beside the receipt."""
    run = start(home, as_json=as_json)
    sent = _stored(run, envelope_id)
    if run.home.trust.policy is None:
        raise PlatformError(
            Code.STATE, "no witness policy is pinned", fix="Pin one: sextant log policy FILE."
        )
    with Client(run.home) as client:
        standing = client.witness(sent, wait)
    if standing is None:
        run.output.result(
            {"id": sent.id, "level": str(Level.LOGGED)},
            [f"Not witnessed yet: {sent.id}. The receipt holds; ask again later."],
        )
        return exits.WARNINGS
    quorum = standing.quorum
    document = {
        "id": sent.id,
        "level": str(standing.level),
        "size": standing.checkpoint.size,
        "witnesses": list(quorum.seen) if quorum else [],
    }
    run.output.result(document, [f"Holds: {sent.id}, {standing.words}."])
    return exits.OK


def _stored(run: Run, envelope_id: str) -> SentEnvelope:
    sent = SentEnvelope(run.home.sent / envelope_id)
    if not sent.receipt.exists():
        raise PlatformError(
            Code.NOT_FOUND,
            f"no custody receipt of {envelope_id} here",
            fix="Send it, or resume: sextant submit --resume.",
        )
    return sent
