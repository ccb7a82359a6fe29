"""What States declare: one model per kind, told apart by `kind`.

Quantities are decimal strings with a unit, never floats. Blank, zero, nil, not applicable and
unknown are five different things (`Quantity`). Every field says in its description what it is,
and in brackets which paragraph asks for it. What the values mean together is the business of
`sextant_shared.rules`.
"""

from sextant_shared.models.declaration.catalogue import CATALOGUE, Kind
from sextant_shared.models.declaration.heading import DeclarationBase
from sextant_shared.models.declaration.reading import kind_of, read_declaration, upgrade

KINDS = tuple(CATALOGUE)

__all__ = [
    "CATALOGUE",
    "KINDS",
    "DeclarationBase",
    "Kind",
    "kind_of",
    "read_declaration",
    "upgrade",
]
