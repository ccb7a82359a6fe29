"""Writes the worked examples of the rules: what `sextant explain` shows of the flawed declarations.

For each way in which a rule does not hold, the first case of the corpus that meets it.
"""

import json

from deploy.local.corpus import cases
from sextant_shared.models.receipts import ReportedFinding

WORKED = "../shared/sextant_shared/rules/words/worked.json"  # from the folder of the pages


def worked_text() -> str:
    """Return the examples by rule and way."""
    found: dict[str, object] = {}
    for case in cases():
        for finding in case.findings():
            name = f"{finding.rule}-{finding.way}"
            if finding.rule == case.rule and finding.way and name not in found:
                found[name] = {
                    "why": case.why,
                    "kind": _kind(case.data),
                    "finding": ReportedFinding.of(finding).model_dump(
                        mode="json", exclude_defaults=True
                    )
                    | {"args": dict(finding.args)},
                }
    return json.dumps(dict(sorted(found.items())), indent=1, ensure_ascii=False) + "\n"


def _kind(data: bytes) -> str:
    """Return the kind of a document; nothing of what is none."""
    try:
        return str(json.loads(data)["kind"])
    except (ValueError, KeyError, TypeError):
        return ""
