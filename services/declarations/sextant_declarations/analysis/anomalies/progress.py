"""Progress of Articles IV and V: what the report says against what the plan of that year said."""

from collections.abc import Iterator

from sextant_declarations.analysis.anomalies.facts import Facts, Step
from sextant_declarations.analysis.anomalies.model import Card, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.showing import placed

_METHODS = {"IV": "DESTRUCTION_PROGRESS", "V": "FACILITY_PROGRESS"}


def progress_cards(facts: Facts, policy: Policy) -> Iterator[Card]:
    """Yield planned lines and structures that the report changes, leaves out or falls behind in."""
    reports = {(one.article, one.year, one.facility, one.code): one for one in facts.reports}
    kinds = {"IV": "A4_ANNUAL_REPORT", "V": "A5_ANNUAL_REPORT"}
    reasons = {
        (one.article, one.year, one.facility): one.reason for one in facts.reports if one.reason
    }
    for plan in facts.plans:
        if (kinds[plan.article], plan.year) not in facts.filed:
            continue  # a report that never came is a matter of timeliness
        report = reports.get((plan.article, plan.year, plan.facility, plan.code))
        ways = [] if report and report.reason else list(_ways(plan, report))
        is_said = plan.article == "V" and (plan.article, plan.year, plan.facility) in reasons
        if not ways or is_said:
            continue
        yield policy.card(
            _METHODS[plan.article], state=facts.state, year=plan.year, subject=plan.code,
            figures=(
                placed("plan", facts.state, plan.text or "planned", plan.place),
                placed("report", facts.state, report.text or "reported", report.place)
                if report else placed("report", facts.state, "not in the report", plan.place),
            ),
            tolerance="none",
            tried=(Tried("a reason for the shortfall", closes=False, left="; ".join(ways)),),
            clears="the figures of the plan in the report, or a reason for the shortfall",
        )  # fmt: skip


def _ways(plan: Step, report: Step | None) -> Iterator[str]:
    if report is None:
        yield "it is not in the report"
        return
    if plan.article == "V":
        if not report.is_done:
            yield "it is reported without a day of destruction"
        return
    for planned, repeated in zip(plan.planned, report.planned, strict=True):
        if planned is not None and repeated is not None and planned != repeated:
            yield "the report gives another planned amount"
    for planned, done in zip(plan.planned, report.done, strict=True):
        if planned is not None and done is not None and done < planned:
            yield "less was destroyed than planned"
