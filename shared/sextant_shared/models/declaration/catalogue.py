"""Every kind of declaration with its model; a kind is added by naming its model here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from sextant_shared.models.declaration import (
    article3,
    article4,
    article5,
    article10,
    filing,
    found,
    national,
    notifications,
    ocpf,
    schedule1,
    schedule2,
    schedule3,
)
from sextant_shared.models.declaration.heading import About, DeclarationBase

_SCHEDULE_1 = (
    schedule1.SssfInitial,
    schedule1.SssfChange,
    schedule1.SssfAdpa,
    schedule1.SssfAdaa,
    schedule1.OtherInitial,
    schedule1.OtherChange,
    schedule1.OtherAdpa,
    schedule1.OtherAdaa,
    schedule1.S1TransferNotif,
    schedule1.S1TransferNotifStx,
    schedule1.S1TransferAnnual,
)
_SCHEDULE_2 = (
    national.S2And,
    schedule2.S2SiteInitial,
    schedule2.S2SiteAdpa,
    schedule2.S2SiteAdaa,
    schedule2.S2Additional,
    schedule2.S2PastCw,
)
_SCHEDULE_3 = (
    national.S3And,
    schedule3.S3SiteInitial,
    schedule3.S3SiteAdpa,
    schedule3.S3SiteAdaa,
    schedule3.S3Additional,
    schedule3.S3PastCw,
)
_OTHER_FACILITIES = (ocpf.OcpfInitial, ocpf.OcpfAnnual)
_WEAPONS = (
    article3.A3Cw,
    article3.A3CwTransfers,
    article3.A3CwGeneralPlan,
    found.A3Ocw,
    found.OcwDiscovery,
    found.A3AcwTerritorial,
    found.A3AcwAbandoning,
    found.AcwDiscovery,
    article5.A3Cwpf,
    article3.A3OtherFacility,
    article3.A3Rca,
)
_DESTRUCTION = (
    article4.A4AnnualPlan,
    article4.A4AnnualReport,
    article4.A490DayReport,
    article4.A4Certificate,
    article4.A4FacilityInfo,
    article5.A5Closure,
    article5.A5DetailedPlan,
    article5.A5AnnualPlan,
    article5.A5AnnualReport,
    article5.A5Certificate,
    article5.A5ConvertedAnnual,
)
_STANDING = (
    article10.X4Protective,
    article10.X7Assistance,
    notifications.NaDesignation,
    notifications.A7Measures,
    notifications.Poe,
    notifications.DiploClearance,
    notifications.InspectorResponse,
    notifications.InspectorObjection,
)
_FILINGS = (
    filing.Nil,
    filing.Amendment,
    filing.Withdrawal,
    filing.LateNotice,
    filing.ClarificationReply,
)
_MODELS: tuple[type[DeclarationBase], ...] = (
    *_SCHEDULE_1,
    *_SCHEDULE_2,
    *_SCHEDULE_3,
    *_OTHER_FACILITIES,
    *_WEAPONS,
    *_DESTRUCTION,
    *_STANDING,
    *_FILINGS,
)


@dataclass(frozen=True)
class Kind:
    """A kind of declaration: `id`, its model, and what is known of it beside its fields."""

    id: str
    model: type[DeclarationBase]
    about: About

    @property
    def schema(self) -> str:
        """The id of the newest version of its schema, such as `sextant.s2-and/1`."""
        return f"{self.schema_stem}{self.about.version}"

    @property
    def schema_stem(self) -> str:
        """The id without the version."""
        return f"sextant.{self.id.lower().replace('_', '-')}/"

    @cached_property
    def title(self) -> str:
        """What people call it: the first line of the model's description."""
        return (self.model.__doc__ or self.id).strip().splitlines()[0].rstrip(".")


def _kind_of(model: type[DeclarationBase]) -> Kind:
    (kind,) = get_args(model.model_fields["kind"].annotation)
    return Kind(kind, model, model.about)


CATALOGUE: Mapping[str, Kind] = {kind.id: kind for kind in map(_kind_of, _MODELS)}
