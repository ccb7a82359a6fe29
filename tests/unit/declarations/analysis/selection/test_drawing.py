"""The draw: caps hold, the list can be repeated anywhere, and each pick says why."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_declarations.analysis.selection.drawing import Caps, Stream, draw, score, state_cap
from sextant_declarations.analysis.selection.model import (
    Candidate,
    Done,
    Regime,
    Selection,
    Snapshot,
)
from sextant_declarations.analysis.selection.policy import SelectionPolicy, selection_policy

POLICY, DIGEST = selection_policy()
SEED = "5e" * 32


def site(n: int, regime: Regime = "OCPF", state: str = "XAL", **changes: object) -> Candidate:
    given: dict[str, object] = {
        "regime": regime,
        "state": state,
        "code": f"{state}-PS-{n:04d}",
        "name": f"Site {n}",
        "inspectable": True,
        "declaration_id": f"{state}-{n}",
        "version": 1,
        "year": 2025,
        "features": {"plants": n % 4, "never-inspected": ["yes"]},
    }
    return Candidate.model_validate({**given, **changes})


def inputs(*candidates: Candidate, done: tuple[Done, ...] = ()) -> Snapshot:
    return Snapshot(year=2026, known_by="9999", candidates=[*candidates], done=[*done])


def drawn(found: Snapshot, seed: str = SEED, **wanted: int) -> Selection:
    return draw(
        found, seed, {key: n for key, n in wanted.items() if key in REGIMES}, POLICY, DIGEST
    )


GOLDEN = [
    "XBO-PS-0039 0.250000",
    "XBO-PS-0038 0.366667",
    "XAL-PS-0032 0.166667",
    "XAL-PS-0014 0.011111",
    "XAL-PS-0025 0.011367",
    "XBO-PS-0004 0.011234",
    "XAL-PS-0001 0.011706",
    "XBO-PS-0021 0.017098",
]
REGIMES: tuple[Regime, ...] = ("S1", "S2", "S3", "OCPF")
MANY = inputs(
    *(site(n, "OCPF", state) for state in ("XAL", "XBO", "XCC") for n in range(30)),
    *(site(n, "S3", "XAL") for n in range(30, 36)),
    *(site(n, "S2", "XBO") for n in range(36, 40)),
)


@pytest.mark.parametrize(
    ("sites", "cap"), [(0, 3), (19, 3), (20, 4), (39, 4), (40, 5), (340, 20), (500, 20)]
)
def test_the_cap_of_a_state_is_three_and_five_per_cent_and_never_above_twenty(
    sites: int, cap: int
) -> None:
    assert state_cap(sites, POLICY) == cap


@pytest.mark.parametrize(("way", "cap"), [("floor", 3), ("nearest", 4), ("ceiling", 4)])
def test_how_five_per_cent_are_rounded_is_policy(way: str, cap: int) -> None:
    rounding = POLICY.rounding.model_copy(update={"percent": way})
    assert state_cap(15, POLICY.model_copy(update={"rounding": rounding})) == cap


def test_a_site_under_both_parts_counts_once_or_twice_as_the_policy_says() -> None:
    both = inputs(site(1, "S3"), site(1, "OCPF"))
    assert Caps.of(both, POLICY).views["XAL"].sites == 1
    rounding = POLICY.rounding.model_copy(update={"both_parts": "twice"})
    twice = POLICY.model_copy(update={"rounding": rounding})
    assert Caps.of(both, twice).views["XAL"].sites == 2


def test_a_site_below_its_threshold_is_never_drawn_and_counts_towards_the_cap() -> None:
    found = inputs(*(site(n, inspectable=n == 7) for n in range(40)))
    selection = drawn(found, OCPF=5)
    assert [pick.code for pick in selection.picks] == ["XAL-PS-0007"]
    assert selection.caps[0].cap == 5


def test_a_site_inspected_twice_this_year_is_not_drawn_a_third_time() -> None:
    done = (Done(regime="S2", state="XAL", code="XAL-PS-0001", year=2026),) * 2
    selection = drawn(inputs(site(1, "S2"), site(2, "S2"), done=done), S2=2)
    assert [pick.code for pick in selection.picks] == ["XAL-PS-0002"]
    assert selection.lists[0].at_site_cap == 1


def test_inspections_of_other_years_use_up_no_cap() -> None:
    done = (Done(regime="S2", state="XAL", code="XAL-PS-0001", year=2025),) * 2
    assert len(drawn(inputs(site(1, "S2"), done=done), S2=1).picks) == 1


def test_a_state_is_never_drawn_beyond_its_cap_over_both_parts_together() -> None:
    done = (Done(regime="S3", state="XAL", code="XAL-PS-0030", year=2026),)
    selection = drawn(
        Snapshot(**{**MANY.model_dump(), "done": [one.model_dump() for one in done]}),
        S3=6, OCPF=60,
    )  # fmt: skip
    counted = Counter(pick.state for pick in selection.picks if pick.regime != "S2")
    assert counted["XAL"] == 3  # 36 sites: a cap of 4, of which one is used
    assert all(view.used <= view.cap for view in selection.caps)
    assert len(selection.picks) == sum(view.cap for view in selection.caps) - 1


def test_the_same_inputs_and_seed_give_the_same_list_and_this_one_on_any_machine() -> None:
    first, again = (drawn(MANY, S2=2, S3=1, OCPF=5) for _ in range(2))
    assert first == again
    assert MANY.digest == ("3ba9a7186ac593f83bd2a949df2d45f809f25b4754e9e7eb88419dcabd8d8371")
    assert [f"{pick.code} {pick.probability}" for pick in first.picks] == GOLDEN


def test_another_seed_or_one_more_site_gives_another_list() -> None:
    first = drawn(MANY, OCPF=5).picks
    assert drawn(MANY, "5f" * 32, OCPF=5).picks != first
    more = Snapshot.model_validate(
        {**MANY.model_dump(), "candidates": [*MANY.model_dump()["candidates"],
                                             site(99, "S1", "XDD").model_dump()]}
    )  # fmt: skip
    assert drawn(more, OCPF=5).picks != first


def test_the_compulsory_random_share_is_drawn_first_and_rounded_up() -> None:
    picks = drawn(MANY, OCPF=6).picks
    assert [pick.drawn for pick in picks] == ["random"] * 2 + ["weighted"] * 4
    assert [pick.probability for pick in picks[:2]] == ["0.011111", "0.011236"]


def test_each_pick_says_its_score_part_by_part() -> None:
    selection = drawn(MANY, S2=2, OCPF=2)
    by_code = {(one.regime, one.code): one for one in MANY.candidates}
    for pick in selection.picks:
        points, parts = score(by_code[pick.regime, pick.code], POLICY.regimes[pick.regime])
        assert (pick.score, pick.parts) == (points, parts)
        assert sum(part.points for part in pick.parts) == pick.score
        assert pick.parts[0].name == "base"


def test_states_with_many_sites_are_drawn_more_often_but_not_in_proportion() -> None:
    found = inputs(*(site(n, state="XAL") for n in range(100)), site(1, state="XBO"))
    root = POLICY.regimes["OCPF"]
    plain = POLICY.model_copy(
        update={"random_share": POLICY.random_share.model_copy(update={"percent": 0})}
    )
    assert root.by_state == "root"
    picks = [
        draw(found, f"{n:064x}", {"OCPF": 1}, plain, DIGEST).picks[0].state for n in range(220)
    ]
    assert 8 <= picks.count("XBO") <= 35  # one in eleven


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 10**30), st.binary(min_size=32, max_size=32))
def test_numbers_are_below_their_bound(bound: int, seed: bytes) -> None:
    assert 0 <= Stream(seed, b"").below(bound) < bound


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(("XAL", "XBO")),
                       st.sampled_from(REGIMES), st.booleans()),
             max_size=25, unique_by=lambda one: one[:3]),
    st.integers(0, 2**256 - 1), st.integers(0, 12),
)  # fmt: skip
def test_no_draw_breaks_a_cap_or_takes_a_site_twice(
    given_sites: list[tuple[int, str, Regime, bool]], seed: int, wanted: int
) -> None:
    found = inputs(*(site(n, r, s, inspectable=ok) for n, s, r, ok in given_sites))
    selection = drawn(found, f"{seed:064x}", S1=wanted, S2=wanted, S3=wanted, OCPF=wanted)
    places = [(pick.regime, pick.state, pick.code) for pick in selection.picks]
    assert len(places) == len(set(places))
    assert all(view.used <= view.cap for view in selection.caps)
    assert [pick.n for pick in selection.picks] == list(range(1, len(places) + 1))


def test_the_policy_marks_what_it_rests_on() -> None:
    policy: SelectionPolicy = POLICY
    assert (policy.site_cap.mark, policy.rounding.mark) == ("T", "U")
    assert {part.why for one in policy.regimes.values() for part in one.parts}.isdisjoint({""})
