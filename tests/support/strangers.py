"""What a stranger's program is given: a party's seeds, and how to reach the exchange."""

import json
from pathlib import Path
from typing import Any

from deploy.local.stack import Stack
from sextant_client.home import Home
from sextant_shared.models.party import KeyUse


def network_options(stack: Stack, party: str, folder: Path) -> list[str | Path]:
    """Write the party's keys into `folder`; return the options of commands that use a network."""
    home = Home(stack.home(party))
    keys = {use: _seeds(home, KeyUse(use)) for use in ("api", "sig", "seal")}
    path = folder / f"{party}.json"
    path.write_text(json.dumps(keys), encoding="utf-8")
    options: dict[str, str | Path] = {
        "exchange": stack.services["exchange"].url,
        "party": party,
        "client": f"{party}/submit-1",
        "keys": path,
        "trust": stack.trust_file,
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _seeds(home: Home, use: KeyUse) -> list[dict[str, Any]]:
    return [
        {"alg": str(key.key.alg), "seed": (key.key.seed or b"").hex()}
        for key in home.keys.of_use(use)
    ]
