"""Everything an operator may set for the exchange."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from sextant_exchange.domain.retention import DEFAULT_RULES, RetentionRule
from sextant_shared.chassis.database import Place
from sextant_shared.chassis.database_settings import DatabaseSettings
from sextant_shared.models.envelope import MAX_BODY_BYTES, MAX_MANIFEST_BYTES
from sextant_shared.protocol.manifest import PREFIX_SIZE
from sextant_shared.protocol.message_types import DEFAULT_SECRETARIAT


class ExchangeSettings(DatabaseSettings):
    """Settings of the exchange; environment prefix `SEXTANT_EXCHANGE_`."""

    model_config = SettingsConfigDict(env_prefix="SEXTANT_EXCHANGE_")

    issuer_key_file: Annotated[Path, Field(description="Ed25519 key that signs access tokens")]
    registrars_file: Annotated[Path, Field(description="pinned registrars and their threshold")]
    audit_url: Annotated[str, Field(description="base address of the audit service")]
    audit_client_id: Annotated[str, Field(description="our client id there")] = "exchange"
    audit_key_file: Annotated[Path, Field(description="our access key there")]
    log_file: Annotated[Path, Field(description="pinned origin and keys of the log, as JSON")]
    secretariat: Annotated[
        str,
        Field(
            description="the party that is the Secretariat; all others are National Authorities",
            pattern=r"^[A-Z][A-Z0-9-]{1,31}$",
        ),
    ] = DEFAULT_SECRETARIAT
    max_body_bytes: Annotated[
        int,
        Field(
            description="largest envelope body: 100 MiB of content and padding",
            ge=72,
            le=MAX_BODY_BYTES,
        ),
    ] = MAX_BODY_BYTES
    small_container_bytes: Annotated[
        int,
        Field(description="up to here a container is kept in its row: one durable write", ge=0),
    ] = 131_072
    min_upload_bytes_s: Annotated[
        int,
        Field(
            description="slower on average than this, a deposit is cut off: places are few", ge=1
        ),
    ] = 4096
    deposits_per_s: Annotated[
        float, Field(description="one party's deposits a second on average; then 429", gt=0)
    ] = 500.0
    deposit_burst: Annotated[
        int,
        Field(description="one party's deposits at once: a year's declarations in one go", ge=1),
    ] = 5000
    day_bytes: Annotated[
        int, Field(description="one party's bytes from midnight to midnight UTC; then 429", ge=1)
    ] = 20 << 30
    stored_bytes: Annotated[
        int, Field(description="one party's bytes in all: the disk is shared; then 429", ge=1)
    ] = 200 << 30
    untaken_deliveries: Annotated[
        int,
        Field(description="one sender's deliveries that nobody has fetched yet; then 429", ge=1),
    ] = 1_000_000
    uploads_per_party: Annotated[
        int,
        Field(description="uploads in parts one party may have under way: each holds disk", ge=1),
    ] = 8
    upload_lifetime_s: Annotated[
        int,
        Field(description="then an upload ends; longer is useless, see `created_skew_s`", ge=60),
    ] = 86_400
    upload_keep_bytes: Annotated[
        int,
        Field(
            description="bytes between flushes of an upload: what a kill may lose of it",
            ge=65_536,
        ),
    ] = 8_388_608
    disk_reserve_bytes: Annotated[
        int,
        Field(
            description="free disk that no deposit may touch: what is held must be finished", ge=0
        ),
    ] = 268_435_456
    created_skew_s: Annotated[
        int, Field(description="how far `created` may be off; senders may work offline", ge=60)
    ] = 86_400
    log_wait_s: Annotated[
        float, Field(description="how long a deposit waits for the log before 202", gt=0)
    ] = 5.0
    log_batch: Annotated[
        int, Field(description="entries per call to the log; shares call and signatures", ge=1)
    ] = 256
    recover_every_s: Annotated[
        float,
        Field(description="pause between looks for envelopes that the log still owes", gt=0),
    ] = 2.0
    max_waiting: Annotated[
        int, Field(description="deposits queued for one durable step; then 503", ge=1)
    ] = 4096
    max_attempts: Annotated[
        int, Field(description="leases of one delivery before it is a dead letter", ge=1)
    ] = 8
    backoff_s: Annotated[
        float, Field(description="first pause of a released delivery; doubles each time", gt=0)
    ] = 2.0
    backoff_cap_s: Annotated[
        float, Field(description="longest pause of a released delivery", gt=0)
    ] = 900.0
    retention: Annotated[
        tuple[RetentionRule, ...],
        Field(
            description="how long ciphertext is kept once all copies are closed: a JSON list of"
            " {type, class, days, why}, first match decides; manifests and receipts stay"
        ),
    ] = DEFAULT_RULES
    erase_every_s: Annotated[
        float, Field(description="pause between looks for what the policy lets go", gt=0)
    ] = 3600.0
    erase_batch: Annotated[
        int, Field(description="envelopes looked at each time", ge=1, le=10_000)
    ] = 1000
    max_pollers: Annotated[
        int, Field(description="callers that may wait for mailboxes at once", ge=1)
    ] = 2048
    events_beat_s: Annotated[
        float,
        Field(description="pause between beats of a quiet stream: proxies close silent ones", gt=0),
    ] = 15.0
    events_max_s: Annotated[
        float,
        Field(description="life of one stream; then its reader proves itself afresh", gt=0),
    ] = 300.0

    work_dir: Annotated[
        Path | None,
        Field(
            description="folder of what is arriving and of uploads under way; default <data_dir>;"
            " of several processes each has its own"
        ),
    ] = None
    scenarios: Annotated[
        bool,
        Field(
            description="drill: deposits may ask for faults (docs/sandbox.md); not in production"
        ),
    ] = False

    @model_validator(mode="after")
    def no_drills_in_production(self) -> Self:
        """Refuse drills where deposits are real."""
        if self.scenarios and self.environment == "production":
            raise ValueError("scenarios are drills for a sandbox, never for production")
        return self

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.data_dir / "exchange.db"

    @property
    def place(self) -> Place:
        """Where envelopes are kept: that file, or a database on a server."""
        return self.place_of(self.database)

    @property
    def own_folder(self) -> Path:
        """The folder that no other process uses."""
        return self.work_dir or self.data_dir

    @property
    def max_container_bytes(self) -> int:
        """Largest whole container: prefix, manifest and body."""
        return PREFIX_SIZE + MAX_MANIFEST_BYTES + self.max_body_bytes
