"""The exchange's roles on a PostgreSQL server; what its service may do stands in the migrations."""

from sextant_shared.chassis.roles import Roles

ROLES = Roles("sextant_exchange")
