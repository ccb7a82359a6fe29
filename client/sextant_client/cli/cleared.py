"""`sextant cleared`: which staff of the Secretariat are cleared for this State's information.

Out of letters that were collected and verified: the newest list, and the notices since.
"""

from collections.abc import Iterable
from typing import Any

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.output import table_lines
from sextant_client.received import Received, stored_replies
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.clearances import LIST_SUBJECT, NOTICE_SUBJECT, Cleared, cleared_in
from sextant_shared.models.messages import Correspondence, read_message

_LETTER = "correspondence"
_HEAD = ["no.", "function", "kinds", "up to", "from", "until", "told by"]
Told = tuple[Cleared, str]


def cleared(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """List the Secretariat's staff cleared for your information, as its letters say."""
    run = start(home, as_json=as_json)
    if not run.home.inbox.is_dir():
        raise PlatformError(
            Code.STATE, "nothing was collected into this home", fix="Run `sextant inbox` first."
        )
    found = cleared_by(stored_replies(run.home.inbox), run.home.secretariat)
    rows = [[*_row(one), letter] for one, letter in found]
    lines = table_lines([_HEAD, *rows]) if rows else ["No letter that was collected names anybody."]
    run.output.result({"cleared": [_shown(*each) for each in found]}, lines)


def cleared_by(received: Iterable[Received], secretariat: str) -> list[Told]:
    """Return who is cleared by these letters, oldest letter first, with the letter that says so.

    A list takes the place of all before it; a notice adds one person.
    """
    found: list[Told] = []
    for one in received:
        header = one.header
        if header.from_ != secretariat or header.type != _LETTER or one.flaw():
            continue
        letter = _letter(one)
        if letter is None:
            continue
        if letter.subject.startswith(LIST_SUBJECT):
            found = []
        elif not letter.subject.startswith(NOTICE_SUBJECT):
            continue
        found += [(person, header.id) for person in cleared_in(letter.text)]
    return found


def _letter(received: Received) -> Correspondence | None:
    try:
        found = read_message(_LETTER, received.message())
    except PlatformError:  # a document without a model, such as a scanned letter
        return None
    return found if isinstance(found, Correspondence) else None


def _row(one: Cleared) -> list[str]:
    kinds = " ".join(one.kinds)
    return [str(one.number), one.function, kinds, one.ceiling, one.begins, one.until]


def _shown(one: Cleared, letter: str) -> dict[str, Any]:
    return {**one.model_dump(mode="json"), "letter": letter}
