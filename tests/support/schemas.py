"""What a schema asks of whoever writes to it, and where a later one asks for more.

A program of before goes on beside a newer schema if nothing that it names went, nothing that it
does is refused, and nothing more is asked of it. `narrowings` names each place where that is not
so. What only a new table has concerns no program of before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           a.atthasdef OR a.attidentity <> ''
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped
"""
_RULES = """
    SELECT conrelid::regclass::text, 'constraint', pg_get_constraintdef(oid),
           (SELECT string_agg(attname, ',') FROM pg_attribute
            WHERE attrelid = conrelid AND attnum = ANY (conkey))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
    UNION ALL
    SELECT indrelid::regclass::text, 'unique', pg_get_indexdef(indexrelid),
           (SELECT string_agg(attname, ',') FROM pg_attribute
            WHERE attrelid = indrelid AND attnum = ANY (indkey))
    FROM pg_index JOIN pg_class c ON c.oid = indrelid
    WHERE indisunique AND c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT tgrelid::regclass::text, 'trigger',
           pg_get_triggerdef(t.oid) || ' ' || md5(pg_get_functiondef(tgfoid)), ''
    FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT c.relname, 'sight of rows', 'on', ''
    FROM pg_class c WHERE relrowsecurity AND relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT tablename, 'policy', concat_ws(' ', policyname, roles, cmd, qual, with_check), ''
    FROM pg_policies WHERE schemaname = 'public'
"""
_RIGHTS = """
    SELECT c.relname, concat_ws(' ', g.grantee::regrole, g.privilege_type, 'of', c.relname)
    FROM pg_class c, aclexplode(c.relacl) g
    WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> 0
    UNION ALL
    SELECT c.relname,
           concat_ws(' ', g.grantee::regrole, g.privilege_type, 'of', c.relname, a.attname)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) g
    WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> 0
"""
_FILE_COLUMNS = """
    SELECT m.name, i.name, i.type, i."notnull" OR i.pk > 0, i.dflt_value IS NOT NULL OR i.pk > 0
    FROM sqlite_master m, pragma_table_info(m.name) i WHERE m.type = 'table'
"""
_FILE_RULES = """
    SELECT tbl_name, type, sql, '' FROM sqlite_master WHERE type = 'trigger'
    UNION ALL
    SELECT m.name, 'unique', group_concat(c.name), group_concat(c.name)
    FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
    WHERE m.type = 'table' AND i."unique" GROUP BY m.name, i.name
    UNION ALL
    SELECT m.name, 'constraint', f."from" || ' to ' || f."table" || '.' || f."to", f."from"
    FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
"""
_NARROWS_BY_GOING = frozenset({"unique", "policy"})  # an ON CONFLICT names it; rows are not seen


@dataclass(frozen=True)
class Column:
    """A column as who writes to its table meets it."""

    type: str
    is_needed: bool
    has_default: bool


@dataclass(frozen=True)
class Rule:
    """Something that a table refuses; `columns` when it is about some of them alone."""

    table: str
    kind: str
    told: str
    columns: frozenset[str]


@dataclass(frozen=True)
class Schema:
    """The tables of a database: their columns, what they refuse, who may do what."""

    columns: dict[tuple[str, str], Column]
    rules: frozenset["Rule"]
    rights: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @property
    def tables(self) -> frozenset[str]:
        """The names of the tables."""
        return frozenset(table for table, _ in self.columns)


def schema_of(connection: Connection) -> Schema:
    """Look at the database behind a connection, on either engine."""
    is_server = connection.dialect.name == "postgresql"
    columns = connection.execute(text(_COLUMNS if is_server else _FILE_COLUMNS)).all()
    rules = connection.execute(text(_RULES if is_server else _FILE_RULES)).all()
    rights = connection.execute(text(_RIGHTS)).all() if is_server else ()
    return Schema(
        {
            (table, name): Column(type_, bool(is_needed), bool(has_default))
            for table, name, type_, is_needed, has_default in columns
        },
        frozenset(_rule(*row) for row in rules),
        frozenset((table, told) for table, told in rights),
    )


def narrowings(before: Schema, after: Schema) -> list[str]:
    """Return what a program of before cannot do any more, or is asked for in vain."""
    return sorted([*_of_columns(before, after), *_of_rules(before, after)])


def _of_columns(before: Schema, after: Schema) -> Iterator[str]:
    for (table, name), old in before.columns.items():
        new = after.columns.get((table, name))
        if new is None:
            yield f"{table}.{name} is gone"
        elif new.type != old.type:
            yield f"{table}.{name} was {old.type} and is {new.type}"
        elif new.is_needed and not old.is_needed:
            yield f"{table}.{name} must be given now"
        elif old.has_default and not new.has_default:
            yield f"{table}.{name} lost its default"
    for (table, name), new in after.columns.items():
        is_added = table in before.tables and (table, name) not in before.columns
        if is_added and new.is_needed and not new.has_default:
            yield f"{table}.{name} is new and must be given"


def _of_rules(before: Schema, after: Schema) -> Iterator[str]:
    for rule in after.rules - before.rules:
        held = {(rule.table, name) for name in rule.columns} & before.columns.keys()
        concerns = bool(held) or not rule.columns  # else it is about new columns alone
        if rule.table in before.tables and rule.kind != "policy" and concerns:
            yield f"{rule.table} has a new {rule.kind}: {rule.told}"
    for rule in before.rules - after.rules:
        if rule.table in after.tables and rule.kind in _NARROWS_BY_GOING:
            yield f"{rule.table} lost a {rule.kind}: {rule.told}"
    for table, told in before.rights - after.rights:
        if table in after.tables:
            yield f"taken away: {told}"


def _rule(table: str, kind: str, told: str, columns: str) -> Rule:
    return Rule(table, kind, " ".join(told.split()), frozenset(filter(None, columns.split(","))))
