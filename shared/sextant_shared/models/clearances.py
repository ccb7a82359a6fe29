"""What a State is told of who is cleared for its information, as lines of a letter.

Responsible for writing these lines and reading them back: a person reads the letter, the State's
command the same lines. Not responsible for who is cleared, nor for the words around the lines.

    line     = "No. " number " | " function " | " kinds " | up to " marking " | " days
    days     = begin " to " end          ; begin is a day, or "30 days after receipt" and the like
    kinds    = kind *(" " kind)
"""

import re
from typing import Annotated

from pydantic import Field

from sextant_shared.models.strict import Strict

LIST_SUBJECT = "Staff cleared for information about "
NOTICE_SUBJECT = "Clearance of a staff member for information about "
MAX_LINES = 150  # of one letter, whose text is bounded
_LINE = re.compile(
    r"No\. (?P<number>[0-9]{1,6}) \| (?P<function>[a-z-]{1,40}) \| (?P<kinds>[A-Z0-9_* ]{1,400})"
    r" \| up to (?P<ceiling>[A-Z_]{1,40}) \| (?P<begins>[0-9a-z -]{1,40}) to"
    r" (?P<until>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)


class Cleared(Strict):
    """One cleared person: function and number, no name. `begins` is a day, or says after what."""

    number: Annotated[int, Field(ge=1, le=999_999)]
    function: Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")]
    kinds: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z0-9_*]+$")]], Field(min_length=1)]
    ceiling: Annotated[str, Field(pattern=r"^[A-Z_]{1,40}$")]
    begins: Annotated[str, Field(pattern=r"^[0-9a-z -]{1,40}$")]
    until: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]

    @property
    def line(self) -> str:
        """The person as a line of a letter."""
        kinds = " ".join(self.kinds)
        days = f"{self.begins} to {self.until}"
        return f"No. {self.number} | {self.function} | {kinds} | up to {self.ceiling} | {days}"


def cleared_in(text: str) -> list[Cleared]:
    """Return the persons whom the lines of a letter name; other lines are words."""
    found = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return [
        Cleared(
            number=int(one["number"]),
            function=one["function"],
            kinds=one["kinds"].split(),
            ceiling=one["ceiling"],
            begins=one["begins"],
            until=one["until"],
        )
        for one in found
        if one is not None and one["kinds"].split()
    ]
