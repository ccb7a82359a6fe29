"""Bodies that officers and planners send; all made up.

States, sites and figures are those of the repository's examples; days lie near one another, so that
the bodies read as one story of a year.
"""

import datetime as dt

from sextant_declarations.analysis.cases.workflow import Priority
from sextant_declarations.analysis.need import GrantAct
from sextant_declarations.analysis.obligations.standing import Status
from sextant_declarations.analysis.work import Act
from sextant_declarations.domain.anomaly_views import Acceptance, Withdrawal
from sextant_declarations.domain.cases import CaseOrder
from sextant_declarations.domain.clarifications import ExtensionOrder
from sextant_declarations.domain.clarifying import ClarificationOrder, DraftOrder, Place
from sextant_declarations.domain.draws import SelectionOrder
from sextant_declarations.domain.exchanged import About, Asked, Document, MessageOrder
from sextant_declarations.domain.exporting.orders import ExportFilters, ExportOrder
from sextant_declarations.domain.grants import GrantOrder, GrantStep
from sextant_declarations.domain.identities import Word, WordOrder
from sextant_declarations.domain.inspecting import GrantOrder as MandateOrder
from sextant_declarations.domain.inspecting import PlanOrder
from sextant_declarations.domain.inspecting import StepOrder as InspectionStep
from sextant_declarations.domain.lives import StepOrder
from sextant_declarations.domain.reminding import Approval
from sextant_declarations.domain.rooms import LetterOrder, RequestOrder
from sextant_declarations.domain.work import WorkOrder
from sextant_declarations.domain.years import Closing
from sextant_shared.chassis.examples import Examples
from sextant_shared.chassis.sidecar.routes import EXAMPLES as OF_DETAILS
from sextant_shared.encoding import b64u, sha256
from sextant_shared.models.acts import DiscardReason, DiscardRequest

REGISTERED = "0199f6a4-1b7e-7c08-b3d5-90c1e28f4a66"
"""The id of a declaration, as the list gives it."""
ASKED = "0199f6a2-8e14-7b52-8c0d-61f7a93be240"
"""An envelope with a letter of its State."""
ANSWER_BY = dt.date(2027, 3, 1)
LATER = dt.date(2027, 3, 31)
ARRIVAL = "2027-02-08T09:30:00Z"
REMINDER = f"remind-{b64u(sha256(b'an obligation and a stage')[:18])}"
"""The key of a reminder, as the list of those that are due gives it."""
_EXPORTED = "/plants/0/chemicals/0/exported"
_QUESTION = "Does the figure hold what was sold to another State before the end of the year?"
_ON_WAY = "The goods left in December and arrived in January."

