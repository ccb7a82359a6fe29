"""Walks a declaration: chemicals, amounts, country rows and State codes with their pointers."""

from collections.abc import Iterator, Sequence

from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.amount import Quantity
from sextant_shared.models.declaration.chemical import Chemical
from sextant_shared.models.declaration.national import CountryRow, S2And, S2Record, S3And, S3Record
from sextant_shared.models.declaration.ocpf import OcpfAnnual
from sextant_shared.models.declaration.schedule2 import S2Chemical, S2Plant, S2SiteAdpa

_AMOUNTS = ("produced", "processed", "consumed", "imported", "exported", "capacity")


def chemicals(declaration: DeclarationBase) -> Iterator[tuple[str, Chemical]]:
    """Yield every chemical with its pointer."""
    for pointer, record in records(declaration):
        yield f"{pointer}/chemical", record.chemical
    for pointer, row in site_chemicals(declaration):
        yield f"{pointer}/chemical", row.chemical


def records(declaration: DeclarationBase) -> Iterator[tuple[str, S2Record | S3Record]]:
    """Yield every record of aggregate national data with its pointer."""
    found: Sequence[S2Record | S3Record] = ()
    if isinstance(declaration, S2And | S3And):
        found = declaration.records
    for i, record in enumerate(found):
        yield f"/records/{i}", record


def plants(declaration: DeclarationBase) -> Iterator[tuple[str, S2Plant]]:
    """Yield every Schedule 2 plant with its pointer."""
    if isinstance(declaration, S2SiteAdpa):
        for i, plant in enumerate(declaration.plants):
            yield f"/plants/{i}", plant


def site_chemicals(declaration: DeclarationBase) -> Iterator[tuple[str, S2Chemical]]:
    """Yield every chemical row of a plant site with its pointer."""
    for pointer, plant in plants(declaration):
        for j, row in enumerate(plant.chemicals):
            yield f"{pointer}/chemicals/{j}", row


def amounts(declaration: DeclarationBase) -> Iterator[tuple[str, Quantity]]:
    """Yield every amount that is there with its pointer."""
    for pointer, record in records(declaration):
        yield from _named(record, pointer)
    for pointer, _, row in country_rows(declaration):
        if row.quantity is not None:
            yield f"{pointer}/quantity", row.quantity
    for pointer, chemical in site_chemicals(declaration):
        yield from _named(chemical, pointer)
        for k, earlier in enumerate(chemical.earlier):
            yield from _named(earlier, f"{pointer}/earlier/{k}")


def country_rows(declaration: DeclarationBase) -> Iterator[tuple[str, str, CountryRow]]:
    """Yield every import and export row: pointer, direction, row."""
    for pointer, record in records(declaration):
        for direction, rows in (("imports", record.imports), ("exports", record.exports)):
            for j, row in enumerate(rows):
                yield f"{pointer}/{direction}/{j}", direction, row


def state_codes(declaration: DeclarationBase) -> Iterator[tuple[str, str]]:
    """Yield every State code but the declaring one, with its pointer."""
    for pointer, _, row in country_rows(declaration):
        yield f"{pointer}/state_code", row.state_code
    for pointer, chemical in site_chemicals(declaration):
        for k, purpose in enumerate(chemical.purposes):
            for n, code in enumerate(purpose.states):
                yield f"{pointer}/purposes/{k}/states/{n}", code


def addresses(declaration: DeclarationBase) -> Iterator[tuple[str, str]]:
    """Yield the country of every address with its pointer."""
    if isinstance(declaration, S2SiteAdpa):
        yield "/address/country", declaration.address.country
    if isinstance(declaration, OcpfAnnual):
        for i, site in enumerate(declaration.sites):
            yield f"/sites/{i}/address/country", site.address.country


def _named(owner: object, pointer: str) -> Iterator[tuple[str, Quantity]]:
    for name in _AMOUNTS:
        amount = getattr(owner, name, None)
        if amount is not None:
            yield f"{pointer}/{name}", amount
