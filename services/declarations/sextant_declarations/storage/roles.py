"""This room's roles on a PostgreSQL server.

Beside those of every room there is the officer: the service reads as it whatever it reads for a
caller who may not know of everything. That role owns nothing, may change nothing, and row-level
security shows it what was signed for one transaction, and no more (`row_security`).
"""

from sextant_shared.chassis.roles import Roles


class DeclarationsRoles(Roles):
    """The roles of every room, and the officer."""

    @property
    def officer(self) -> str:
        """As whom the service reads for a caller whose need-to-know is narrow."""
        return f"{self.database}_officer"

    @property
    def logins(self) -> tuple[str, ...]:
        """Those that come in."""
        return (self.migrator, self.writer, self.reader, self.officer)


ROLES = DeclarationsRoles("sextant_declarations")
