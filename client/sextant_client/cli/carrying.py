"""`sextant bundle export·deliver·accept`: the air-gap path."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client import errors as exits
from sextant_client.carrying.accepting import Accepted
from sextant_client.carrying.accepting import accept as accept_file
from sextant_client.carrying.delivering import Brought
from sextant_client.carrying.delivering import deliver as deliver_stick
from sextant_client.carrying.exporting import export_stick
from sextant_client.carrying.indexes import Refused
from sextant_client.cli.acts import recalled_document, recalled_lines
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.following import received_document, received_lines
from sextant_client.client import Client
from sextant_shared.clock import system_clock, timestamp_s

_SHOWN = 5
Out = Annotated[Path, typer.Option(help="File to write, or a folder such as the stick itself.")]


def export(
    out: Out,
    envelope_ids: Annotated[
        list[str] | None, typer.Argument(help="Envelope ids; default: all without a receipt.")
    ] = None,
    about: Annotated[
        list[str] | None,
        typer.Option(help="Party whose document is wanted too, to seal to; again for each."),
    ] = None,
    record: Annotated[
        list[str] | None,
        typer.Option(
            help="Envelope under your name that was not sealed here, of which the log's record is"
            " wanted, to speak of it; again for each."
        ),
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Put sealed envelopes on a stick, to be delivered from another machine."""
    run = start(home, as_json=as_json)
    done = export_stick(
        run.home, envelope_ids or [], out, system_clock, about or [], records=record or []
    )
    envelopes = [{"id": one.id, "created": one.created} for one in done.envelopes]
    lines = [f"CARRIED  {one.id}  sealed {one.created}" for one in done.envelopes]
    lines += [f"RECALL   {id_}" for id_ in done.recalls]
    lines += [f"SAYS     {id_}" for id_ in done.statements]
    lines += [
        f"Wrote {done.path} ({done.size:,} bytes).",
        "Next, on a machine with a network: sextant bundle deliver FILE --out FILE.",
    ]
    document = {"stick": str(done.path), "size": done.size, "envelopes": envelopes}
    signed = {"recalls": list(done.recalls), "statements": list(done.statements)}
    run.output.result(document | signed, lines)


def deliver(
    file: Annotated[Path, typer.Argument(help="What `bundle export` wrote.")],
    out: Out,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for the Secretariat's answers.", max=3600)
    ] = 0,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> int:
    """Deposit what is on a stick, and bring back receipts and sealed replies in one file."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        done = deliver_stick(client, file, out, clock=system_clock, wait_s=wait)
    run.output.result(_brought_document(done), _brought_lines(done))
    return exits.REFUSED if done.refused or done.unrecalled or done.unsaid else exits.OK


def accept(
    file: Annotated[Path, typer.Argument(help="What `bundle deliver` wrote.")],
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> int:
    """Verify what was brought back, keep the receipts, and open the replies; needs no network."""
    run = start(home, as_json=as_json)
    done = accept_file(run.home, file)
    run.output.result(_accepted_document(done), _accepted_lines(done))
    return exits.REFUSED if done.refused or done.unrecalled or done.unsaid else exits.OK


def _brought_document(done: Brought) -> dict[str, Any]:
    return {
        "back": str(done.path),
        "size": done.size,
        "delivered": list(done.delivered),
        "refused": _refused_members(done.refused),
        "recalled": list(done.recalled),
        "unrecalled": _refused_members(done.unrecalled),
        "said": list(done.said),
        "unsaid": _refused_members(done.unsaid),
        "deliveries": done.deliveries,
        "more": done.more,
    }


def _brought_lines(done: Brought) -> list[str]:
    return [
        *(f"ACCEPTED {id_}" for id_ in done.delivered),
        *_refused_lines(done.refused),
        *(f"RECALL   {id_}" for id_ in done.recalled),
        *_refused_lines(done.unrecalled, "NOT RECALLED"),
        *(f"SAID     {id_}" for id_ in done.said),
        *_refused_lines(done.unsaid, "NOT SAID"),
        f"Replies brought: {done.deliveries}."
        + (" More wait: make another trip." if done.more else ""),
        f"Wrote {done.path} ({done.size:,} bytes). Carry it back: sextant bundle accept FILE.",
    ]


def _accepted_document(done: Accepted) -> dict[str, Any]:
    return {
        "log": {"size": done.head.size, "t": timestamp_s(done.head.time)},
        "parties": list(done.parties),
        "receipts": [
            {"id": r.envelope_id, "index": r.receipt.index, "t": r.receipt.t, "new": r.is_new}
            for r in done.receipts
        ],
        "refused": _refused_members(done.refused),
        "recalled": [recalled_document(one) for one in done.recalled],
        "unrecalled": _refused_members(done.unrecalled),
        "said": [
            {"id": one.envelope_id, "says": one.says, "index": one.index} for one in done.said
        ],
        "unsaid": _refused_members(done.unsaid),
        "records": list(done.records),
        "new": [received_document(one, [], system_clock()) for one in done.received],
        "gone": [one.model_dump(mode="json") for one in done.gone],
        "witnessed": list(done.witnessed),
        "told": [{"sender": one.sender, "id": one.id} for one in done.told],
        "more": done.more,
    }


def _accepted_lines(done: Accepted) -> list[str]:
    lines = [
        f"RECEIPT  {r.envelope_id}  log entry {r.receipt.index}  {r.receipt.t}"
        + ("" if r.is_new else " (here already)")
        for r in done.receipts
    ]
    lines += _refused_lines(done.refused)
    lines += [line for one in done.recalled for line in recalled_lines(one)]
    lines += _refused_lines(done.unrecalled, "NOT RECALLED")
    lines += [f"SAID     {one.envelope_id}  {one.says}  log entry {one.index}" for one in done.said]
    lines += _refused_lines(done.unsaid, "NOT SAID")
    lines += [f"RECORD   {id_}" for id_ in done.records]
    lines += [line for one in done.received for line in received_lines(one, [], system_clock())]
    lines += [f"GONE     {one.id}  from {one.sender}: {one.why}" for one in done.gone]
    if done.witnessed:
        lines.append(f"Witnessed by your policy: {', '.join(done.witnessed)}.")
    if done.told:
        told = ", ".join(one.id for one in done.told[:_SHOWN])
        more = f" and {len(done.told) - _SHOWN} more" if len(done.told) > _SHOWN else ""
        lines.append(f"Told of {told}{more}: sextant status ID.")
    lines.append(
        f"Log of size {done.head.size} at {timestamp_s(done.head.time)}."
        f" Documents kept: {', '.join(done.parties)}."
    )
    return [*lines, *(["More replies wait: make another trip."] if done.more else [])]


def _refused_members(refused: tuple[Refused, ...]) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json", exclude={"receipt"}) for one in refused]


def _refused_lines(refused: tuple[Refused, ...], word: str = "REFUSED") -> list[str]:
    return [
        line
        for one in refused
        for line in (
            f"{word:<8} {one.id}  {one.code}: {one.detail}"
            + ("" if one.receipt is None else " (with its receipt)"),
            f"         {one.fix}",
        )
    ]
