"""What both engines know and SQLAlchemy spells for one of them alone, so that a room has one query.

`json_text` is a member of a JSON text, `position` where a text first stands in another.
"""

from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class json_text(GenericFunction[str]):  # noqa: N801 -- a function of SQL
    """`json_text(text, "$.member[0]")`: the value at a path, as text; null where nothing is."""

    type = String()
    inherit_cache = True


class position(GenericFunction[int]):  # noqa: N801 -- a function of SQL
    """`position(text, part)`: where a part first stands, from 1; 0 where it does not."""

    type = Integer()
    inherit_cache = True


@compiles(json_text)
def _json_text(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **options)})"


@compiles(json_text, "postgresql")
def _json_text_on_server(element: Any, compiler: Any, **options: Any) -> str:
    text, path = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(jsonb_path_query_first(CAST({text} AS jsonb), CAST({path} AS jsonpath)) #>> '{{}}')"


@compiles(position)
def _position(element: Any, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(position, "postgresql")
def _position_on_server(element: Any, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"
