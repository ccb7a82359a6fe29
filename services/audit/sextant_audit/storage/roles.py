"""The log's roles on a PostgreSQL server.

The service, the writer, may SELECT and INSERT; what else stands in the migrations. It must never be
able to act as the owner: an owner may drop every trigger. It tries this at each start, with all
else that is forbidden (`refusals`), and refuses to serve if it can.
"""

from sextant_shared.chassis.roles import Roles

ROLES = Roles("sextant_audit")
OWNER = ROLES.owner
MIGRATOR = ROLES.migrator
WRITER = ROLES.writer
READER = ROLES.reader
