"""Lines of a letter about who is cleared: what is written is read, and words are no lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_shared.models.clearances import Cleared, cleared_in

ONE = Cleared(
    number=7,
    function="transfer-analyst",
    kinds=["S2_AND", "S1_TRANSFER_*"],
    ceiling="OPCW_PROTECTED",
    begins="2027-03-31",
    until="2027-12-31",
)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Questions reach us by correspondence.",
        ONE.line.replace("No. 7", "No. x"),
        ONE.line.replace(" | up to", ", up to"),
        ONE.line.replace("2027-12-31", "for ever"),
        ONE.line + " and more",
    ],
)
def test_what_is_no_line_names_nobody(line: str) -> None:
    assert cleared_in(line) == []


@settings(max_examples=30)
@given(
    st.lists(
        st.builds(
            Cleared,
            number=st.integers(1, 999_999),
            function=st.sampled_from(["evaluator", "inspector"]),
            kinds=st.lists(st.sampled_from(["S2_*", "*", "NIL"]), min_size=1, max_size=3),
            ceiling=st.sampled_from(["UNCLASSIFIED", "OPCW_HIGHLY_PROTECTED"]),
            begins=st.sampled_from(["2027-01-01", "30 days after receipt"]),
            until=st.dates().map(lambda day: day.isoformat()),
        ),
        max_size=3,
    )
)
def test_what_is_written_among_words_is_read(told: list[Cleared]) -> None:
    text = "\n".join(["We give notice.", *(one.line for one in told), "Yours"])
    assert cleared_in(text) == told
