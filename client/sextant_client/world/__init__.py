"""A made-up world of States, with an answer key: test bed of analyses, benchmarks and sandboxes.

`make_world` gives the truth and the faults that will be planted, `documents` yields what all States
declare of it, `write_world` lays it down in a folder. Everything follows from a seed, on any
machine. All States, companies, places and amounts are invented; codes are those that ISO
3166 leaves to users.
"""

from sextant_client.world.derive import Document, documents, documents_of
from sextant_client.world.making import make_world
from sextant_client.world.truth import World, WorldPlan
from sextant_client.world.writing import Written, write_world

__all__ = [
    "Document",
    "World",
    "WorldPlan",
    "Written",
    "documents",
    "documents_of",
    "make_world",
    "write_world",
]
