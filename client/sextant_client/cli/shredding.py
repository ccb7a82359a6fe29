"""`sextant officer shred`: order that the detail behind an entry of the log be destroyed."""

from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.officers import Room, officers_session
from sextant_shared.models.details import ShredAnswer, ShredOrder
from sextant_shared.models.service_entries import ShredReason
from sextant_shared.models.strict import read_model


def shred(
    index: Annotated[int, typer.Argument(help="Where the entry stands in the log.", min=0)],
    authority: Annotated[str, typer.Option(help="Who ordered it: a party, or an organ's code.")],
    reason: Annotated[ShredReason, typer.Option(help="Why, as a code.", case_sensitive=False)],
    note: Annotated[str, typer.Option(help="Why, in your words; committed, not shown.")] = "",
    at: Annotated[Room, typer.Option(help="Which service keeps the detail.")] = Room.DECLARATIONS,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Destroy the detail behind a log entry for good; the entry and its commitment stay."""
    run = start(home, as_json=as_json)
    order = {"authority": authority, "reason": str(reason), "note": note}
    read_model(ShredOrder, order)  # what does not fit is told before anything is sent
    with officers_session(run.home, at) as session:
        answer = session.request("POST", f"/v1/entries/{index}/shred", json=order, repeatable=False)
    found = read_model(ShredAnswer, answer.json())
    if found.state == "waiting":
        missing = found.needed - found.persons
        lines = [
            f"WAITING  {found.persons} of {found.needed} persons ordered it",
            f"  {missing} more: the same authority and reason, by another officer",
        ]
    else:
        where = "owed to the log" if found.index is None else f"entry {found.index}"
        lines = [f"SHREDDED  detail of entry {index}; {where}", f"  commitment {found.commit}"]
    run.output.result(found.model_dump(mode="json"), lines)
