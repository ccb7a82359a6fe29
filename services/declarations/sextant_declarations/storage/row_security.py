"""Need-to-know on PostgreSQL: the conditions of `sight`, made into row-level security.

    schema sight         functions that the conditions ask, and a view of each table that others
                         speak of: what the caller may know of it
    schema sight_keys    the key by which the service signs what a caller may know of; the reader
                         may read it, the officer may not
    policy whole         of every table with rows to hide: the service's own roles find everything
    policy need_to_know  of every table of `NARROWED`: the officer finds what the condition lets by

What a caller may know of comes as a setting of the transaction, which anybody may set; so it is
signed, for this transaction of this session alone (`sextant_shared.chassis.row_sight`). Without a
signature that fits there is no row at all. All of it is made anew by each `migrate` (`protect`);
the service refuses a database in which another version of it stands (`require_protected`).

Not responsible for the conditions themselves, nor for what a caller may know of.
"""

import json
import re
from dataclasses import replace

from sqlalchemy import Connection, text

from sextant_declarations.analysis.classification import MARKINGS
from sextant_declarations.analysis.need import ALL, MESSAGE, Need, levels
from sextant_declarations.domain.register import (
    NATIONAL_AUTHORITY_PREFIX,
    STATE_CODE_LENGTH,
    StatePolicy,
)
from sextant_declarations.storage.inspection_tables import APPEND_ONLY
from sextant_declarations.storage.roles import ROLES
from sextant_declarations.storage.sight import EACH, HIDDEN, NARROWED, OPEN, blinds
from sextant_shared.chassis.row_sight import FUNCTIONS, KEYS_TABLE, SCHEMA
from sextant_shared.chassis.schema import is_ahead
from sextant_shared.chassis.sight import Blinds, Sees
from sextant_shared.clock import random_bytes
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError

_EACH_ON_SERVER = EACH.replace("json_each(", "json_array_elements_text(CAST(")[:-1] + " AS json))"
_ONLY_SQLITE = "typeof(t.said) = 'text' AND "
_KEYS = {
    "inbox": ("id",),
    "declarations": ("id",),
    "sent_messages": ("id",),
    "versions": ("id",),
    "transfers": ("id",),
    "cases": ("number",),
    "anomaly_cards": ("card",),
    "inspections": ("id", "number"),
    "work_items": ("seq",),
}
"""By what conditions speak of a table: the columns of its view."""

_GROWS_ONLY = frozenset(
    {"access_log", "access_items", "content_sites", "steps", "anomaly_explanations", "case_steps"}
    | {"prematches", "work_acts", "grant_acts", *APPEND_ONLY}
)
"""Tables of which no row is changed or deleted: the writer has no such grant either."""

_WRITER, _READER, _OFFICER = ROLES.writer, ROLES.reader, ROLES.officer
_MIGRATIONS = f"{__package__}.migrations"
_HIGHEST = len(MARKINGS) - 1
_KIND = "k:"  # before a kind, so that no pattern of kinds covers a message


def patterns(need: Need) -> list[str]:
    """Return what `Need.sees` answers yes to, as patterns of `State|kind|level` for LIKE."""
    found = []
    for line in need.lines:
        kinds = [_KIND + _like(kind) for kind in line.kinds] + [f"{MESSAGE}%"] * line.messages
        found += [
            f"{'%' if state == ALL else _like(state)}|{kind}|{level}"
            for state in line.states
            for kind in kinds
            for level in range(MARKINGS.index(line.ceiling) + 1)
        ]
    return found


def told(need: Sees, states: StatePolicy) -> str:
    """Return what the server is told of a caller: what it may know of, and parties' States."""
    if not isinstance(need, Need):
        raise PlatformError(Code.INTERNAL, "a server cannot be told what this is")
    return json.dumps({"lines": patterns(need), "parties": dict(states.exceptions)})


def blinds_anywhere(states: StatePolicy) -> Blinds:
    """Return what officers are not shown of this room's database, on either engine."""
    return replace(blinds(states), tell=lambda need: told(need, states), require=require_protected)


