"""`sextant status`, `thread`, and the inbox: what happened, what belongs together, what is new."""

from contextlib import suppress
from typing import Annotated, Any

import typer

from sextant_client.carrying.ages import as_of
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.envelopes import EnvelopeArgument, answer_lines
from sextant_client.cli.moving import moving
from sextant_client.client import Client
from sextant_client.custody import (
    Custody,
    custody_of,
    owed_document,
    owed_for,
    owed_line,
    owed_of,
    refusal_of,
)
from sextant_client.received import Received
from sextant_shared.clock import system_clock, timestamp_s
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import Priority, ThreadMember
from sextant_shared.protocol.checkpoints import Checkpoint
from sextant_shared.protocol.events import etsi_of
from sextant_shared.protocol.message_types import TABLE
from sextant_shared.protocol.owing import Owed
from sextant_shared.protocol.refusals import RefusalReceipt

Sender = Annotated[str | None, typer.Option(help="Sender, when it is not you.")]


def status(
    envelope_id: EnvelopeArgument,
    sender: Sender = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show where an envelope stands, everything that happened to it, and what is still owed."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        try:
            custody = custody_of(client, envelope_id, sender)
        except PlatformError as error:
            refusal = refusal_of(client, envelope_id) if error.code is Code.NOT_FOUND else None
            if refusal is None:
                raise
            run.output.result(*_refused(envelope_id, refusal))
            return
        head = _told_with(client, envelope_id, sender)
    now = system_clock()
    document = custody.status.model_dump(mode="json", by_alias=True)
    document["events"] = [event.model_dump(mode="json") for event in custody.events.events]
    document["owed"] = [owed_document(owed, now) for owed in custody.owed]
    lines = _status_lines(custody, now)
    run.output.result(document | _age(head), [*lines, *_age_lines(head, now)])


def thread(
    envelope_id: EnvelopeArgument,
    sender: Sender = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show the messages that answer or supersede one another around this one."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        found = client.thread(envelope_id, sender)
        owed = owed_of(found, run.home, client.config.secretariat)
        head = _told_with(client, envelope_id, sender)
    now = system_clock()
    lines = [line for member in found.members for line in _member_lines(member)]
    lines += ["There are more; ask for one of the later ones."] if found.is_cut else []
    document = found.model_dump(mode="json", by_alias=True)
    document["owed"] = [owed_document(one, now) for one in owed]
    lines += [*_owed_lines(owed, now), *_age_lines(head, now)]
    run.output.result(document | _age(head), lines)


def _told_with(client: Client, envelope_id: str, sender: str | None) -> Checkpoint | None:
    """Return the head that came with what is told; None where the exchange itself was asked."""
    if client.stories is None:
        return None
    return client.stories.told(sender or client.config.party, envelope_id)[1]


def _age(head: Checkpoint | None) -> dict[str, Any]:
    return {} if head is None else {"as_of": timestamp_s(head.time)}


def _age_lines(head: Checkpoint | None, now: float) -> list[str]:
    return [] if head is None else [f"Carried here {as_of(head, now)}."]


def collect_inbox(run: Run, wait: int) -> None:
    """Collect what is new, urgent first; say what is owed for it, and what is not to be had."""
    with Client(run.home) as client, moving(run.output, "Fetching", "Fetched") as progress:
        new = list(client.collect(wait_s=wait, progress=progress))
        gone = client.gone
        secretariat, own = client.config.secretariat, client.config.party
    now = system_clock()
    owed = {r.seq: [o for o in owed_for(r, secretariat) if o.by == own] for r in new}
    lines = [line for r in new for line in received_lines(r, owed[r.seq], now)]
    lines += [f"{d.type}  {d.id}  from {d.sender}  not given out any more" for d in gone]
    document = {
        "new": [received_document(r, owed[r.seq], now) for r in new],
        "gone": [delivery.model_dump(mode="json", by_alias=True) for delivery in gone],
    }
    run.output.result(document, lines or ["Nothing new."])


def follow_inbox(run: Run) -> None:
    """Print each delivery on its own: lines, or one JSON document a line."""
    run.output.say("Listening; Ctrl-C ends it.")
    with suppress(KeyboardInterrupt), Client(run.home) as client:
        secretariat, own = client.config.secretariat, client.config.party
        for received in client.listen():
            now = system_clock()
            owed = [one for one in owed_for(received, secretariat) if one.by == own]
            document = received_document(received, owed, now)
            run.output.result(document, received_lines(received, owed, now))


def _refused(envelope_id: str, refusal: RefusalReceipt) -> tuple[dict[str, Any], list[str]]:
    etsi = etsi_of("refused")
    document = {
        "id": envelope_id,
        "state": "refused",
        "index": refusal.index,
        "code": refusal.code,
        "events": [{"t": refusal.t, "event": "refused", "detail": refusal.code, "etsi": etsi}],
    }
    lines = [f"{envelope_id}  refused  log entry {refusal.index}"]
    lines += [f"  {refusal.t}  refused       the exchange  {etsi:<24} {refusal.code}"]
    return document, [*lines, "Seal it again as it should be; nothing was delivered."]


def _status_lines(custody: Custody, now: float) -> list[str]:
    found = custody.status
    lines = [f"{found.id}  {found.state}  log entry {found.index}  trace {found.trace}"]
    lines[0] += f"  {found.type}{_lane(found.priority)}"
    lines += [f"  FLAGGED  {found.flag}"] if found.flag else []
    lines += [f"  its sender says: {found.said}"] if found.said else []
    lines += [f"  {r.party:<12} delivery {r.seq}  {r.state}" for r in found.recipients]
    for event in custody.events.events:
        who = event.party or "the exchange"
        place = "" if event.index is None else f"log entry {event.index}  "
        told = f"{event.etsi:<24} {place}{event.detail}"
        lines.append(f"  {event.t}  {event.event:<13} {who:<13} {told}")
    return [line.rstrip() for line in lines] + _owed_lines(custody.owed, now)


def _owed_lines(owed: list[Owed], now: float) -> list[str]:
    done = [f"  {one.answer} by {one.by}: {one.answered}" for one in owed if one.answered]
    open_ = [f"  {owed_line(one, now)}" for one in owed if not one.answered]
    lines = ["Answered:", *done] if done else []
    return [*lines, "Still owed:", *open_] if open_ else [*lines, "Nothing is owed."]


def _member_lines(member: ThreadMember) -> list[str]:
    to = ", ".join(member.recipients)
    head = f"{member.received}  {member.type}{_lane(member.priority)}  {member.sender} to {to}"
    lines = [f"{head}  {member.id}"]
    lines += [f"  answers {member.irt}"] if member.irt else []
    lines += [f"  supersedes {member.sup}"] if member.sup else []
    return lines


def received_lines(received: Received, owed: list[Owed], now: float) -> list[str]:
    """Return what was received as people read it."""
    answer = received.answer()
    if answer is not None:
        return answer_lines(answer)
    header = received.header
    head = f"{header.type}{_lane(_priority(header.type))}  {header.id}  from {header.from_}"
    flaw = received.flaw()
    return [
        f"{head}  in {received.folder}",
        *([f"  its content is not what its type asks for: {flaw}"] if flaw else []),
        *(f"  {name}" for name in received.documents()),
        *(f"  owed: {owed_line(one, now)}" for one in owed),
    ]


def received_document(received: Received, owed: list[Owed], now: float) -> dict[str, Any]:
    """Return what was received as JSON members."""
    header, answer = received.header, received.answer()
    return {
        "seq": received.seq,
        "id": header.id,
        "from": header.from_,
        "type": header.type,
        "priority": _priority(header.type).value,
        "irt": header.irt,
        "answer": answer.model_dump(mode="json") if answer else None,
        "documents": [str(received.parts / name) for name in received.documents()],
        "flaw": received.flaw(),
        "owed": [owed_document(one, now) for one in owed],
    }


def _priority(type_: str) -> Priority:
    row = TABLE.get(type_)  # an older exchange may have let another type through
    return row.priority if row else Priority.NORMAL


def _lane(priority: Priority) -> str:
    return "  URGENT" if priority is Priority.URGENT else ""
