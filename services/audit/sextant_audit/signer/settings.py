"""Everything an operator may set for a signer of its own process. Read by its `__main__` alone."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SignerSettings(BaseSettings):
    """Settings of the signer's process; variables begin with SEXTANT_SIGNER_."""

    model_config = SettingsConfigDict(env_prefix="SEXTANT_SIGNER_", frozen=True, extra="forbid")

    environment: Annotated[
        Literal["development", "production"], Field(description="production refuses crash points")
    ] = "development"
    origin: Annotated[
        str, Field(description="the log that it signs for, as the audit service names it")
    ]
    dir: Annotated[
        Path,
        Field(
            description="folder of the log's keys and of what they signed, on a volume that no"
            " backup of the ledger contains; nobody else needs to read it"
        ),
    ]
    socket: Annotated[
        Path,
        Field(description="where it listens: a Unix socket, mode 0600; at most 107 bytes"),
    ]
    passphrase_file: Annotated[
        Path | None, Field(description="file whose content opens the key files")
    ] = None
    client_uids: Annotated[
        tuple[int, ...],
        Field(description="users (numbers) that may ask; empty: the signer's own user"),
    ] = ()
    socket_group: Annotated[
        str | None,
        Field(
            description="group of the socket, which then has mode 0660: an audit service that"
            " runs under another user is a member"
        ),
    ] = None
    crash_at: Annotated[
        str, Field(description="drill: end the process at this crash point; not in production")
    ] = ""

    @model_validator(mode="after")
    def no_drills_in_production(self) -> Self:
        """Refuse crash points where heads are real."""
        if self.crash_at and self.environment == "production":
            raise ValueError("crash points are for drills, never for production")
        return self
