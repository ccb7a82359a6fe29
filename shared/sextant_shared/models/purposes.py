"""Why declared content is read: the coded purposes, as `purposes.json` lists them.

The list is the Secretariat's own, not the Convention's: a code and what it means, in one data file
that the service, its API description and the command read alike.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator

EXAMINATION = "examination"
CLARIFICATION = "clarification"
ANALYSIS = "analysis"
PURPOSE_HEADER = "Access-Purpose"

_FILE = files("sextant_shared.models") / "purposes.json"
PURPOSES: Mapping[str, str] = json.loads(_FILE.read_text("utf-8"))


def known_purpose(code: str) -> str:
    """Return the code of a purpose as it is.

    Raises:
        ValueError: for a code that is not in the list, with the list.
    """
    if code not in PURPOSES:
        raise ValueError(f"is none of the purposes: {', '.join(PURPOSES)}")
    return code


Purpose = Annotated[str, AfterValidator(known_purpose)]
