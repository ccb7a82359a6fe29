"""One message of each type; all of it is made up."""

from collections.abc import Mapping
from typing import Any

CONCERNS = {"declaration_id": "XAL-2025-S2-1", "version": 1}
_SITE = {"name": "Plant site 7", "code": "XAL-S2-007"}
_INSPECTION = "2026/017"
_ENDED = "2026-11-20T15:00:00Z"

_BARE: Mapping[str, Mapping[str, Any]] = {
    "clarification.request": {
        "request": "CR-2026-0012",
        "concerns": CONCERNS,
        "questions": [
            {"n": 1, "pointer": "/plants/0/chemicals/2", "rule": "X4", "text": "Which unit?"},
            {"n": 2, "pointer": "", "text": "Why is it later than last year?"},
        ],
        "answer_by": "2027-01-15",
    },
    "clarification.reply": {
        "request": "CR-2026-0012",
        "concerns": CONCERNS,
        "replies": [{"n": 1, "text": "Tonnes."}, {"n": 2, "text": "The plant was rebuilt."}],
    },
    "prematch.request": {
        "request": "PM-1",
        "concerns": CONCERNS,
        "rows": [{"n": 1, "chemical": "111-48-8", "direction": "export", "partner": "XBO"}],
    },
    "prematch.reply": {
        "request": "PM-1",
        "concerns": CONCERNS,
        "answers": [{"n": 1, "outcome": "agrees"}],
    },
    "inspection.notification": {
        "inspection": _INSPECTION,
        "kind": "routine",
        "point_of_entry": "International airport",
        "arrival": "2026-11-16T09:30:00Z",
        "means_of_arrival": "scheduled flight",
        "site": _SITE,
        "team": [
            {"name": "Inspector 1", "function": "team-leader"},
            {"name": "Inspector 2", "function": "inspector"},
            {"name": "Assistant 1", "function": "inspection-assistant"},
        ],
        "aircraft": {"clearance": "not-applicable"},
    },
    "inspection.acknowledgement": {
        "inspection": _INSPECTION,
        "received": "2026-11-14T09:40:00Z",
        "by": "Inspections desk",
    },
    "inspection.preliminary-findings": {
        "inspection": _INSPECTION,
        "ended": _ENDED,
        "findings": [{"n": 1, "text": "The declared plants were found."}],
        "samples": [{"n": 1, "mark": "S-1", "description": "Reactor 2, product line"}],
        "copies": [],
        "team_leader": "Inspector 1",
    },
    "inspection.report": {
        "inspection": _INSPECTION,
        "version": 1,
        "ended": _ENDED,
        "site": _SITE,
        "facts": [{"n": 1, "text": "The declared plants were found."}],
        "uncertainties": [],
        "issues": [
            {"n": 1, "concerns": CONCERNS, "pointer": "/plants/1", "text": "A third plant."}
        ],
    },
    "inspection.comments": {
        "inspection": _INSPECTION,
        "report_version": 1,
        "comments": [{"n": 1, "paragraph": 1, "text": "Agreed."}],
    },
    "assistance.request": {
        "ground": "threatened-by-prohibited-acts",
        "circumstances": "An exercise.",
        "needed": ["detectors"],
        "contact": "Duty officer",
    },
    "assistance.reply": {"text": "The investigation has begun.", "measures": []},
    "consultation.request": {"matter": "A plant", "doubt": "What does it make?"},
    "consultation.reply": {"information": "Fertiliser.", "explanation": "It is none of those."},
    "correspondence": {"subject": "Working hours", "text": "We close at five."},
}
MESSAGES: Mapping[str, dict[str, Any]] = {
    type_: {"v": 1, "type": type_, **members} for type_, members in _BARE.items()
}