def protect(connection: Connection) -> None:
    """Make grants, functions, views and policies anew, as the owner, in one transaction."""
    for statement in statements():
        connection.execute(text(statement))
    key = f"INSERT INTO {KEYS_TABLE} VALUES (1, :inner, :outer)"  # noqa: S608 -- our own name
    secret = random_bytes(64)
    pads = {"inner": _pad(secret, 0x36), "outer": _pad(secret, 0x5C)}
    connection.execute(text(f"{key} ON CONFLICT (id) DO NOTHING"), pads)
    connection.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS '{digest()}'"))


def digest() -> str:
    """Return what names this version of grants, functions, views and policies."""
    return sha256("\n".join(statements()).encode()).hex()


def require_protected(connection: Connection) -> None:
    """Return if the database hides what this version of the program says, or a newer one.

    Raises:
        PlatformError: `E_STATE` when another version of it stands, or a table stands open.
    """
    of_schema = text(f"SELECT obj_description(to_regnamespace('{SCHEMA}'), 'pg_namespace')")
    bare = text(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace('public')"
        " AND c.relname = ANY (:names) AND NOT (c.relrowsecurity AND (SELECT count(*)"
        " FROM pg_policy p WHERE p.polrelid = c.oid) = CASE WHEN c.relname = ANY (:narrowed)"
        " THEN 2 ELSE 1 END) ORDER BY 1"
    )
    names = {"names": [*NARROWED, *HIDDEN], "narrowed": [*NARROWED]}
    open_ = connection.execute(bare, names).scalars().all()
    stands = connection.execute(of_schema).scalar()
    if not open_ and (stands == digest() or (stands and is_ahead(connection, _MIGRATIONS))):
        return
    raise PlatformError(
        Code.STATE,
        "the database does not hide what this version of the program hides",
        expected=digest()[:16],
        received=", ".join(open_)[:120] or "another version",
        fix="Run the command `migrate` of this version, as the owner of the schema.",
    )


def statements() -> tuple[str, ...]:
    """Return everything but the key, in order; it depends on this version of the program alone."""
    return (
        f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE",  # and the policies that ask it
        *_grants(),
        *_keys(),
        f"CREATE SCHEMA {SCHEMA}",
        f"REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC",
        *FUNCTIONS,
        *_functions(),
        *(statement for table in _KEYS for statement in _view(table)),
        f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {SCHEMA} FROM PUBLIC",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} TO {_OFFICER}",
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {_OFFICER}",
        *(statement for table in (*NARROWED, *HIDDEN) for statement in _policies(table)),
    )


def _grants() -> list[str]:
    tables = sorted((*NARROWED, *OPEN, *HIDDEN))
    grows, changes = "SELECT, INSERT", "SELECT, INSERT, UPDATE, DELETE"
    made: list[str] = []
    ROLES.grant(made.append, {name: grows if name in _GROWS_ONLY else changes for name in tables})
    made += [f"REVOKE ALL ON {table} FROM {_OFFICER}" for table in tables]
    made += [f"GRANT SELECT ON {table} TO {_OFFICER}" for table in tables if table not in HIDDEN]
    return [*made, f"GRANT SELECT ON alembic_version TO {_WRITER}, {_READER}"]


def _keys() -> list[str]:
    schema = KEYS_TABLE.partition(".")[0]
    pads = (
        "id integer PRIMARY KEY CHECK (id = 1), inner_pad bytea NOT NULL, outer_pad bytea NOT NULL"
    )
    return [
        f"CREATE SCHEMA IF NOT EXISTS {schema}",
        f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC",
        f"CREATE TABLE IF NOT EXISTS {KEYS_TABLE} ({pads})",
        f"REVOKE ALL ON {KEYS_TABLE} FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA {schema} TO {_READER}",
        f"GRANT SELECT ON {KEYS_TABLE} TO {_READER}",
    ]


