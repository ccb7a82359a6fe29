"""What runs and officers put into the queue about cards, in the transaction of a run or an act.

The best cards of the list wait there, at most as many at once as the table says. A card that was
decided about comes again when its figures changed, and not because it is still there.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, select

from sextant_declarations.analysis.anomalies.model import Card, Place
from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.analysis.classification import aggregated
from sextant_declarations.analysis.work import ItemKind, ItemStatus, work_policy
from sextant_declarations.domain.anomaly_cards import StoredCard, place_in_list
from sextant_declarations.domain.work import NewItem
from sextant_declarations.storage.anomaly_basis import basis_of, newest_of
from sextant_declarations.storage.work import close_item, put_item
from sextant_declarations.storage.work_tables import WORK_ITEMS


def put_card(connection: Connection, one: StoredCard, places: Sequence[Place], t: str) -> None:
    """Put a card into the queue."""
    basis = basis_of(connection, places)
    envelope, custody = newest_of(connection, basis) or (None, None)
    item = NewItem(
        kind=ItemKind.ANOMALY,
        reference=one.card,
        owner=" ".join(dict.fromkeys((one.state, *one.states))),
        subject=one.method,
        year=one.year,
        marking=aggregated(basis.markings),
        why=("FLAGGED",),
        t=t,
        envelope=envelope,
        custody=custody,
    )
    put_item(connection, item)


def follow_run(
    connection: Connection,
    found: Collection[StoredCard],
    cards: Mapping[str, Card],
    fresh: Collection[str],
    t: str,
) -> None:
    """Let the queue follow a run; `fresh` are cards that came new, or with other figures."""
    row = WORK_ITEMS.c
    known = dict[str, bool]()  # whether an item of the card waits
    items = select(row.reference, row.status).where(row.kind == ItemKind.ANOMALY)
    for reference, status in connection.execute(items.order_by(row.seq)):
        known[reference] = status != ItemStatus.DONE
    factor = float(policy()["accepted_before"])
    listed = sorted(
        (one for one in found if one.is_listed), key=lambda one: place_in_list(one, factor)
    )
    for reference in known.keys() - {one.card for one in listed}:
        if known[reference]:
            close_item(connection, ItemKind.ANOMALY, reference, t)
    room = work_policy().anomalies.value - sum(known.get(one.card, False) for one in listed)
    for one in listed:
        comes_again = one.card in known and one.card in fresh
        if comes_again or (one.card not in known and room > 0):
            put_card(connection, one, cards[one.card].places, t)
            room -= not known.get(one.card, False)
