"""Which rows an officer may know of: one condition for each table, kept by the database itself.

`NARROWED` names what a row is about, and `sees` (the officer's need-to-know) answers. Whoever adds
a table writes its line here, or in `OPEN` or `HIDDEN` with the reason; a test fails without it.
Queries need nothing: in a request of an officer a table of `NARROWED` shows what that officer may
know of, and no more (`sextant_shared.chassis.sight`).

Every line comes down to one of three questions:

* of a declaration: its State, its kind, its marking. An amendment is of the kind that it amends.
* of an envelope that brought one: the same, and its own class too.
* of any other envelope or message: the State at the other end, its type, its class.
"""

from sextant_declarations.domain.register import StatePolicy
from sextant_shared.chassis.sight import Blinds


def _of_declaration(row: str) -> str:
    """Return the arguments of `sees` for a declaration: State, kind, marking."""
    kind = f"coalesce({row}.registered_kind, {row}.kind)"
    amended = (
        "SELECT coalesce(o.registered_kind, o.kind) FROM main.versions AS w"  # noqa: S608 -- our own names
        " JOIN main.revisions AS r ON r.inbox = w.inbox"
        " JOIN main.declarations AS o ON o.id = r.declaration"
        f" WHERE w.declaration = {row}.id LIMIT 1"
    )
    marking = f"SELECT l.marking FROM main.lives AS l WHERE l.declaration = {row}.id"  # noqa: S608 -- our own names
    revises = f"{kind} IN ('AMENDMENT', 'WITHDRAWAL')"
    of = f"CASE WHEN {revises} THEN coalesce(({amended}), {kind}) ELSE {kind} END"
    return f"{row}.owner, {of}, coalesce(({marking}), '')"


def _of_envelope() -> str:
    brought = "main.versions AS v JOIN main.declarations AS d ON d.id = v.declaration"
    about = _of_declaration("d")
    own_class = "coalesce(t.classification, '')"
    seen = f"sees({about}) AND sees({about.rpartition(', coalesce')[0]}, {own_class})"
    return (
        f"CASE WHEN EXISTS (SELECT 1 FROM {brought} WHERE v.inbox = t.id)"  # noqa: S608 -- our own names
        f" THEN EXISTS (SELECT 1 FROM {brought} WHERE v.inbox = t.id AND {seen})"
        f" ELSE sees(owner_of(t.sender), 'message:' || t.type, {own_class}) END"
    )


_BY_INBOX = "EXISTS (SELECT 1 FROM temp.inbox AS i WHERE i.id = t.inbox)"
_BY_DECLARATION = "EXISTS (SELECT 1 FROM temp.declarations AS s WHERE s.id = t.declaration)"
_BY_SENT = "EXISTS (SELECT 1 FROM temp.sent_messages AS m WHERE m.id = t.sent)"

EACH = """json_each('["' || replace(t.declarations, ' ', '","') || '"]')"""
_BY_DECLARATIONS = (
    f"NOT EXISTS (SELECT 1 FROM {EACH} AS j WHERE NOT EXISTS"  # noqa: S608 -- our own names
    " (SELECT 1 FROM temp.declarations AS s WHERE s.id = j.value))"
)
_BY_CASE = 'EXISTS (SELECT 1 FROM temp.cases AS c WHERE c.number = t."case")'
_BY_PAIRS = (
    'EXISTS (SELECT 1 FROM main.case_pairs AS p WHERE p."case" = t.number)'
    ' AND NOT EXISTS (SELECT 1 FROM main.case_pairs AS p WHERE p."case" = t.number'
    " AND NOT EXISTS (SELECT 1 FROM temp.transfers AS x WHERE x.id = p.pair))"
)

_REGIMES = {"S1": "S1_OTHER_ADPA", "S2": "S2_SITE_ADPA", "S3": "S3_SITE_ADPA"}
_OTHER_SITE = "OCPF_ANNUAL"
_SITE_KIND = "CASE t.regime " + "".join(f"WHEN '{r}' THEN '{k}' " for r, k in _REGIMES.items())
# A card stands on declarations of several kinds: it is for who is cleared for all kinds of its
# States, up to the highest marking. No kind is called so: only the pattern * covers it.
_EVERY_KIND = "'EVERY-KIND', 'OPCW_HIGHLY_PROTECTED'"
_BY_INSPECTION = "EXISTS (SELECT 1 FROM temp.inspections AS i WHERE i.id = t.inspection)"
# An item is seen by who may know of what it is about.
_OF_ITEM = (
    "CASE t.kind"
    " WHEN 'case' THEN EXISTS (SELECT 1 FROM temp.cases AS c WHERE c.number = t.reference)"
    " WHEN 'anomaly' THEN EXISTS (SELECT 1 FROM temp.anomaly_cards AS a WHERE a.card = t.reference)"
    " WHEN 'inspection' THEN"
    " EXISTS (SELECT 1 FROM temp.inspections AS i WHERE i.number = t.reference)"
    " ELSE sees(t.owner, t.subject, t.marking) END"
)