_LIVES: Examples = {
    "lives_take_step": {
        "accept it": StepOrder(step="accept", reason="NO_ISSUES"),
        "raise its marking": StepOrder(
            step="raise-marking", reason="CONTENT_SENSITIVE", marking="OPCW_HIGHLY_PROTECTED"
        ),
        "open it again": StepOrder(
            step="reopen", reason="NEW_INFORMATION", reference="note 2026-114"
        ),
    },
    "lives_close_year": {
        "one declaration goes on into the next year": Closing(carry_over=[REGISTERED])
    },
    "queue_discard": {
        "it came twice": DiscardRequest(
            reason=DiscardReason.SUPERSEDED, note="The State sent it again."
        )
    },
    "obligations_send_reminders": {"those an officer approved": Approval(keys=[REMINDER])},
    "exports_order_export": {
        "a State's declarations of a year": ExportOrder(
            what="declarations", filters=ExportFilters(state="XAL", year=2025), format="xlsx"
        ),
        "what is missing": ExportOrder(
            what="obligations", filters=ExportFilters(status=Status.MISSING)
        ),
    },
}
_WORDS: Examples = {
    "messages_send_message": {
        "questions about a declaration": MessageOrder(
            type="clarification.request",
            about=About(
                declaration=REGISTERED,
                n=1,
                questions=[Asked(pointer=_EXPORTED, text=_QUESTION)],
                answer_by=ANSWER_BY,
            ),
        ),
        "a letter": MessageOrder(
            type="correspondence",
            to="NA-XAL",
            content={
                "v": 1,
                "type": "correspondence",
                "subject": "Working hours",
                "text": "The Declarations Branch is closed on 1 January.",
            },
        ),
        "a document without a model": MessageOrder(
            type="correspondence",
            to="NA-XAL",
            document=Document(cty="text/plain", data=b64u(b"A letter in plain words.")),
        ),
    },
    "clarifications_draft_clarification": {
        "about one place, in French": DraftOrder(
            declaration=REGISTERED,
            n=1,
            reason="INCONSISTENT_FIGURES",
            places=[Place(pointer=_EXPORTED)],
            language="fr",
        )
    },
    "clarifications_send_clarification": {
        "one question": ClarificationOrder(
            declaration=REGISTERED,
            n=1,
            reason="INCONSISTENT_FIGURES",
            questions=[Place(pointer=_EXPORTED, text=_QUESTION)],
            answer_by=ANSWER_BY,
        )
    },
    "clarifications_extend_clarification": {
        "the State asked for it": ExtensionOrder(until=LATER, reason="STATE_ASKED", asked_in=ASKED),
        "the question came late": ExtensionOrder(until=LATER, reason="DELIVERED_LATE"),
    },
}
_DIFFERENCES: Examples = {
    "cases_take_case_step": {
        "its explanations were read": CaseOrder(step="triage", reason="EXPLANATIONS_READ"),
        "it is more urgent than the rule has it": CaseOrder(
            step="set-priority", reason="URGENCY_SEEN_OTHERWISE", priority=Priority.HIGH
        ),
        "explained, the difference stays": CaseOrder(
            step="resolve-explained", reason="EXPLAINED", cause="YEAR_SHIFT"
        ),
    },
    "cases_request_explanations": {
        "of both States": RequestOrder(
            reason="EXPLANATION_WANTED",
            words="Please name the days on which the goods left and arrived.",
            answer_by=ANSWER_BY,
        )
    },
    "cases_write_into_room": {
        "to one State": LetterOrder(
            subject="The goods of December", text="Your partner counts them in 2026.", to=["XAL"]
        )
    },
    "anomalies_accept_explanation": {
        "under way at the turn of the year": Acceptance(reason="VOYAGE", text=_ON_WAY)
    },
    "anomalies_withdraw_explanation": {
        "it does not hold": Withdrawal(text="The bill of lading is of another year.")
    },
    "sites_say_identity": {
        "they are one site": WordOrder(
            older="XAL-PS-0003",
            newer="XAL-PS-0007",
            word=Word.CONFIRMED,
            reason="The State wrote that it numbers its sites anew.",
        )
    },
}
_DUTIES: Examples = {
    "work_act": {
        "keep it for one person": WorkOrder(act=Act.ASSIGN, reason="KNOWS_THE_STATE", to="officer"),
        "take it up": WorkOrder(act=Act.CLAIM, reason="TAKEN_UP"),
        "say what came of it": WorkOrder(act=Act.DECIDE, reason="NOTHING_FOUND", outcome="settled"),
    },
    "grants_request_grant": {
        "a State's declarations of Schedule 2": GrantOrder(
            person="officer-2",
            function="evaluator",
            state="XAL",
            kinds=["S2_*"],
            ceiling="OPCW_PROTECTED",
            until=LATER,
            reason="DUTY",
        )
    },
    "grants_act": {"approve it": GrantStep(act=GrantAct.APPROVE, reason="DUTY")},
}
_INSPECTIONS: Examples = {
    "inspections_draw_selection": {
        "one site of Schedule 2": SelectionOrder(year=2027, wanted={"S2": 1})
    },
    "inspections_plan_inspection": {
        "a site that an earlier inspection named": PlanOrder(
            state="XAL", code="XAL-PS-0007", regime="S2", kind="routine"
        )
    },
    "inspections_take_inspection_step": {
        "notify the State": InspectionStep(
            step="notify",
            reason="SELECTED",
            content={
                "point_of_entry": "Port Alba International Airport",
                "arrival": ARRIVAL,
                "means_of_arrival": "scheduled flight",
                "team": [
                    {"name": "Inspector 1", "function": "team-leader"},
                    {"name": "Inspector 2", "function": "inspector"},
                ],
                "aircraft": {"clearance": "not-applicable"},
            },
        ),
        "the State had nothing to say of the report": InspectionStep(
            step="conclude", reason="NO_COMMENTS"
        ),
    },
    "inspections_grant_mandate": {
        "an inspector of the team": MandateOrder(client="inspector", until=LATER)
    },
}
EXAMPLES: Examples = {
    **OF_DETAILS,
    **_LIVES,
    **_WORDS,
    **_DIFFERENCES,
    **_DUTIES,
    **_INSPECTIONS,
}
