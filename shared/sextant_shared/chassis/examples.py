"""Bodies as callers would send them, put beside each operation of the API document.

A room lists its own in `routes/examples.py`, by the name of the operation, and its app says them of
itself (`application.About`). They are instances of the models that read them, so one that does not
fit stops every test of its room. They stand with the operations and not in the models: what is
published is then in one place whoever reads the body, the framework or the route itself; a model
that several operations take says something else in each; and the domain carries no samples.

All of it is made up: `DECLARED` and its like are names that no platform gives.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

JSON = "application/json"
Examples = Mapping[str, Mapping[str, BaseModel]]
"""By the name of the operation: bodies, each under a few words that say what it is for."""
DECLARED = "0199f6a2-5c40-7d3e-9a71-2b8c4e6f1a05"
"""The envelope of a State's declaration."""


def show(document: dict[str, Any], examples: Examples) -> None:
    """Put the bodies beside their operations; only what was given is shown, not the defaults."""
    for item in document["paths"].values():
        for operation in item.values():
            for name, body in examples.get(operation["operationId"], {}).items():
                content = operation["requestBody"]["content"][JSON]
                content.setdefault("examples", {})[name] = {"value": as_sent(body)}


def as_sent(body: BaseModel) -> Any:
    """Return a body as JSON, without what its sender leaves out."""
    return body.model_dump(mode="json", by_alias=True, exclude_unset=True)
