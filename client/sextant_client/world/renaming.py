"""A site that goes by another code and name from one year on, of which nothing is said."""

import re
from collections.abc import Sequence
from typing import Any

from sextant_client.world.differing import differing
from sextant_client.world.faults import Fault
from sextant_client.world.heading import Filing, Struck

_CODED = ("plant_site_code", "plant_code")


def rename_sites(filings: Sequence[Filing], faults: Sequence[Fault]) -> None:
    """Rename sites in all that is filed on them: to the code `other` and the name `text`."""
    for fault in faults:
        for filing in filings:
            if filing.site == fault.site and "plant_site_code" in filing.body:
                body = {**_renamed(filing.body, fault), "name": fault.text}
                filing.struck.append(Struck(fault, list(differing(filing.body, body))))
                filing.body = body


def other_name(name: str, other_end: str) -> str:
    """Return a name of a site as somebody else writes it, with another last word."""
    return re.sub(r"\w+$", other_end, name)


def _renamed(value: Any, fault: Fault) -> Any:
    if isinstance(value, dict):
        return {
            name: fault.other + inner.removeprefix(fault.site)
            if name in _CODED
            else _renamed(inner, fault)
            for name, inner in value.items()
        }
    return [_renamed(inner, fault) for inner in value] if isinstance(value, list) else value
