"""Whether words that an officer wrote would tell a State the figure of the other.

A guard beside the rule, not the rule: what is made from a view (`disclosure`) needs none. It finds
a figure however its digits are grouped, in tonnes, kilograms or grams. Words it does not read.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

from sextant_declarations.analysis.cases.disclosure import ShownCase
from sextant_declarations.analysis.cases.model import Case

_NUMBER = re.compile(r"\d(?:[\d.,'\u00a0\u202f\u2009 ]*\d)?")
_NO_DIGIT = re.compile(r"\D")
_LEAST_DIGITS = 2  # a single digit stands in every second sentence
_FACTORS = (0, -3, 3)


def withheld(case: Case, view: ShownCase) -> set[Decimal]:
    """Return the figures of a case that the reader of this view is not shown."""
    shown = {
        side.kg for pair in view.pairs for side in (pair.export, pair.import_) if side.is_shown
    }
    said = {
        figure
        for one in case.pairs
        for figure in (one.pair.export.kg, one.pair.import_.kg, one.pair.gap, one.pair.span)
        if figure
    }
    return said - shown


def tells(text: str, figures: Iterable[Decimal]) -> bool:
    """Return whether a text holds one of these figures."""
    digits = {_digits(figure.scaleb(factor)) for figure in figures for factor in _FACTORS}
    wanted = {one for one in digits if len(one) >= _LEAST_DIGITS}
    return any(_NO_DIGIT.sub("", found) in wanted for found in _NUMBER.findall(text))


def _digits(figure: Decimal) -> str:
    return _NO_DIGIT.sub("", f"{figure.normalize():f}")
