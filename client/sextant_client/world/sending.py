"""Faults of sending: what is never sent, and what is sent long after its day."""

import datetime as dt
from collections.abc import Sequence

from sextant_client.world import faults as kinds
from sextant_client.world.faults import Fault
from sextant_client.world.heading import Filing, Struck

ADDITIONAL = ("S2_ADDITIONAL", "S3_ADDITIONAL")
PAST = ("S2_SITE_ADPA", "S3_SITE_ADPA")
AHEAD = ("S2_SITE_ADAA", "S3_SITE_ADAA")
LISTS = ("S2_AND", "S3_AND", "OCPF_ANNUAL", "X4_PROTECTIVE")


def send(filings: Sequence[Filing], faults: Sequence[Fault]) -> None:
    """Let faults of sending strike; `other` of a fault is the kind, `site` the site if there is."""
    for fault in faults:
        for filing in filings:
            if (filing.kind, filing.site) == (fault.other, fault.site):
                late = fault.kind in {kinds.LATE_FILING, kinds.S1_NOTICE_LATE}
                filing.received = filing.due + dt.timedelta(fault.factor) if late else None
                filing.struck.append(Struck(fault, ()))
