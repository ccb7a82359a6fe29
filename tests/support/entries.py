"""One entry of each type, made from the forms of its members."""

from typing import Any, get_args

from sextant_shared.models.entries import Entry
from tests.support.logs import INSTANT, envelope_id, log_keys, random128

_DIGEST = "A" * 43
_VALUES: dict[str, Any] = {
    "v": 1,
    "id": random128(1),
    "t": INSTANT,
    "nonce": random128(2),
    "origin": log_keys().origin,
    "vkeys": list(log_keys().vkeys),
    "env": envelope_id(1),
    "ver": 2,
    "party": "NA-XAL",
    "code": "E_DIGEST",
    "service": "exchange",
    "of": "exchange",
    "use": "issuer",
    "policy": "retention",
    "authority": "SEC",
    "reason": "COURT_ORDER",
    **dict.fromkeys(
        ["man", "doc", "state", "commit", "stmt", "old", "new", "head", "tst"], _DIGEST
    ),
    **dict.fromkeys(["reg", "ref", "size", "scrubbed", "wait_s"], 7),
}


def sample_entries() -> list[Entry]:
    """Return one entry of each type that the log knows."""
    return [_sample(model) for model in get_args(Entry)]


def sample_of(type_: str) -> Entry:
    """Return an entry of that type."""
    return next(entry for entry in sample_entries() if entry.type == type_)


def _sample(model: Any) -> Entry:
    members: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name == "type":
            (members[name],) = get_args(field.annotation)
        else:
            members[name] = _VALUES[name]
    entry: Entry = model.model_validate(members)
    return entry