def _functions() -> list[str]:
    """Return what the conditions ask; `levels` and the form of parties' names are written in."""
    known = " ".join(f"WHEN '{name}' THEN '{level}'" for name, level in sorted(levels().items()))
    level = f"CASE marking {known} ELSE '{_HIGHEST}' END"
    about = (
        f"CASE WHEN kind LIKE '{MESSAGE}%' THEN '' ELSE '{_KIND}' END || translate(kind, '|', '')"
        f" || '|' || {SCHEMA}.level(marking)"
    )
    sees = (
        f"coalesce(bool_and(translate(state, '|', '') || '|' || {about} LIKE ANY (lines)), false)"
        r" FROM regexp_split_to_table(owners, '\s+') AS state WHERE state <> ''"
    )
    like = NATIONAL_AUTHORITY_PREFIX + "_" * STATE_CODE_LENGTH
    code = f"substr(party, {len(NATIONAL_AUTHORITY_PREFIX) + 1})"
    owner = (
        "coalesce(CASE WHEN parties ->> party IS NOT NULL THEN nullif(parties ->> party, '')"
        f" WHEN party LIKE '{like}' THEN {code} END, party)"
    )
    return [
        _function("level(marking text)", "text", level),
        _function("sees(lines text[], owners text, kind text, marking text)", "boolean", sees),
        _function("owner_of(parties jsonb, party text)", "text", owner),
    ]


def _function(name: str, gives: str, selected: str) -> str:
    return (
        f"CREATE FUNCTION {SCHEMA}.{name} RETURNS {gives} LANGUAGE sql IMMUTABLE PARALLEL SAFE"
        f" AS $$ SELECT {selected} $$"
    )


def _view(table: str) -> list[str]:
    """Return the view that shows the officer by which keys it may know of rows of a table."""
    columns = ", ".join(f"t.{name}" for name in _KEYS[table])
    condition = _asked(NARROWED[table]).replace("main.", "public.")
    rows = f"SELECT {columns} FROM public.{table} AS t WHERE {condition}"  # noqa: S608 -- our own names
    return [
        f"CREATE VIEW {SCHEMA}.{table} WITH (security_barrier) AS {rows}",
        f"GRANT SELECT ON {SCHEMA}.{table} TO {_OFFICER}",
    ]


def _policies(table: str) -> list[str]:
    every = f"TO {_WRITER}, {_READER} USING (true) WITH CHECK (true)"
    made = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS whole ON {table}",
        f"CREATE POLICY whole ON {table} {every}",
    ]
    if table in NARROWED:
        known = f"FOR SELECT TO {_OFFICER} USING ({_policy(table)})"
        made.append(f"DROP POLICY IF EXISTS need_to_know ON {table}")
        made.append(f"CREATE POLICY need_to_know ON {table} {known}")
    return made


def _policy(table: str) -> str:
    """Return the condition; what it would have to look up unseen, the table's view looks up."""
    condition = NARROWED[table]
    if "main." in condition:
        same = " AND ".join(f"seen.{name} = {table}.{name}" for name in _KEYS[table])
        return f"EXISTS (SELECT 1 FROM {SCHEMA}.{table} AS seen WHERE {same})"  # noqa: S608 -- our own names
    return re.sub(r"\bt\.", f"{table}.", _asked(condition))


def _asked(condition: str) -> str:
    """Return a condition as PostgreSQL spells it; what was told is looked up once a statement."""
    lines, parties = f"(SELECT {SCHEMA}.lines())", f"(SELECT {SCHEMA}.parties())"
    spelt = condition.replace(_ONLY_SQLITE, "")
    spelt = spelt.replace(f"{EACH} AS j", f"{_EACH_ON_SERVER} AS j(value)")
    spelt = re.sub(r"\bsees\(", f"{SCHEMA}.sees({lines}, ", spelt)
    spelt = re.sub(r"\bowner_of\(", f"{SCHEMA}.owner_of({parties}, ", spelt)
    return spelt.replace("temp.", f"{SCHEMA}.")


def _like(pattern: str) -> str:
    """Return a pattern of need-to-know as one of LIKE; a star stands for anything."""
    escaped = pattern.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%")


def _pad(secret: bytes, with_: int) -> bytes:
    return bytes(each ^ with_ for each in secret)
