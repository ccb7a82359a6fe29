"""Tells a PostgreSQL server what a caller may know of, in one transaction, and nobody forges it.

Row-level security of the role that narrowed reads use asks `sight.lines()` and `sight.parties()`.
They read the setting `sextant.sight`, which every session may set: so the service signs it, with a
key that this role cannot read (HMAC-SHA-256), and the server checks it. What is signed names the
session's process and the start of its transaction: told once, it is worth nothing anywhere else.

Not responsible for who may know what, nor for the conditions on rows: a room's own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text

from sextant_shared.chassis.sight import Blinds, Sees
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError

SCHEMA = "sight"
KEYS_TABLE = "sight_keys.pads"
SETTING = "sextant.sight"
_MAC_CHARS = 64
# Of one transaction: the server process of the session, and when the transaction began.
_PLACE = (
    "pg_backend_pid()::text || '.'"
    " || (extract(epoch FROM transaction_timestamp()) * 1000000)::bigint::text || '.'"
)
_WHERE = text(f"SELECT {_PLACE}")
_TELL = text(f"SELECT set_config('{SETTING}', :told, true)")
_KEY = text(f"SELECT inner_pad, outer_pad FROM {KEYS_TABLE}")  # noqa: S608 -- our own name

_TOLD = f"""
CREATE FUNCTION {SCHEMA}.told() RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    told text := coalesce(current_setting('{SETTING}', true), '');
    body text := substr(told, {_MAC_CHARS + 1});
    place text := {_PLACE};
    pads record;
BEGIN
    IF left(body, length(place)) <> place THEN
        RETURN '{{}}';
    END IF;
    SELECT inner_pad, outer_pad INTO STRICT pads FROM {KEYS_TABLE};
    IF left(told, {_MAC_CHARS}) <> encode(
        sha256(pads.outer_pad || sha256(pads.inner_pad || convert_to(body, 'UTF8'))), 'hex'
    ) THEN
        RETURN '{{}}';
    END IF;
    RETURN substr(body, length(place) + 1)::jsonb;
END $$
"""  # noqa: S608 -- our own names
_LINES = f"""
CREATE FUNCTION {SCHEMA}.lines() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT jsonb_array_elements_text({SCHEMA}.told() -> 'lines'))
$$
"""
_PARTIES = f"""
CREATE FUNCTION {SCHEMA}.parties() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT {SCHEMA}.told() -> 'parties'
$$
"""
FUNCTIONS = (_TOLD, _LINES, _PARTIES)
"""What a room's conditions ask; its owner makes them in the schema `sight`."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs what callers may know of; `tell` says it in JSON, as the room's conditions take it."""

    tell: Callable[[Sees], str]
    inner: bytes
    outer: bytes

    @classmethod
    def of(cls, connection: Connection, blinds: Blinds) -> "Signer":
        """Return the signer with the key of a database, which its reader may read.

        Raises:
            PlatformError: `E_STATE` when the database does not hide what the room says.
        """
        if blinds.tell is None or blinds.require is None:
            raise PlatformError(Code.INTERNAL, "this room hides nothing on a server")
        blinds.require(connection)
        inner, outer = connection.execute(_KEY).one()
        return cls(blinds.tell, bytes(inner), bytes(outer))

    @contextmanager
    def seeing(self, connection: Connection, sees: Sees) -> Iterator[None]:
        """Let the open transaction of `connection` see what a caller may know of."""
        place = connection.execute(_WHERE).scalar_one()
        body = place + self.tell(sees)
        mac = sha256(self.outer + sha256(self.inner + body.encode()))
        connection.execute(_TELL, {"told": mac.hex() + body})
        yield  # the setting ends with the transaction
