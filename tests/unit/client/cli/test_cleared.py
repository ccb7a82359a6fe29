"""`sextant cleared`: the newest list counts, notices since add to it, others' letters do not."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sextant_client.cli.cleared import cleared_by
from sextant_client.received import Received
from sextant_shared.encoding import canonical_json
from sextant_shared.models.clearances import LIST_SUBJECT, NOTICE_SUBJECT, Cleared


def person(number: int) -> Cleared:
    return Cleared(
        number=number,
        function="evaluator",
        kinds=["S2_*"],
        ceiling="OPCW_PROTECTED",
        begins="2027-03-31",
        until="2027-12-31",
    )


@dataclass
class Letter:
    """A stored letter, as far as the command looks at it."""

    subject: str
    numbers: tuple[int, ...]
    sender: str = "SEC"
    type: str = "correspondence"

    @property
    def header(self) -> Any:
        return SimpleNamespace(from_=self.sender, type=self.type, id=f"letter {self.numbers}")

    def flaw(self) -> str:
        return ""

    def message(self) -> bytes:
        text = "\n".join(["Dear colleagues,", *(person(n).line for n in self.numbers)])
        letter = {"v": 1, "type": "correspondence", "subject": self.subject, "text": text}
        return canonical_json(letter)


LIST, NOTICE = f"{LIST_SUBJECT}XAL, on a day", f"{NOTICE_SUBJECT}XAL"


@pytest.mark.parametrize(
    ("letters", "numbers"),
    [
        ([], []),
        ([Letter(NOTICE, (1,)), Letter(NOTICE, (2,))], [1, 2]),
        ([Letter(NOTICE, (1,)), Letter(LIST, (3, 4)), Letter(NOTICE, (5,))], [3, 4, 5]),
        ([Letter(LIST, (3,)), Letter(LIST, ())], []),
        ([Letter(LIST, (3,), sender="NA-XBO")], []),
        ([Letter("Staff", (3,))], []),
        ([Letter(LIST, (3,), type="consultation.request")], []),
    ],
    ids=[
        "no letters",
        "notices add up",
        "a list takes the place of what was before",
        "an empty list empties it",
        "another party's letter",
        "a letter about something else",
        "another type",
    ],
)
def test_the_newest_list_and_the_notices_since_count(
    letters: list[Letter], numbers: list[int]
) -> None:
    found = cleared_by(cast("list[Received]", letters), "SEC")
    assert [one.number for one, _ in found] == numbers
