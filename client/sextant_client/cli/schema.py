"""`sextant schema`: the kinds of declarations as JSON and XML Schemas, for other people's tools."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.compose import find_kind
from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, start
from sextant_client.home import write_file
from sextant_client.prepare.xml.schema import as_xsd
from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.declaration.reading import readable_schemas
from sextant_shared.models.declaration.schema import json_schema, schema_id, schema_text

app = typer.Typer(
    help="Kinds of declarations as JSON Schemas (2020-12) and XML Schemas (1.0).",
    no_args_is_help=True,
)


class SchemaFormat(StrEnum):
    """Languages that a schema is written in."""

    JSON = "json"
    XSD = "xsd"


@app.command("list")
def list_schemas(as_json: JsonFlag = False) -> None:
    """List the schema of every kind, with the older versions that are still read."""
    run = start(DEFAULT_HOME, as_json=as_json)
    found = [(kind, readable_schemas(kind)) for kind in CATALOGUE.values()]
    documents = [
        {"kind": kind.id, "schema": ids[0], "id": schema_id(kind), "also_read": list(ids[1:])}
        for kind, ids in found
    ]
    widths = max(map(len, CATALOGUE)), max(len(ids[0]) for _, ids in found)
    lines = [
        f"{kind.id:<{widths[0]}}  {ids[0]:<{widths[1]}}  {kind.title}"
        + (f"  (also reads {', '.join(ids[1:])})" if ids[1:] else "")
        for kind, ids in found
    ]
    run.output.result({"schemas": documents}, lines)


@app.command("show")
def show_schema(
    kind: Annotated[str, typer.Argument(help="Kind, such as S2_AND.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write it.")] = None,
    form: Annotated[
        SchemaFormat, typer.Option("--format", help="JSON Schema, or XSD for the XML.")
    ] = SchemaFormat.JSON,
    as_json: JsonFlag = False,
) -> None:
    """Print the schema of a kind, or write it to a file."""
    run = start(DEFAULT_HOME, as_json=as_json)
    chosen = find_kind(kind)
    is_xsd = form is SchemaFormat.XSD
    text = as_xsd(chosen) if is_xsd else schema_text(chosen)
    if out is not None:
        write_file(out, text.encode())
        run.output.result({"file": str(out), "kind": chosen.id}, [f"Wrote {out}: {chosen.title}."])
        return
    document = {"kind": chosen.id, "xsd": text} if is_xsd else json_schema(chosen)
    run.output.result(json.loads(json.dumps(document)), text.splitlines())
