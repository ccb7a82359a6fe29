"""Pairs of transfers out of what is kept of them: what `domain.pairs` made views of, back.

A view holds all that a case needs. What it does not hold is left empty: figures of explanations.
"""

from decimal import Decimal

from sextant_declarations.analysis.transfers.model import (
    Direction,
    Document,
    FiledStatus,
    Hypothesis,
    HypothesisKind,
    Interval,
    Klass,
    Note,
    Pair,
    PairKey,
    Place,
    Qualifier,
    Row,
    Side,
)
from sextant_declarations.domain.transfers import (
    ExplanationView,
    PairBody,
    PairLine,
    RowView,
    SideView,
)


def pair_of(line: PairLine, body: PairBody) -> Pair:
    """Return the pair that line and body are views of."""
    key = PairKey(line.year, line.chemical, line.exporter, line.importer)
    return Pair(
        key=key,
        schedule=line.schedule,
        threshold=Decimal(body.threshold),
        klass=Klass(line.class_),
        gap=_decimal(line.gap),
        span=_decimal(line.span),
        export=_side(body.export, key, line.schedule),
        import_=_side(body.import_, key, line.schedule),
        notes=tuple(Note(note) for note in body.notes),
        hypotheses=tuple(_hypothesis(one) for one in body.explanations),
    )


def _side(view: SideView, key: PairKey, schedule: str) -> Side:
    direction = Direction(view.direction)
    low, high = _decimal(view.low), _decimal(view.high)
    # Nothing is declared by who has filed and has no row; it is compared as nothing moved.
    is_silent = not view.rows and view.filed != FiledStatus.NOT_FILED
    return Side(
        state=view.state,
        direction=direction,
        filed=FiledStatus(view.filed),
        rows=tuple(_row(row, view, key, schedule) for row in view.rows),
        kg=Decimal(0) if is_silent else _decimal(view.kg),
        interval=None if low is None or high is None else Interval(low, high),
        has_total=view.has_total,
        basis_note=view.basis_note,
        documents=tuple(
            Document(one.state, one.declaration_id, one.version) for one in view.versions
        ),
    )


def _row(view: RowView, side: SideView, key: PairKey, schedule: str) -> Row:
    place = view.place
    document = Document(place.state, place.declaration_id, place.version)
    is_export = side.direction == Direction.EXPORT
    return Row(
        year=key.year,
        chemical=key.chemical,
        declarant=side.state,
        direction=Direction(side.direction),
        partner=key.importer if is_export else key.exporter,
        kg=_decimal(view.kg),
        qualifier=Qualifier(view.qualifier),
        half_step=Decimal(view.half_step),
        schedule=schedule,
        place=Place(document, place.pointer),
        mixture_note=view.mixture_note,
        certificate=view.certificate,
    )


def _hypothesis(view: ExplanationView) -> Hypothesis:
    return Hypothesis(
        kind=HypothesisKind(view.kind),
        closes=view.closes,
        residual=_decimal(view.residual),
        figures=(),
        related=tuple(_key(id_) for id_ in view.related),
        third=view.third,
    )


def _key(id_: str) -> PairKey:
    """Return the key of a pair's id; of a chemical without a plain name it keeps the digest."""
    year, chemical, exporter, importer = id_.split(".")
    return PairKey(int(year), chemical, exporter, importer)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
