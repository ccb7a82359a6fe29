"""What States declare: one model per kind, told apart by `kind`.

Amounts are decimal strings with a unit, never floats. Blank, zero, nil, not applicable and unknown
are five different things (`Amount`). Rules about what the values mean together are in
`sextant_shared.rules`.
"""

from typing import Annotated

from pydantic import Field, TypeAdapter

from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.heading import Chemical, DeclarationBase
from sextant_shared.models.declaration.national import CountryRow, S2And, S3And
from sextant_shared.models.declaration.nil import Nil
from sextant_shared.models.declaration.ocpf import OcpfAnnual, OcpfSite
from sextant_shared.models.declaration.plant_site import S2Chemical, S2Plant, S2SiteAdpa

Declaration = Annotated[S2And | S3And | S2SiteAdpa | OcpfAnnual | Nil, Field(discriminator="kind")]
DECLARATION: TypeAdapter[Declaration] = TypeAdapter(Declaration)
KINDS = ("S2_AND", "S3_AND", "S2_SITE_ADPA", "OCPF_ANNUAL", "NIL")

__all__ = [
    "DECLARATION",
    "KINDS",
    "Amount",
    "Chemical",
    "CountryRow",
    "Declaration",
    "DeclarationBase",
    "Nil",
    "OcpfAnnual",
    "OcpfSite",
    "S2And",
    "S2Chemical",
    "S2Plant",
    "S2SiteAdpa",
    "S3And",
]
