"""Who is shown what of a case: the one place that decides it.

`shown` gives a viewer its view of a case, None where the viewer may not know that there is one.
Everything that leaves the Secretariat about a case (request, list, export, count) is made from that
view and from nothing else; so is everything that an officer sees of it.

* The Secretariat sees all facts; figures, and what follows from them, once an access is stored.
* A State sees the pairs that it is a side of, its own figures, that a difference exists and its
  direction. Nothing else that would give the other's figure away: not the gap, not the class (it
  says whether the other has a row), not the explanations that fit, not the priority, the cause, nor
  that a third State is concerned.
* The other's figure is shown if the policy has a rule for the row, and every declaration that the
  row stands in is marked as the rule asks. It is the policy's word for each side by itself.
* A restricted case (a partner that is no State Party) is shown to no State.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.cases.model import Case, Matched, Sense
from sextant_declarations.analysis.cases.policy import CasePolicy
from sextant_declarations.analysis.cases.workflow import CaseState, workflow
from sextant_declarations.analysis.transfers.model import FiledStatus, Side
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.models.strict import Strict


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a State, or the Secretariat (None) with figures or without them."""

    state: str | None
    figures: bool = False


class ShownSide(Strict):
    """What one State says, as far as it is shown.

    `kg` is null where the State gives no figure or it is not shown; `is_shown` tells them apart.
    `has_row` is false where it has filed nothing of the pair: that is no declared zero.
    """

    state: str
    is_shown: bool
    has_row: bool | None
    kg: Decimal | None
    filed: FiledStatus | None
    declarations: list[str]


class ShownExplanation(Strict):
    """An explanation that was tried and fits."""

    kind: str
    closes: bool
    third: str | None
    related: list[str]


class ShownPair(Strict):
    """One pair as it is shown; `class_` and what follows from both figures is null for States."""

    id: str
    year: int
    chemical: str
    schedule: str
    threshold_kg: Decimal
    exporter: str
    importer: str
    sense: Sense
    export: ShownSide
    import_: ShownSide
    class_: str | None = None
    gap_kg: Decimal | None = None
    span_kg: Decimal | None = None
    explanations: list[ShownExplanation] | None = None


class ShownCase(Strict):
    """One case as it is shown to one viewer."""

    number: str
    state: CaseState
    since: dt.date
    due: dt.date | None
    states: list[str]
    pairs: list[ShownPair]
    priority: str | None = None
    restricted: bool | None = None
    cause: str | None = None

    @property
    def tag(self) -> str:
        """The ETag of this view: of what is shown, and of nothing else."""
        return b64u(sha256(canonical_json(self.model_dump(mode="json"))))[:22]


def shown(case: Case, viewer: Viewer, policy: CasePolicy) -> ShownCase | None:
    """Return a case as a viewer may see it, None where it may not know of it."""
    if viewer.state is None:
        return _for_secretariat(case, figures=viewer.figures)
    if case.restricted:
        return None
    pairs = [one for one in case.pairs if viewer.state in one.states]
    if not pairs:
        return None
    return ShownCase(
        number=case.number,
        state=case.state,
        since=case.since,
        due=workflow().due(case.state, case.since),
        states=sorted({state for pair in pairs for state in pair.states}),
        pairs=[_for_state(pair, viewer.state, policy) for pair in pairs],
    )


def shown_all(cases: Iterable[Case], viewer: Viewer, policy: CasePolicy) -> list[ShownCase]:
    """Return those of the cases that a viewer may know of, by number: no order by figures."""
    views = (shown(case, viewer, policy) for case in cases)
    return sorted((view for view in views if view is not None), key=lambda view: view.number)


def _for_secretariat(case: Case, *, figures: bool) -> ShownCase:
    return ShownCase(
        number=case.number,
        state=case.state,
        since=case.since,
        due=workflow().due(case.state, case.since),
        states=list(case.states),
        pairs=[_full(pair) if figures else _facts(pair) for pair in case.pairs],
        priority=str(case.priority),
        restricted=case.restricted,
        cause=case.cause,
    )


def _facts(one: Matched) -> ShownPair:
    """Return a pair without any figure, its class included."""
    pair = one.pair
    export, import_ = (_side(side, is_shown=False) for side in (pair.export, pair.import_))
    return _pair(one, export, import_).model_copy(update={"class_": str(pair.klass)})


def _full(one: Matched) -> ShownPair:
    pair = one.pair
    export, import_ = (_side(side, is_shown=True) for side in (pair.export, pair.import_))
    tried = [
        ShownExplanation(
            kind=str(hypothesis.kind),
            closes=hypothesis.closes,
            third=hypothesis.third,
            related=[key.id for key in hypothesis.related],
        )
        for hypothesis in pair.hypotheses
    ]
    more = {
        "class_": str(pair.klass),
        "gap_kg": pair.gap,
        "span_kg": pair.span,
        "explanations": tried,
    }
    return _pair(one, export, import_).model_copy(update=more)


def _for_state(one: Matched, state: str, policy: CasePolicy) -> ShownPair:
    other = one.other(state)
    is_shown = policy.shows(other.state, one.pair.schedule, one.markings_of(other))
    sides = {
        state: _side(one.side(state), is_shown=True),
        other.state: _side(other, is_shown=is_shown),
    }
    return _pair(one, sides[one.pair.key.exporter], sides[one.pair.key.importer])


def _side(side: Side, *, is_shown: bool) -> ShownSide:
    if not is_shown:
        return ShownSide(
            state=side.state, is_shown=False, has_row=None, kg=None, filed=None, declarations=[]
        )
    return ShownSide(
        state=side.state,
        is_shown=True,
        has_row=side.is_present,
        kg=side.declared_kg,
        filed=side.filed,
        declarations=[f"{d.declaration_id} v{d.version}" for d in side.documents],
    )


def _pair(one: Matched, export: ShownSide, import_: ShownSide) -> ShownPair:
    pair = one.pair
    return ShownPair(
        id=pair.id,
        year=pair.key.year,
        chemical=pair.key.chemical,
        schedule=pair.schedule,
        threshold_kg=pair.threshold,
        exporter=pair.key.exporter,
        importer=pair.key.importer,
        sense=one.sense,
        export=export,
        import_=import_,
    )
