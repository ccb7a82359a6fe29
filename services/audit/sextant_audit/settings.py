"""Everything an operator may set for the audit service. Read by `app` and `__main__` alone."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from sextant_shared.chassis.database import Place
from sextant_shared.chassis.database_settings import DatabaseSettings

DATABASE = "log.sqlite3"


class AuditSettings(DatabaseSettings):
    """Settings of the audit service; variables begin with SEXTANT_AUDIT_."""

    model_config = SettingsConfigDict(env_prefix="SEXTANT_AUDIT_")

    origin: Annotated[
        str,
        Field(description="schema-less URL that names the log for life, e.g. log.example/sextant"),
    ]
    signer_dir: Annotated[
        Path | None,
        Field(
            description="folder of the log's keys and of what they signed; default"
            " <data_dir>/signer, in production a volume that no backup of the database contains"
        ),
    ] = None
    signer_passphrase_file: Annotated[
        Path | None, Field(description="file whose content opens the signer's key files")
    ] = None
    signer_socket: Annotated[
        Path | None,
        Field(
            description="Unix socket of a signer in its own process (`python -m"
            " sextant_audit.signer`); unset: the signer lives in this one"
        ),
    ] = None
    signer_timeout_s: Annotated[
        float, Field(description="a signer that answers later counts as away: 503", gt=0, le=60)
    ] = 5.0
    entries_public: Annotated[
        bool,
        Field(description="serve entry bundles to all; else to auditors and sibling services"),
    ] = False
    publish_interval_s: Annotated[
        float,
        Field(
            description="shortest time between two published heads: few heads mean few partial"
            " tiles, and every witness meets the same ones",
            ge=0.05,
            le=60,
        ),
    ] = 1.0
    refresh_s: Annotated[
        float,
        Field(
            description="a head without new entries is signed afresh after this time, so that a"
            " quiet log can be told from a frozen one",
            ge=1,
        ),
    ] = 600.0
    witness_policy_file: Annotated[
        Path | None,
        Field(
            description="witnesses to ask for cosignatures (C2SP tlog-policy, with their addresses)"
            " and the quorum that makes a head witnessed"
        ),
    ] = None
    witness_timeout_s: Annotated[
        float, Field(description="a witness that answers later is asked again later", gt=0, le=30)
    ] = 1.0
    witness_interval_s: Annotated[
        float, Field(description="shortest time between two rounds of asking", ge=0.05, le=60)
    ] = 1.0
    tiles_dir: Annotated[
        Path | None,
        Field(
            description="lay out checkpoint, tiles and bundles here as plain files for a web server"
        ),
    ] = None
    tiles_grace_s: Annotated[
        float,
        Field(description="so long partial tiles stay after their full tile is out", ge=0),
    ] = 600.0
    scrub_entries_per_s: Annotated[
        float,
        Field(
            description="entries read again and verified per second, for ever; 0 turns it off."
            " A thousand take about one percent of a core",
            ge=0,
        ),
    ] = 1000.0
    scrub_pause_s: Annotated[
        float, Field(description="pause between two passes over the log", gt=0)
    ] = 60.0
    timestamp_url: Annotated[
        str | None,
        Field(
            description="a time-stamping authority (RFC 3161) that is asked for the published head",
            pattern="^https?://",
        ),
    ] = None
    timestamp_ca_file: Annotated[
        Path | None,
        Field(description="root certificates (PEM) that its time-stamps must lead to"),
    ] = None
    timestamp_interval_s: Annotated[
        float, Field(description="time between two time-stamps; by default a day", ge=60)
    ] = 86_400.0
    timestamp_timeout_s: Annotated[
        float, Field(description="an authority that answers later is asked again later", gt=0)
    ] = 10.0
    heartbeat_s: Annotated[
        float,
        Field(
            description="pause between heartbeats, entries by which a log shows life; 0: none", ge=0
        ),
    ] = 3600.0
    max_batch_requests: Annotated[
        int,
        Field(description="append requests in one transaction: bounds the time it takes", ge=1),
    ] = 16
    max_waiting_requests: Annotated[
        int,
        Field(description="append requests that may wait; beyond it 503 with Retry-After", ge=1),
    ] = 256
    cached_tiles: Annotated[
        int, Field(description="full tiles kept for proofs, about 40 KiB each", ge=8)
    ] = 512

    @model_validator(mode="after")
    def one_signer(self) -> Self:
        """Refuse a folder that would be ignored: its keys are not this service's to read."""
        if self.signer_socket is not None and (self.signer_dir or self.signer_passphrase_file):
            raise ValueError(
                "SIGNER_DIR and SIGNER_PASSPHRASE_FILE are the signer's own where SIGNER_SOCKET is"
                " set: move them to SEXTANT_SIGNER_DIR and SEXTANT_SIGNER_PASSPHRASE_FILE"
            )
        return self

    @property
    def database(self) -> Path:
        """The ledger's file, when it is one."""
        return self.data_dir / DATABASE

    @property
    def place(self) -> Place:
        """Where the ledger is: the file, or a database on a server."""
        return self.place_of(self.database)

    @property
    def signer_folder(self) -> Path:
        """The signer's folder."""
        return self.signer_dir or self.data_dir / "signer"
