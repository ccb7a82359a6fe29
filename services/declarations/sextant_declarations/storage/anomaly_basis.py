"""What cards stand on, in this room's database: envelopes and markings behind their places."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, tuple_

from sextant_declarations.analysis.anomalies.model import Place
from sextant_declarations.domain.anomaly_cards import Basis
from sextant_declarations.domain.anomaly_runs import NAME
from sextant_declarations.storage.analysis_tables import FACTS
from sextant_declarations.storage.life_tables import LIVES
from sextant_declarations.storage.tables import DECLARATIONS, INBOX

_MANY = 300  # bound parameters in one question


def basis_of(connection: Connection, places: Sequence[Place]) -> Basis:
    """Return what facts at these places came from, and how it is marked now."""
    numbers = sorted({(place.state, place.declaration_id) for place in places})
    digests: dict[bytes, None] = {}
    markings: list[str] = []
    row = FACTS.c
    for start in range(0, len(numbers), _MANY):
        some = numbers[start : start + _MANY]
        named = tuple_(DECLARATIONS.c.owner, DECLARATIONS.c.declaration_id).in_(some)
        newest = (
            select(func.max(row.position))
            .join(DECLARATIONS, DECLARATIONS.c.id == row.declaration)
            .where(row.analysis == NAME, named)
            .group_by(row.declaration)
        )
        wanted = (
            select(row.sources, func.coalesce(LIVES.c.marking, row.marking))
            .outerjoin(LIVES, LIVES.c.declaration == row.declaration)
            .where(row.position.in_(newest))
            .order_by(row.position)
        )
        for text, marking in connection.execute(wanted):
            digests |= dict.fromkeys(bytes.fromhex(digest) for digest in text.split())
            markings.append(marking)
    return Basis(tuple(digests), tuple(markings))


def newest_of(connection: Connection, basis: Basis) -> tuple[str, int | None] | None:
    """Return id and custody index of the newest envelope of a basis, None where there is none."""
    wanted = (
        select(INBOX.c.envelope_id, INBOX.c.custody_index)
        .where(INBOX.c.manifest_digest.in_(basis.digests[:_MANY]))
        .order_by(INBOX.c.id.desc())
        .limit(1)
    )
    found = connection.execute(wanted).one_or_none()
    return (found.envelope_id, found.custody_index) if found else None
