"""What a developer looks up before sending anything: which kinds there are, and their schemas."""

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE, Kind
from sextant_shared.models.declaration.reading import readable_schemas
from sextant_shared.models.declaration.schema import schema_id, schema_text
from sextant_shared.models.strict import Strict


class KindLine(Strict):
    """One kind of declaration."""

    kind: str
    """Its id, as it stands in a declaration's `kind`."""
    title: str
    """What people call it."""
    law: str
    """The paragraph that asks for it."""
    period: str
    """What it reports on: a past year, a year ahead, an event, or entry into force."""
    schema_id: str
    """The newest version of its schema, as it stands in a declaration's `schema`."""
    also_read: list[str]
    """Older versions that are still read."""
    urn: str
    """The `$id` of its JSON Schema."""


class KindList(Strict):
    """Every kind of declaration that is carried here."""

    kinds: list[KindLine]


def list_kinds() -> KindList:
    """Return all kinds, in the order of the Convention."""
    return KindList(kinds=[_line(kind) for kind in CATALOGUE.values()])


def schema_bytes(kind_id: str) -> bytes:
    """Return the JSON Schema of a kind.

    Raises:
        PlatformError: `E_NOT_FOUND`.
    """
    kind = CATALOGUE.get(kind_id)
    if kind is None:
        raise PlatformError(
            Code.NOT_FOUND,
            "there is no such kind of declaration",
            expected="a kind of GET /v1/schemas, such as S2_AND",
            received=kind_id[:64],
            fix="Choose a kind of the list.",
        )
    return schema_text(kind).encode()


def _line(kind: Kind) -> KindLine:
    newest, *older = readable_schemas(kind)
    return KindLine(
        kind=kind.id,
        title=kind.title,
        law=kind.about.law,
        period=kind.about.period,
        schema_id=newest,
        also_read=older,
        urn=schema_id(kind),
    )
