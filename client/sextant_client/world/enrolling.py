"""Enrols the States of a world on a sandbox: fresh keys, a home, and a registrar's signature.

It needs what a registrar has: a home with its signature and access keys, its client id at the
exchange, and a platform whose threshold is one registrar. Where the services are and what is pinned
is taken from the home of a party that is enrolled already.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sextant_client.enrolment import (
    countersign,
    enrol,
    read_request,
    request_enrolment,
    write_request,
)
from sextant_client.home import Home, write_file
from sextant_client.session import Session, transport_of
from sextant_client.world.loading import PARTY_PREFIX
from sextant_shared.clock import Clock, system_clock
from sextant_shared.models.party import KeyUse


@dataclass(frozen=True, slots=True)
class Registrar:
    """Who countersigns and enrols: the registrar's home and its client id at the exchange."""

    home: Home
    client_id: str


def enrol_states(
    states: Sequence[str],
    registrar: Registrar,
    pattern: Home,
    folder: Path,
    clock: Clock = system_clock,
) -> Iterator[tuple[str, Home]]:
    """Enrol States one after another; yield each with its new home in `folder`.

    A home that is there already keeps its keys and request, so that a run that was broken off can
    be repeated.

    Raises:
        PlatformError: `E_KEY` for a registrar's home without keys; what the exchange refuses with.
    """
    config = pattern.config()
    session = Session(
        config.exchange,
        client_id=registrar.client_id,
        signer=registrar.home.keys.api_signer(),
        transport=transport_of(config),
    )
    pair = registrar.home.keys.pair(KeyUse.SIG)
    try:
        for state in states:
            party = f"{PARTY_PREFIX}{state}"
            home = Home(folder / party)
            if not (home.path / "keys").exists():
                for use in (KeyUse.ROOT, KeyUse.SIG, KeyUse.SEAL, KeyUse.API):
                    home.keys.generate(use, profile="S1", kem="K2")
            path = home.path / "enrolment.json"
            if not path.exists():
                name = f"National Authority of {state} (synthetic)"
                request = request_enrolment(home.keys, party, name, clock)
                write_request(path, countersign(request, pair))
            enrol(session, party, read_request(path))
            client_id = f"{party}/submit-1"
            home.write_config(config.model_copy(update={"party": party, "client_id": client_id}))
            write_file(home.path / "trust.json", (pattern.path / "trust.json").read_bytes())
            yield state, home
    finally:
        session.close()
