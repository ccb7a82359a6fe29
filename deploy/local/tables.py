"""Writes the generated tables of `docs/` from the code; a test says when they are stale."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

from deploy.local.apis import SERVICES, openapi_text
from deploy.local.dashboard import dashboard_text
from deploy.local.drills import sandbox_page
from deploy.local.exchanges import events_page, messages_page
from deploy.local.licences import licences_page
from deploy.local.scenario.page import scenarios_page
from deploy.local.watching import metrics_page
from deploy.local.worked import WORKED, worked_text
from sextant_client.errors import TABLE as EXITS
from sextant_client.prepare.xml.schema import as_xsd
from sextant_shared.deadlines import DeadlinePolicy, policy_id
from sextant_shared.deadlines import rules as deadline_rules
from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.declaration.schema import schema_text
from sextant_shared.models.entries import Entry
from sextant_shared.protocol.access import TABLE as ACCESS
from sextant_shared.protocol.access import Action, Role
from sextant_shared.protocol.problems import RECIPIENT_LOCAL
from sextant_shared.protocol.problems import TABLE as PROBLEMS
from sextant_shared.rules import list_rules, rule_pack_id
from sextant_shared.rules.elsewhere import ELSEWHERE
from sextant_shared.rules.rule import YearRule
from sextant_shared.rules.wording import title

DOCS = Path(__file__).resolve().parents[2] / "docs"
DEADLINES_INTRO = """\
The boundary of a year is the instant 00:00 on 1 January. «Not later than 90 days after the end of
the year» ends 90 times 24 hours after it, «not less than 90 days before the year» 90 times 24 hours
before it; the last acceptable day is the day that ends then. So the annual days are:

| rule | last day | where it lies in a leap year |
| --- | --- | --- |
| 90 days after the year | 31 March | 30 March |
| 120 days after the year | 30 April | 29 April |
| 90 days before the year | 2 October | 2 October |
| 60 days before the year | 1 November | 1 November |

Days before and after an event are subtracted and added plainly. No day moves for a weekend or a
holiday: no rule of the treaty says so. A due day ends at midnight in the policy's time zone.

`sextant due --state XAL --year 2027` says what a State owes in a year, by the duties of its profile
or the default ones; `--event KIND=DATE` adds what follows from an event, `--eif DATE` moves entry
into force, `--sent` compares with the home's receipts, `--ics FILE` writes a calendar, and
`--policy FILE` takes another policy: JSON with any of the settings below.

A status is one of `NOT_DUE`, `ON_TIME`, `LATE`, `LATE_WITH_NOTICE` and `MISSING`, by the time of
the custody receipt; it names the policy's version and digest. A notice counts that came by the due
day; what was announced and has not come is missing from the day after the one that was promised.

Evidence: T the treaty's text, O a page of the Organisation, N national law, M memory, U unsure,
P our proposal."""
NOTE = "Generated from the code by `make docs-tables`; do not edit.\n"


def errors_page() -> str:
    """Return the catalogue of errors and exit statuses."""
    lines = ["# Errors", "", NOTE]
    lines += ["Every refusal is a problem document (RFC 9457) of type `urn:dxe:error:<code>`."]
    lines += ["It says what was expected, what was received, and what mends it.", ""]
    lines += ["| code | HTTP | title | what mends it |", "| --- | --- | --- | --- |"]
    for code, row in PROBLEMS.items():
        status = "never sent" if code in RECIPIENT_LOCAL else str(row.status)
        lines.append(f"| `{code}` | {status} | {row.title} | {row.fix} |")
    lines += ["", "## Exit statuses of `sextant`", "", "| status | meaning |", "| --- | --- |"]
    lines += [f"| {status} | {meaning} |" for status, meaning in EXITS.items()]
    return "\n".join(lines) + "\n"


AUDIT_INTRO = """\
The log takes each type from its writer alone. Whole entries are read by auditors and by the
services that write them; a party reads those that concern it, with their proofs, at the exchange
(`GET /v1/entries`); heads and hashes are for all. A `commit` opens with the detail and salt that
only those whose act it is are given."""
DETAILS = """\
## Details, and how they are destroyed

`commit` = SHA-256(`audit-commit/v1` ‖ 32-byte salt ‖ canonical detail). The service that wrote an
entry keeps its salt and detail sealed (AES-256-GCM) in its database, each under a key of its own;
the keys lie in `SIDECAR_DIR`, wrapped for each owner, which no backup of the database may contain.

`sextant officer shred INDEX --authority CODE --reason REASON [--at exchange]`, or
`POST /v1/entries/{index}/shred`, destroys one: the ciphertext goes, a `shred` entry is owed to the
log, the key is overwritten. For classes in `SHRED_TWO_PERSONS` (C2, C3) two officers must give the
same authority and reason. Entry, receipt, proof and bundle hold as before; the detail opens for
nobody here, and its commitment still proves that something was logged then.

