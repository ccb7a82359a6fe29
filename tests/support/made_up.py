"""Made-up documents of any kind, from the models alone: a kind that is added is covered at once.

They fit their model and mean nothing; what the values mean together is for the rules. Lists and
texts are short, so that a document is drawn in milliseconds.
"""

import datetime as dt
from functools import cache
from typing import Any

from hypothesis import strategies as st

from sextant_shared.encoding import MAX_SAFE_INTEGER
from sextant_shared.models.declaration import CATALOGUE

MAX_ITEMS = 3
MAX_TEXT = 40
# What tables, CSV, XML and spreadsheet programs could take for something else.
TRAPS = (
    "=1+1",
    "@SUM(A1)",
    "-5",
    "+5",
    "'=1",
    "'",
    '"',
    '""',
    ' " ',
    "a;b",
    '"a";b',
    " a ",
    " ",
    "a\r\nb",
    "a\rb",
    "\ta",
    "a\n",
    "_x000D_",
    "_x005F_x0041_",
    "\x0b\x1f",
    "nil",
    "unknown",
    "#REF!",
    "1e5",
    "0.10",
    "TRUE",
    "2025-01-01",
    "\ufeffa",
    "\u200fعربي",
    "\u202ea",
    "a\u2028b\x85c",
    "é",
    "e\u0301",
    "\U00010348",
    "]]>",
    "&amp;<b>",
)
Letters = st.SearchStrategy[str]
ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
# XML 1.0 §2.2.
_ILLEGAL = "".join({chr(n) for n in range(0x20)} - set("\t\n\r")) + "\ufffe\uffff"
XML = st.characters(exclude_categories=["Cs"], exclude_characters=_ILLEGAL)
XML_TRAPS = tuple(trap for trap in TRAPS if not set(trap) & set(_ILLEGAL))


@cache
def documents(
    kind: str, letters: Letters = ANY, traps: tuple[str, ...] = TRAPS
) -> st.SearchStrategy[dict[str, Any]]:
    """Return documents of a kind, all that its model allows.

    Free texts are made of `letters`, and of `traps` more often than chance would have them.
    """
    chosen = CATALOGUE[kind]
    schema = chosen.model.model_json_schema()
    drawn = _Drawn(schema.get("$defs", {}), letters, traps).of(schema)
    return drawn.map(lambda found: {**found, "schema": chosen.schema})


class _Drawn:
    """Draws what a JSON Schema allows, whose definitions are `defs`."""

    def __init__(self, defs: dict[str, Any], letters: Letters, traps: tuple[str, ...]) -> None:
        self._defs, self._letters, self._traps = defs, letters, traps
        self._known: dict[str, st.SearchStrategy[Any]] = {}

    def of(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            return self._defined(schema["$ref"].rpartition("/")[2])
        if "anyOf" in schema:
            return st.one_of([self.of(one) for one in schema["anyOf"]])
        if "const" in schema or "enum" in schema:
            return st.sampled_from(schema.get("enum") or [schema["const"]])
        if "type" not in schema:
            return json_values(self._letters)
        drawn: st.SearchStrategy[Any] = getattr(self, f"_{schema['type']}")(schema)
        return drawn

    def _defined(self, name: str) -> st.SearchStrategy[Any]:
        if name not in self._known:
            self._known[name] = st.deferred(lambda: self._known[f"{name} itself"])
            self._known[f"{name} itself"] = self.of(self._defs[name])
        return self._known[name]

    def _object(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        members = schema["properties"]
        if members.keys() == {"value", "unit", "nothing"}:
            said = {name: self.of(_not_null(member)) for name, member in members.items()}
            nothing = said.pop("nothing")
            return st.fixed_dictionaries(said) | st.fixed_dictionaries({"nothing": nothing})
        required = set(schema.get("required", ()))
        return st.fixed_dictionaries(
            {name: self.of(one) for name, one in members.items() if name in required},
            optional={name: self.of(one) for name, one in members.items() if name not in required},
        )

    def _array(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", MAX_ITEMS)
        items = self.of(schema["items"])
        return st.lists(items, min_size=least, max_size=max(least, min(most, MAX_ITEMS)))

    def _string(self, schema: dict[str, Any]) -> st.SearchStrategy[str]:
        if schema.get("format") == "date":
            return st.dates().map(dt.date.isoformat)
        least, most = schema.get("minLength", 0), schema.get("maxLength", MAX_TEXT)
        if "pattern" in schema:
            found = st.from_regex(schema["pattern"], fullmatch=True, alphabet=self._letters)
            return found.filter(lambda one: least <= len(one) <= max(most, MAX_TEXT))
        text = st.text(self._letters, min_size=least, max_size=min(most, MAX_TEXT))
        traps = [trap for trap in self._traps if least <= len(trap) <= most]
        return text | st.sampled_from(traps) if traps else text

    def _integer(self, schema: dict[str, Any]) -> st.SearchStrategy[int]:
        return st.integers(schema.get("minimum", 0), schema.get("maximum", MAX_SAFE_INTEGER))

    def _boolean(self, _schema: dict[str, Any]) -> st.SearchStrategy[bool]:
        return st.booleans()

    def _null(self, _schema: dict[str, Any]) -> st.SearchStrategy[None]:
        return st.none()


def json_values(letters: Letters = ANY) -> st.SearchStrategy[Any]:
    """Return any JSON values, as an amendment carries them."""
    texts = st.text(letters, max_size=MAX_TEXT)
    return st.recursive(
        st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    )


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the branch of a schema that is not null."""
    (found,) = [one for one in schema["anyOf"] if one.get("type") != "null"]
    return dict(found)
