"""Nil declarations: for what a State had nothing to declare, if it is one that says so."""

from collections.abc import Iterable, Iterator

from sextant_client.world import dues
from sextant_client.world.heading import Filing, received_on
from sextant_client.world.profiles import Profile

_SCOPES = {
    "S1": ("S1_SSSF_ADPA", "S1_OTHER_ADPA", "S1_TRANSFER_ANNUAL"),
    "S2": ("S2_SITE_ADPA",),
    "S3": ("S3_SITE_ADPA",),
    "OCPF": ("OCPF_ANNUAL",),
    "AND_S2": ("S2_AND",),
    "AND_S3": ("S3_AND",),
}


def file_nil(profile: Profile, seed: int, year: int, kinds: Iterable[str]) -> Iterator[Filing]:
    """Yield the nil declaration of a year over everything that is none of `kinds`."""
    filed = set(kinds)
    scope = [name for name, closed_by in _SCOPES.items() if not filed & set(closed_by)]
    if scope and profile.sends_nil:
        due = dues.after_year("NIL", year)
        received = received_on(seed, profile, "NIL", due, "")
        yield Filing("NIL", year, {"scope": scope}, due, received, "NIL")