What it does not reach: copies of a detail that were handed out with their salt, such as receipts;
content, findings and sealed replies, which have rules of their own; copies of `SIDECAR_DIR`, so
keep few and short ones; blocks that a disk remapped, so encrypt the volume."""


def audit_page() -> str:
    """Return the table of log entries."""
    lines = ["# Entries of the log", "", NOTE]
    lines += ["Every entry also has `v`, `type`, `id` (128 random bits), `t` (milliseconds), and a"]
    lines += ["128-bit `nonce` that makes its hash hiding.", ""]
    lines += [*AUDIT_INTRO.splitlines(), ""]
    lines += ["| type | written by | members | meaning |", "| --- | --- | --- | --- |"]
    common = {"v", "type", "id", "t", "nonce"}
    for model in get_args(Entry):
        (kind,) = get_args(model.model_fields["type"].annotation)
        members = ", ".join(f"`{name}`" for name in model.model_fields if name not in common)
        meaning = (model.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{kind}` | {model.writer} | {members} | {meaning} |")
    lines += ["", *DETAILS.splitlines()]
    return "\n".join(lines) + "\n"


def access_page() -> str:
    """Return the decision table."""
    lines = ["# Who may do what", "", NOTE]
    lines += ["Denied by default; `own` means only what belongs to the caller's party.", ""]
    roles = list(Role)
    lines += ["| action | " + " | ".join(roles) + " |", "| --- |" + " --- |" * len(roles)]
    for action in Action:
        cells = [str(ACCESS.get((action, role), "")) for role in roles]
        lines.append(f"| `{action}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def rules_page() -> str:
    """Return the list of rules, and what is checked elsewhere."""
    lines = ["# The rule pack", "", NOTE, f"Version {rule_pack_id().version}.", ""]
    lines += ["| id | severity | law | holds when | sees |", "| --- | --- | --- | --- | --- |"]
    for rule in list_rules():
        sees = "a year's filings" if isinstance(rule, YearRule) else "a declaration"
        row = (f"`{rule.id}`", rule.severity, rule.law, title(rule.id), sees)
        lines.append(f"| {' | '.join(row)} |")
    lines += ["", "A rule that compares is silent without the other filings of the same State."]
    lines += ["", "## Checked elsewhere", "", "| what | where | why |", "| --- | --- | --- |"]
    lines += [f"| {one.what} | {one.where} | {one.why} |" for one in ELSEWHERE]
    return "\n".join(lines) + "\n"


def deadlines_page() -> str:
    """Return the table of deadlines."""
    policy = policy_id()
    lines = ["# Deadlines", "", NOTE, f"Version {policy.version}, digest `{policy.digest}`.", ""]
    lines += [*DEADLINES_INTRO.splitlines(), ""]
    lines += ["| kind | case | due | owed by | law | evidence | note |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| `{r.kind}` | {r.case} | {r.in_words} | {r.duty} | {r.law} | {r.evidence} | {r.note} |"
        for r in deadline_rules()
    ]
    lines += ["", "## The policy", "", "| setting | default | where it comes from |"]
    lines += ["| --- | --- | --- |"]
    defaults = DeadlinePolicy().model_dump(mode="json")
    for name, info in DeadlinePolicy.model_fields.items():
        value = defaults[name]
        default = ", ".join(value) if isinstance(value, list) else value
        lines.append(f"| `{name}` | {default or 'none'} | {info.description} |")
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors_page,
    "audit-events.md": audit_page,
    "access.md": access_page,
    "rules.md": rules_page,
    **{f"openapi/{service}.json": partial(openapi_text, service) for service in SERVICES},
    **{f"schemas/{kind.id}.json": partial(schema_text, kind) for kind in CATALOGUE.values()},
    **{f"schemas/xsd/{kind.id}.xsd": partial(as_xsd, kind) for kind in CATALOGUE.values()},
    "deadlines.md": deadlines_page,
    "metrics.md": metrics_page,
    "licences.md": licences_page,
    "../deploy/monitoring/dashboard.json": dashboard_text,
    "messages.md": messages_page,
    "events.md": events_page,
    "sandbox.md": sandbox_page,
    "scenarios.md": scenarios_page,
    WORKED: worked_text,
}
FOLDERS = ("openapi", "schemas", "schemas/xsd")  # nothing stands there that is not generated


def main() -> None:
    """Write all pages."""
    for folder in FOLDERS:
        (DOCS / folder).mkdir(parents=True, exist_ok=True)
    for path in left_over():
        path.unlink()
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())
        sys.stdout.write(f"docs/{name}\n")


def left_over() -> list[Path]:
    """Return the files of generated folders that no page writes any more."""
    found = [path for folder in FOLDERS for path in (DOCS / folder).iterdir()]
    return [p for p in found if p.is_file() and str(p.relative_to(DOCS)) not in PAGES]


if __name__ == "__main__":
    main()
