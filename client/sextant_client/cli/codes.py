"""`sextant codes`: the code lists, whole or by what people call the thing."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, start
from sextant_shared.codelists.search import NAMES, Hit, Line, lines_of, search
from sextant_shared.errors import Code, PlatformError

app = typer.Typer(help="The code lists: chemicals, States, ranges, codes.", no_args_is_help=True)
SHOWN = 20
_WIDE = 12  # characters of a code before its meaning


@app.command("list")
def list_codes(
    name: Annotated[str, typer.Argument(help="List, such as chemicals or product_groups.")],
    as_json: JsonFlag = False,
) -> None:
    """Show a code list whole, with thresholds, limits and evidence marks."""
    run = start(DEFAULT_HOME, as_json=as_json)
    lines = lines_of(_known(name))
    shown = [text for line in lines for text in line_texts(line)]
    run.output.result({"list": name, "lines": [members(line) for line in lines]}, shown)


@app.command("search")
def search_codes(
    words: Annotated[
        list[str], typer.Argument(help="Name, CAS number, formula, code, or a part of one.")
    ],
    only: Annotated[
        list[str] | None, typer.Option("--in", help="Only this list; may be given again.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show at most.")] = SHOWN,
    as_json: JsonFlag = False,
) -> None:
    """Find codes by name, CAS number, formula or meaning; accents, case, hyphens do not count."""
    run = start(DEFAULT_HOME, as_json=as_json)
    asked = " ".join(words)
    names = [_known(name) for name in only or NAMES]
    hits = search(asked, names)
    if not hits:
        raise PlatformError(
            Code.NOT_FOUND,
            "no code fits",
            expected=f"something of {', '.join(names)}",
            received=asked[:80],
            fix="Try a part of the word, the CAS number, or `sextant codes list NAME`.",
        )
    run.output.result(
        {"found": len(hits), "hits": [hit_members(hit) for hit in hits[:limit]]},
        hit_texts(hits, limit),
    )


def hit_texts(hits: Sequence[Hit], limit: int) -> list[str]:
    """Return what was found as people read it."""
    texts = [text for hit in hits[:limit] for text in line_texts(hit.line, with_list=True)]
    if len(hits) > limit:
        texts.append(f"{len(hits) - limit} more; see them with --limit {len(hits)}")
    return texts


def line_texts(line: Line, *, with_list: bool = False) -> list[str]:
    """Return a line of a list as people read it: code and meaning, then one fact a line."""
    where = f"  ({line.list})" if with_list else ""
    texts = [f"{line.code:<{_WIDE}} {line.meaning}{where}  [{line.evidence}]"]
    days = [("valid", line.valid)] if line.valid else []
    texts += [f"{'':<{_WIDE}}   {word}: {value}" for word, value in (*line.facts, *days)]
    return texts


def members(line: Line) -> dict[str, Any]:
    """Return a line of a list as JSON members."""
    return {
        "list": line.list,
        "code": line.code,
        "meaning": line.meaning,
        **{word.replace(" ", "_"): value for word, value in line.facts},
        "valid": line.valid,
        "evidence": line.evidence,
    }


def hit_members(hit: Hit) -> dict[str, Any]:
    """Return a line that was found as JSON members."""
    return members(hit.line) | {"rank": hit.rank.name.lower(), "matched": hit.term}


def _known(name: str) -> str:
    found = name.lower().replace("-", "_")
    if found not in NAMES:
        raise PlatformError(
            Code.NOT_FOUND,
            "there is no such code list",
            expected=", ".join(NAMES),
            received=name[:80],
            fix="Choose one of these lists.",
        )
    return found
