"""`sextant log`: the head and its witnesses, the rebuild of the whole tree, evidence of lies."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.copies import fsck, mirror
from sextant_client.cli.reporting_copies import report
from sextant_client.cli.timestamps import timestamps
from sextant_client.documents import fetch_proof
from sextant_client.evidence import contact, read_evidence, verify_evidence
from sextant_client.home import write_file
from sextant_client.log import LogReader
from sextant_client.session import Session, transport_of
from sextant_client.trust import Trust, parse_policy_for, policy_text
from sextant_shared.clock import timestamp_s
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import format_vkey
from sextant_shared.models.log import WitnessState
from sextant_shared.protocol.checkpoints import Checkpoint
from sextant_shared.protocol.levels import Standing, standing_of

app = typer.Typer(help="The transparency log.", no_args_is_help=True)
evidence_app = typer.Typer(help="Evidence that the log lied.", no_args_is_help=True)
app.add_typer(evidence_app, name="evidence")
app.command("fsck")(fsck)
app.command("mirror")(mirror)
app.command("timestamps")(timestamps)
app.command("report")(report)


@app.command("verify")
def verify(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Rebuild the tree from all entries and compare it with the signed head (auditors)."""
    run = start(home, as_json=as_json)
    trust, reader = run.home.trust, _reader(run, with_access=True)
    head = reader.checkpoint(trust.log_keys)
    standing = standing_of(head.text, trust.log_keys, trust.policy)
    counts = reader.rebuild(head, run.output.meter("entries"))
    contact(run.home, trust, head, reader)
    lines = [f"CONSISTENT  {head.origin}, {head.size} entries, root {b64u(head.root)}"]
    lines += [f"            {standing.words}"]
    lines += [f"  {number:>6} {kind}" for kind, number in sorted(counts.items())]
    document = {**_head_document(head), "level": str(standing.level), "types": counts}
    run.output.result(document, lines)


@app.command("show")
def show(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Show the log's head, every signature verified, and how far each witness is."""
    run = start(home, as_json=as_json)
    trust, reader = run.home.trust, _reader(run, with_access=False)
    head = reader.checkpoint(trust.log_keys)
    standing = standing_of(head.text, trust.log_keys, trust.policy)
    contact(run.home, trust, head, reader)
    report = reader.witnesses()
    states = report.witnesses if report else []
    rows = [_witness(state, head, trust) for state in states]
    lines = [f"{head.origin}  size {head.size}  root {b64u(head.root)}", standing.words]
    lines += [_witness_line(row) for row in rows]
    document = {
        **_head_document(head),
        "note": head.text,
        "level": str(standing.level),
        "witnesses": rows,
    }
    run.output.result(document, lines)


@app.command("proof")
def proof(
    index: Annotated[int, typer.Argument(help="Index of the entry.", min=0)],
    out: Annotated[Path, typer.Option(help="Where to write it: .tlog-proof, or .cose.")],
    cose: Annotated[bool, typer.Option("--cose", help="As a COSE receipt (RFC 9942).")] = False,
    witnessed: Annotated[
        bool, typer.Option("--witnessed", help="Under the newest head that has a quorum.")
    ] = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Fetch the proof that an entry stands in the log, checked, as a file other tools take."""
    if cose and witnessed:
        raise typer.BadParameter("no COSE receipt carries a cosignature: leave out --witnessed")
    run = start(home, as_json=as_json)
    reader = _reader(run, with_access=False)
    kept = fetch_proof(reader, run.home.trust, index, cose=cose, witnessed=witnessed)
    contact(run.home, run.home.trust, kept.head, reader)
    write_file(out, kept.data)
    line = f"Wrote {out} ({len(kept.data):,} bytes): entry {index} under size {kept.head.size}."
    document = {"index": index, "size": kept.head.size, "file": str(out)}
    run.output.result(document, [line])


@app.command("policy")
def policy(
    file: Annotated[Path, typer.Argument(help="Witness policy (C2SP tlog-policy).")],
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Pin a witness policy: whose cosignatures make a receipt `witnessed` for you."""
    run = start(home, as_json=as_json)
    trust, data = run.home.trust, read_evidence(file)
    text = policy_text(data, trust.log_keys)
    pinned = parse_policy_for(data, trust.log_keys)
    updated = trust.file.model_copy(update={"policy": text})
    path = run.home.path / "trust.json"
    write_file(path, (updated.model_dump_json(indent=1) + "\n").encode())
    names = [witness.name for witness in pinned.witnesses]
    lines = [f"Pinned: quorum {pinned.quorum}, {len(names)} witness key(s)."]
    run.output.result({"quorum": pinned.quorum, "witnesses": names}, lines)


@evidence_app.command("verify")
def evidence_verify(
    file: Annotated[Path, typer.Argument(help="Evidence file.")],
    trust: Annotated[
        Path | None, typer.Option(help="Your trust.json: the log must be the pinned one.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check offline that a log signed two heads that no history can hold."""
    run = start(DEFAULT_HOME, as_json=as_json)
    pinned = Trust.load(trust).log_keys if trust else None
    first, second = verify_evidence(read_evidence(file), pinned)
    lines = [
        f"PROVEN  {first.origin} signed two histories:",
        *(
            f"  size {each.size}  root {b64u(each.root)}  signed {timestamp_s(each.time)}"
            for each in (first, second)
        ),
    ]
    if pinned is None:
        lines.append("The keys are those the file names; give --trust to compare with yours.")
    document = {"origin": first.origin, "heads": [_head_document(first), _head_document(second)]}
    run.output.result(document, lines)


def _reader(run: Run, *, with_access: bool) -> LogReader:
    config = run.home.config()
    signer = run.home.keys.api_signer() if with_access else None
    return LogReader(
        Session(
            config.audit, client_id=config.client_id, signer=signer, transport=transport_of(config)
        )
    )


def _head_document(head: Checkpoint) -> dict[str, Any]:
    return {"origin": head.origin, "size": head.size, "root": b64u(head.root)}


def _witness(state: WitnessState, head: Checkpoint, trust: Trust) -> dict[str, Any]:
    """Return how far a witness is by its own cosignature, not by the log's word.

    A witness whose key is not in the pinned policy is only told of.
    """
    size, time, is_pinned = _verified(state, trust)
    return {
        "name": state.name,
        "pinned": is_pinned,
        "size": size,
        "lag": max(0, head.size - size),
        "t": timestamp_s(time) if time else None,
        "fault": state.fault,
    }


def _verified(state: WitnessState, trust: Trust) -> tuple[int, int | None, bool]:
    policy = trust.policy
    key = next(
        (w for w in policy.witnesses if format_vkey(w.cosigner.key) == state.key)
        if policy
        else iter(()),
        None,
    )
    if key is None or policy is None:
        return state.size, state.time, False
    if state.checkpoint is None:
        return 0, None, True
    standing: Standing = standing_of(state.checkpoint, trust.log_keys, policy)
    found = standing.quorum.seen.get(key.name) if standing.quorum else None
    if found is None:
        raise PlatformError(
            Code.INTEGRITY, f"the log shows no cosignature of {state.name} where it says there is"
        )
    return standing.checkpoint.size, found.time, True


def _witness_line(row: dict[str, Any]) -> str:
    held = f"size {row['size']}  lag {row['lag']}  {row['t']}" if row["t"] else "nothing yet"
    fault = f"  {row['fault']}" if row["fault"] else ""
    told = "" if row["pinned"] else "  (by the log's word: not in your policy)"
    return f"  {row['name']:<24} {held}{fault}{told}"
