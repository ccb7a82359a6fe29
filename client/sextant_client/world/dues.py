"""Until when each kind is to be sent: the days that the treaty gives, by kind.

«Within 90 days after the end of the year» ends 90 times 24 hours after it, so its last day is the
90th of the next year; «at least 60 days before the year» likewise. Days from an event are counted
plainly.
"""

import datetime as dt

_DAYS = {
    "S1_SSSF_ADPA": 90,
    "S1_OTHER_ADPA": 90,
    "S1_SSSF_ADAA": 90,
    "S1_OTHER_ADAA": 90,
    "S1_SSSF_CHANGE": 180,
    "S1_OTHER_CHANGE": 180,
    "S1_TRANSFER_NOTIF": 30,
    "S1_TRANSFER_NOTIF_STX": 0,
    "S1_TRANSFER_ANNUAL": 90,
    "S2_AND": 90,
    "S2_SITE_ADPA": 90,
    "S2_SITE_ADAA": 60,
    "S2_ADDITIONAL": 5,
    "S3_AND": 90,
    "S3_SITE_ADPA": 90,
    "S3_SITE_ADAA": 60,
    "S3_ADDITIONAL": 5,
    "OCPF_ANNUAL": 90,
    "NIL": 90,
    "OCW_DISCOVERY": 180,
    "ACW_DISCOVERY": 180,
    "A3_RCA": 30,
    "A4_ANNUAL_PLAN": 60,
    "A4_ANNUAL_REPORT": 60,
    "A4_90DAY_REPORT": 0,
    "A4_CERTIFICATE": 30,
    "A5_DETAILED_PLAN": 180,
    "A5_ANNUAL_PLAN": 90,
    "A5_ANNUAL_REPORT": 90,
    "A5_CERTIFICATE": 30,
    "X4_PROTECTIVE": 120,
    "INSPECTOR_RESPONSE": 30,
}
_DAYS_AFTER_ENTRY = {"NA_DESIGNATION": 0, "X7_ASSISTANCE": 180, "A5_CLOSURE": 90}
_INITIAL = 30  # of all that Articles III and VI ask at entry into force
_NEW_FACILITY = 180  # VI.13, VI.17


def after_year(kind: str, year: int) -> dt.date:
    """Return the last day of a report on `year`."""
    return dt.date(year + 1, 1, 1) + dt.timedelta(_DAYS[kind] - 1)


def before_year(kind: str, year: int) -> dt.date:
    """Return the last day of a plan for `year`."""
    return dt.date(year, 1, 1) - dt.timedelta(_DAYS[kind] + 1)


def after(kind: str, event: dt.date) -> dt.date:
    """Return the last day to tell of something that happened."""
    return event + dt.timedelta(_DAYS[kind])


def before(kind: str, event: dt.date) -> dt.date:
    """Return the last day to tell of something that is to happen."""
    return event - dt.timedelta(_DAYS[kind])


def after_entry(kind: str, entry: dt.date) -> dt.date:
    """Return the last day of what is owed at entry into force."""
    return entry + dt.timedelta(_DAYS_AFTER_ENTRY.get(kind, _INITIAL))


def before_operation(start: dt.date) -> dt.date:
    """Return the last day to declare a new facility of Schedule 1."""
    return start - dt.timedelta(_NEW_FACILITY)
