"""What the years lack that declarations report on: documents that are not there.

A year can be judged only beside the year before: what came then shows what comes again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.rules import Report, check_filings, rule_pack_id
from sextant_shared.rules.filings import Filings


@dataclass(frozen=True)
class YearChecked:
    """A reported year of a State: what the rules say of it, if it could be judged."""

    state: str
    year: int
    report: Report | None

    @property
    def name(self) -> str:
        """What people call it."""
        return f"the year {self.year} of {self.state}"


def check_years(reported: Iterable[DeclarationBase], filings: Filings) -> list[YearChecked]:
    """Return the years on whose past something is reported, with what `filings` lack for them.

    `filings` hold what is reported, too. A year has no report when of the year before nothing is
    known.
    """
    years = {(one.state_code, one.year) for one in reported if one.about.period == "past"}
    return [
        YearChecked(state, year, _report(filings, state, year)) for state, year in sorted(years)
    ]


def _report(filings: Filings, state: str, year: int) -> Report | None:
    if not any(filings.filed(DeclarationBase, state, year - 1)):
        return None
    found = tuple(
        finding for finding in check_filings(filings, year) if dict(finding.args)["state"] == state
    )
    must_fix = any(finding.severity is Severity.MUST_FIX for finding in found)
    return Report(None, found, "RETURNED" if must_fix else "REGISTERED", rule_pack_id(), None)
