"""`sextant new`, `sextant diff`: how a declaration begins, and what became of it."""

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.setup import heading_of
from sextant_client.home import as_json as json_bytes
from sextant_client.prepare.difference import Difference, Filed, amendment, differences
from sextant_client.prepare.documents import read_document, write_document
from sextant_client.prepare.new import Beginning, new_document, year_of
from sextant_shared.clock import system_clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE, Kind
from sextant_shared.rules import check

Out = Annotated[Path | None, typer.Option("--out", "-o", help="Where to write it.")]
MAX_SHOWN = 100  # characters of a value in a line


def new(
    kind: Annotated[str | None, typer.Argument(help="Kind, such as S2_SITE_ADPA.")] = None,
    out: Out = None,
    year: Annotated[
        int | None, typer.Option(help="Year it reports on; else the next one due.")
    ] = None,
    declaration_id: Annotated[
        str | None, typer.Option("--id", help="Your number of it; else one is proposed.")
    ] = None,
    like: Annotated[
        Path | None, typer.Option(help="A declaration whose State and contact it begins with.")
    ] = None,
    list_kinds: Annotated[
        bool, typer.Option("--list", help="Show all kinds with title, law and period.")
    ] = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Start an empty declaration; what must be decided is blank, and `check` names each place."""
    run = start(home, as_json=as_json)
    if list_kinds:
        run.output.result({"kinds": [kind_members(k) for k in CATALOGUE.values()]}, kind_lines())
        return
    if kind is None or out is None:
        raise typer.BadParameter("name a kind and -o FILE, or --list")
    chosen = find_kind(kind)
    heading = run.home.heading()
    if like is not None:
        heading |= heading_of(read_document(like)).model_dump(mode="json", exclude_none=True)
    if declaration_id is not None:
        heading["declaration_id"] = declaration_id
    document = new_document(chosen, Beginning(year or year_of(chosen, today().year), heading))
    write_document(out, document)
    blank = sum(f.rule == "S0" for f in check(json_bytes(document)).findings)
    lines = [
        f"Wrote {out}: {chosen.title}.",
        f"{blank} places must be filled in; see them with: sextant check {out}",
    ]
    run.output.result({"file": str(out), "kind": chosen.id, "blank": blank}, lines)


def diff(
    old: Annotated[Path, typer.Argument(help="A declaration as it was.")],
    new: Annotated[Path, typer.Argument(help="The same as it is to be.")],
    reason: Annotated[
        str | None, typer.Option("--as-amendment", help="Reason code: write an amendment to -o.")
    ] = None,
    out: Out = None,
    found: Annotated[
        str | None, typer.Option(help="Day on which the error was found; else today.")
    ] = None,
    declaration_id: Annotated[
        str | None, typer.Option("--id", help="Your number of the amendment; else proposed.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Clarification request or transfer case that led to it.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show every place where two declarations differ; lists are aligned by their codes."""
    run = start(DEFAULT_HOME, as_json=as_json)
    if (reason is None) != (out is None):
        raise typer.BadParameter("--as-amendment REASON and -o FILE belong together")
    before, after = read_document(old), read_document(new)
    told = differences(before, after)
    lines = [line for one in told for line in difference_lines(one)] or ["No difference."]
    members = {
        "differences": [
            {"pointer": d.pointer, "inside": list(d.inside), "old": d.old, "new": d.new}
            for d in told
        ]
    }
    if reason is not None and out is not None:
        filed = Filed(reason, found or today().isoformat(), declaration_id, reference)
        document = amendment(before, after, filed)
        write_document(out, document)
        lines.append(f"Wrote {out}: amendment {document['declaration_id']}.")
    run.output.result(members, lines)


def difference_lines(difference: Difference) -> list[str]:
    """Return a difference as people read it."""
    inside = f"  ({', '.join(difference.inside)})" if difference.inside else ""
    lines = [f"{difference.word:<8} {difference.pointer}{inside}"]
    if difference.old is not None:
        lines.append(f"           - {value_text(difference.old)}")
    if difference.new is not None:
        lines.append(f"           + {value_text(difference.new)}")
    return lines


def value_text(value: Any) -> str:
    """Return a value in one line: an amount as it is spoken, all else as JSON, shortened."""
    if isinstance(value, dict) and value.keys() == {"value", "unit"}:
        return f"{value['value']} {value['unit']}"
    if isinstance(value, dict) and value.keys() == {"nothing"}:
        return str(value["nothing"])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def kind_members(kind: Kind) -> dict[str, Any]:
    """Return what the list of kinds says of one."""
    about = kind.about
    return {"kind": kind.id, "title": kind.title, "law": about.law, "period": about.period}


def kind_lines() -> list[str]:
    """Return the list of kinds as people read it."""
    width = max(map(len, CATALOGUE))
    period = max(len(kind.about.period) for kind in CATALOGUE.values())
    return [
        f"{kind.id:<{width}}  {kind.about.period:<{period}}  {kind.title}  [{kind.about.law}]"
        for kind in CATALOGUE.values()
    ]


def find_kind(name: str) -> Kind:
    """Return the kind of this name, in any spelling of it.

    Raises:
        PlatformError: `E_NOT_FOUND`.
    """
    found = CATALOGUE.get(name.upper().replace("-", "_"))
    if found is None:
        raise PlatformError(
            Code.NOT_FOUND,
            "there is no such kind of declaration",
            expected="one of `sextant new --list`",
            received=name[:80],
            fix="Choose a kind of the list.",
        )
    return found


def today() -> dt.date:
    """Return today's day in UTC."""
    return dt.datetime.fromtimestamp(system_clock(), dt.UTC).date()