NARROWED = {
    "declarations": f"sees({_of_declaration('t')})",
    "inbox": _of_envelope(),
    "sent_messages": "sees(owner_of(t.party), 'message:' || t.type, t.classification)",
    "versions": _BY_INBOX,
    "lives": _BY_DECLARATION,
    "steps": _BY_DECLARATION,
    "revisions": f"{_BY_INBOX} AND {_BY_DECLARATION}",
    "closures": "EXISTS (SELECT 1 FROM temp.versions AS v WHERE v.id = t.version)",
    "findings": _BY_INBOX,
    "compared": _BY_INBOX,
    "attachments": _BY_INBOX,
    "content_sites": _BY_INBOX,
    # A condition on the row's number alone, SQLite takes for none when it asks the authorizer.
    "stated": f"typeof(t.said) = 'text' AND {_BY_INBOX}",
    "owed_entries": _BY_INBOX,
    "owed_replies": _BY_INBOX,
    "dues": f"CASE WHEN t.inbox IS NULL THEN {_BY_SENT} ELSE {_BY_INBOX} END",
    "owed_analyses": _BY_DECLARATION,
    "facts": _BY_DECLARATION,
    # What is about several declarations is seen by who may know of all of them.
    "transfers": _BY_DECLARATIONS,
    "transfer_steps": "EXISTS (SELECT 1 FROM temp.transfers AS x WHERE x.id = t.transfer)",
    "extensions": _BY_SENT,
    "cases": _BY_PAIRS,
    "case_pairs": "EXISTS (SELECT 1 FROM temp.transfers AS x WHERE x.id = t.pair)",
    "case_steps": _BY_CASE,
    "case_messages": _BY_CASE,
    "prematches": _BY_INBOX,
    "anomaly_cards": f"sees(t.state || ' ' || t.states, {_EVERY_KIND})",
    "anomaly_notes": f"sees(t.state, {_EVERY_KIND})",
    "anomaly_explanations": "EXISTS (SELECT 1 FROM temp.anomaly_cards AS a WHERE a.card = t.card)",
    "inspections": f"sees(t.state, {_SITE_KIND} ELSE '{_OTHER_SITE}' END, 'OPCW_HIGHLY_PROTECTED')",
    "inspection_steps": _BY_INSPECTION,
    "mandate_grants": _BY_INSPECTION,
    "site_identities": " OR ".join(
        f"sees(t.state, '{kind}', 'OPCW_PROTECTED')" for kind in (*_REGIMES.values(), _OTHER_SITE)
    ),
    "work_items": _OF_ITEM,
    "work_acts": "EXISTS (SELECT 1 FROM temp.work_items AS w WHERE w.seq = t.item)",
}
OPEN = {
    "registry_proofs": "keys of parties, which everybody may know",
    "register_years": "the last number given in a year; of no declaration",
    "access_log": "officers' acts, without content",
    "accesses": "that something was read; not what",
    "analyses": "how far each analysis has come; of no declaration",
    "anomaly_runs": "when analyses ran and how far they came; of no declaration",
    "task_lease": "which process does what",
    "proof_seen": "which proofs of callers were used, by their hash",
    "places": "positions in our mailbox that are on their way, and of whom: processes alone ask",
    "exports": "orders, each of them shown to its officer alone",
    "log_head": "the log's newest head, which is public",
    "log_alarms": "heads that do not fit, which are public",
    "grants": "who is cleared for what; officers grant, and States are told",
    "grant_acts": "the same",
    "note": "entries of the log, which are public",
    "detail": "sealed; opened for an entry that is shown",
    "shred_order": "orders to destroy, without what was destroyed",
}
HIDDEN = {
    "access_details": "who read what: for auditors, who are not narrowed",
    "access_items": "the same",
    "selections": "for planners, who draw from the sites of all States and are not narrowed",
}


def site_kind(regime: str) -> str:
    """Return the kind of declaration by which need-to-know of a site goes under a regime."""
    return _REGIMES.get(regime, _OTHER_SITE)


def blinds(states: StatePolicy) -> Blinds:
    """Return what officers are not shown of this room's database."""
    return Blinds(
        narrowed=NARROWED,
        open=frozenset(OPEN),
        functions={"owner_of": (1, states.owner_of)},
    )
