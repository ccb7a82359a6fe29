"""The words that a person reads when a proof, policy or request is refused: `proofs.json`.

Each is [code, detail, expected, received, fix]. Changing a sentence means changing it there too.
"""

import json
from pathlib import Path
from typing import Any


def load_words(section: str) -> dict[str, Any]:
    """Return what is said in one section, by the name of the case."""
    file = Path(__file__).with_name("proofs.json")
    words: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return words[section]
