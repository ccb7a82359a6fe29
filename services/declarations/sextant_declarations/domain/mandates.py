"""The mandate package: what is known of the site on the day of the plan, for who carries it out.

Planners read it, and inspectors with leave that has not ended. When the inspection is over nobody
reads it any more. Each reading is an access.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sextant_declarations.analysis.inspection.life import inspection_life
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.history import known_until
from sextant_declarations.domain.identities import Identities
from sextant_declarations.domain.inspecting import SiteName, StoredInspection
from sextant_declarations.domain.inspection_views import marking_of
from sextant_declarations.domain.inspections import PLANNER, Inspections
from sextant_declarations.domain.reports import named_sites
from sextant_declarations.domain.sited import Sited
from sextant_shared.clock import Clock, timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict
from sextant_shared.rules.filings import document_of, effective


class MandateDocument(Strict):
    """A declaration about the site, as it held on the day; `declaration` is the register's id."""

    declaration: str
    declaration_id: str
    version: int
    kind: str
    year: int
    document: dict[str, Any]


class MandatePackage(Strict):
    """All that held of the site, as it was known on a day; `codes` were confirmed to be it."""

    number: str
    site: SiteName
    codes: list[str]
    known_on: dt.date
    marking: str
    documents: list[MandateDocument]


@dataclass(frozen=True)
class Mandates:
    """The use cases of mandate packages."""

    inspections: Inspections
    identities: Identities
    sited: Sited
    clock: Clock

    async def read(self, number: str, reader: Reader) -> MandatePackage:
        """Return the package, once the access is stored.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_FORBIDDEN` for an inspector whose leave has ended, or
                who never had any; `E_STATE` when the inspection is over.
        """
        one = await self._open(number, reader)
        until = known_until(one.known_on)
        codes = await self.identities.codes(one.state, one.code)
        filings = await self.sited.rows.of_sites(one.state, codes, until)
        access = await self.sited.admit(filings, reader, Gives.MANDATE)
        read = await self.sited.read(filings, access)
        ids = {filing.filed.declaration_id: filing.declaration for filing, _ in read}
        held = effective(said for _, said in read).values()
        named = [(said, dict(named_sites(said))) for said in held]
        about = [said for said, names in named if not names.keys().isdisjoint(codes)]
        about.sort(key=lambda said: (said.year, said.kind, said.declaration_id))
        return MandatePackage(
            number=one.number,
            site=SiteName(state=one.state, code=one.code),
            codes=codes,
            known_on=dt.date.fromisoformat(one.known_on),
            marking=marking_of(one.status),
            documents=[
                MandateDocument(
                    declaration=ids[said.declaration_id],
                    declaration_id=said.declaration_id,
                    version=said.version,
                    kind=said.kind,
                    year=said.year,
                    document=document_of(said),
                )
                for said in about
            ],
        )

    async def _open(self, number: str, reader: Reader) -> StoredInspection:
        """Return the inspection whose package this reader may read now."""
        one = await self.inspections.rows.inspection(number)
        grants = await self.inspections.rows.grants(one.id) if one else []
        held = next((each for each in grants if each.client == reader.client), None)
        if one is None or (reader.role != PLANNER and held is None):
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no mandate {number[:64]} for {reader.client}",
                fix="Ask a planner for leave: `sextant officer inspection grant`.",
            )
        if one.status in inspection_life().final:
            raise PlatformError(Code.STATE, f"{number} is {one.status}: its package is closed")
        now = timestamp_ms(self.clock())
        if reader.role != PLANNER and held is not None and held.until < now:
            raise PlatformError(
                Code.FORBIDDEN,
                "the leave to read this package has ended",
                expected=f"at most {held.until}",
                received=now,
                fix="Ask a planner for leave until a later day.",
            )
        return one
