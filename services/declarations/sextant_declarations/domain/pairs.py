"""Shows a pair of transfers: its line in lists, and what both sides say, out of the analysis."""

from collections.abc import Iterable
from decimal import Decimal

from sextant_declarations.analysis.transfers.model import (
    Document,
    Hypothesis,
    Pair,
    Place,
    Row,
    Side,
)
from sextant_declarations.analysis.transfers.trial import difference
from sextant_declarations.domain.notices import kilograms
from sextant_declarations.domain.transfers import (
    ExplanationView,
    FigureView,
    PairBody,
    PairLine,
    PlaceView,
    RowView,
    SideView,
    VersionRef,
)


def line_of(pair: Pair, since: str) -> PairLine:
    """Return a pair as lists show it."""
    found = difference(pair)
    more = pair.key.exporter if found and found > 0 else pair.key.importer
    return PairLine.model_validate(
        {
            "id": pair.id,
            "year": pair.key.year,
            "chemical": pair.key.chemical,
            "schedule": pair.schedule,
            "exporter": pair.key.exporter,
            "importer": pair.key.importer,
            "class": str(pair.klass),
            "gap": _text(pair.gap),
            "span": _text(pair.span),
            "more": more if found else None,
            "in_force": True,
            "since": since,
        }
    )


def body_of(pair: Pair) -> PairBody:
    """Return what both sides say, and the explanations."""
    return PairBody.model_validate(
        {
            "threshold": kilograms(pair.threshold),
            "notes": [str(note) for note in pair.notes],
            "export": _side(pair.export),
            "import": _side(pair.import_),
            "explanations": [_explanation(one) for one in pair.hypotheses],
            "versions": _versions(pair.versions),
        }
    )


def _side(side: Side) -> SideView:
    return SideView(
        state=side.state,
        direction=str(side.direction),
        filed=str(side.filed),
        kg=_text(side.declared_kg),
        low=None if side.interval is None else kilograms(side.interval.low),
        high=None if side.interval is None else kilograms(side.interval.high),
        has_total=side.has_total,
        basis_note=side.basis_note,
        rows=[_row(row) for row in side.rows],
        versions=_versions(side.documents),
    )


def _row(row: Row) -> RowView:
    return RowView(
        kg=_text(row.kg),
        qualifier=str(row.qualifier),
        half_step=kilograms(row.half_step),
        mixture_note=row.mixture_note,
        certificate=row.certificate,
        place=_place_view(row.place),
    )


def _explanation(one: Hypothesis) -> ExplanationView:
    return ExplanationView(
        kind=str(one.kind),
        closes=one.closes,
        residual=_text(one.residual),
        figures=[
            FigureView(
                name=figure.name,
                value=kilograms(figure.value),
                owner=figure.owner,
                place=_place_view(figure.place) if figure.place else None,
            )
            for figure in one.figures
        ],
        related=[key.id for key in one.related],
        third=one.third,
    )


def _versions(documents: Iterable[Document]) -> list[VersionRef]:
    return [
        VersionRef(state=one.state, declaration_id=one.declaration_id, version=one.version)
        for one in documents
    ]


def _place_view(place: Place) -> PlaceView:
    document = place.document
    return PlaceView(
        state=document.state,
        declaration_id=document.declaration_id,
        version=document.version,
        pointer=place.pointer,
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else kilograms(value)
