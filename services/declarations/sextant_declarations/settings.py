"""Everything an operator may set for this service, each with its reason. Secrets are files."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from sextant_shared.chassis.database import Place
from sextant_shared.chassis.database_settings import DatabaseSettings, check_address, is_readable
from sextant_shared.chassis.postgresql import Server
from sextant_shared.crypto.pkcs11 import TokenAccess
from sextant_shared.models.package import MAX_PARTS

DATABASE = "declarations.sqlite3"
VAULT = "vault"


class DeclarationsSettings(DatabaseSettings):
    """Settings of the declarations service; variables begin with SEXTANT_DECLARATIONS_."""

    model_config = SettingsConfigDict(env_prefix="SEXTANT_DECLARATIONS_")

    party: Annotated[
        str, Field(description="our own party id: whose mailbox is the verification queue")
    ] = "SEC"
    trust_file: Annotated[
        Path, Field(description="pinned registrars and log keys; nothing else is believed")
    ]
    exchange_url: Annotated[str, Field(description="base address of the exchange")]
    exchange_client_id: Annotated[
        str, Field(description="our client id at the exchange, as `<party>/<name>`")
    ]
    exchange_key_file: Annotated[
        Path, Field(description="key file of the access key our party document lists")
    ]
    audit_url: Annotated[str, Field(description="base address of the transparency log")]
    audit_client_id: Annotated[str, Field(description="our client id in the log's clients file")]
    audit_key_file: Annotated[Path, Field(description="key file of that client")]
    issuer_key_file: Annotated[
        Path | None,
        Field(
            description="Ed25519 key that signs access tokens, for several processes behind one"
            " address; without it each process signs its own, which die with it"
        ),
    ] = None
    sealing_key_files: Annotated[
        tuple[Path, ...],
        Field(description="private sealing keys; keep retired ones while envelopes may come"),
    ] = ()
    signing_key_files: Annotated[
        tuple[Path, Path] | None, Field(description="our signing pair, in profile order")
    ] = None
    key_folder: Annotated[
        Path | None,
        Field(
            description="folder `keys` of our own home instead: read again whenever it changes, so"
            " that keys are rotated while the service runs"
        ),
    ] = None
    passphrase_file: Annotated[Path | None, Field(description="passphrase of sealed key files")] = (
        None
    )
    pkcs11_module: Annotated[
        Path | None, Field(description="module of the token that holds classical halves of keys")
    ] = None
    pin_file: Annotated[Path | None, Field(description="PIN of that token")] = None

    database_officer_url: Annotated[
        str | None,
        Field(
            description="DATABASE_URL as the officer: as whom callers are read for who may not know"
            " of everything; needed with it"
        ),
    ] = None
    isolation: Annotated[
        Literal["process", "thread"],
        Field(description="where envelopes are opened; thread is for tests and debuggers"),
    ] = "process"
    processes: Annotated[
        int, Field(description="workshop processes; one per core keeps them all busy", ge=1)
    ] = 2
    jobs_per_process: Annotated[
        int, Field(description="jobs until a process and the keys in it are replaced", ge=1)
    ] = 200
    job_timeout_s: Annotated[
        float, Field(description="longest opening and checking; then the process is ended", gt=0)
    ] = 60.0
    max_declaration_bytes: Annotated[
        int, Field(description="larger content is rejected unread: rules hold it in memory", ge=1)
    ] = 4_194_304
    max_declaration_values: Annotated[
        int, Field(description="more values are rejected unread: each may have a finding", ge=1)
    ] = 200_000
    max_package_parts: Annotated[
        int,
        Field(description="documents in one envelope: bounds lists and rows", ge=1, le=MAX_PARTS),
    ] = MAX_PARTS
    max_archive_ratio: Annotated[
        int,
        Field(description="an attached archive that grows more is named as one to leave closed"),
    ] = 100
    max_archive_bytes: Annotated[
        int,
        Field(description="what may come out of one envelope's archives; looking reads it"),
    ] = 1_073_741_824
    max_archive_entries: Annotated[
        int, Field(description="entries of an attached archive: its list is held in memory")
    ] = 10_000
    max_filings: Annotated[
        int,
        Field(description="a State's newest filings that a new one may be compared with", ge=1),
    ] = 2_000
    max_filings_bytes: Annotated[
        int, Field(description="bytes of filings compared at once: rules hold them in memory", ge=1)
    ] = 16_777_216
    process_memory_bytes: Annotated[
        int, Field(description="address space of a workshop process; beyond it the process ends")
    ] = 2_147_483_648
    created_tolerance_s: Annotated[
        int, Field(description="how far `created` may be from the log's time; senders are offline")
    ] = 86_400
    default_class: Annotated[
        Literal["C0", "C1", "C2", "C3"],
        Field(description="class of a message of ours whose officer names none"),
    ] = "C2"
    states: Annotated[
        dict[str, str],
        Field(
            default_factory=dict,
            description="party id to State code where `NA-XAL` declaring for XAL does not fit",
        ),
    ]

    max_leases: Annotated[
        int, Field(description="deliveries under way at once: bounds memory and disk", ge=1)
    ] = 32
    lease_s: Annotated[
        int, Field(description="how long a lost worker blocks a delivery; extended while at work")
    ] = 10
    wait_s: Annotated[
        int, Field(description="how long the exchange holds an empty lease request open", ge=1)
    ] = 2
    retry_first_s: Annotated[
        float, Field(description="first delay of a delivery that failed; doubles", gt=0)
    ] = 4.0
    retry_cap_s: Annotated[
        float, Field(description="longest delay of a delivery that failed", gt=0)
    ] = 900.0
    behind_s: Annotated[
        int,
        Field(
            description="delay of a delivery behind one that a lost process left: the exchange"
            " hands that one out by then, so this need not grow",
            ge=1,
        ),
    ] = 1
    pause_cap_s: Annotated[
        float, Field(description="longest pause between tries to reach the exchange or log", gt=0)
    ] = 30.0
    stop_s: Annotated[
        float, Field(description="how long a stopping worker lets deliveries finish", ge=0)
    ] = 5.0
    replies_at_once: Annotated[
        int, Field(description="replies deposited at once: they share the log's batches", ge=1)
    ] = 8
    poll_s: Annotated[
        float, Field(description="how often the outbox is looked at without being woken", gt=0)
    ] = 1.0
    evidence_inline_bytes: Annotated[
        int, Field(description="largest container inside an evidence answer; else by its path")
    ] = 1_048_576
    max_page: Annotated[
        int, Field(description="longest page of a list: bounds the work of one request", ge=1)
    ] = 200
    max_selected: Annotated[
        int,
        Field(
            description="declarations read for one picture or export, amendments counted: they are"
            " held in memory, and each is named in the access",
            ge=1,
        ),
    ] = 10_000
    max_export_rows: Annotated[
        int, Field(description="rows of one export: bounds the disk and its one maker's time", ge=1)
    ] = 1_000_000
    exports_open: Annotated[
        int,
        Field(description="exports of one officer that wait, run or can be fetched at once", ge=1),
    ] = 5
    export_life_s: Annotated[
        float,
        Field(description="how long a file can be fetched: it may hold declared content", gt=0),
    ] = 86_400.0

    people_issuer: Annotated[
        str | None,
        Field(description="OpenID Connect provider at which people sign in; without it nobody can"),
    ] = None
    people_audience: Annotated[
        str, Field(description="what its access tokens must name as their audience")
    ] = "sextant-declarations"
    people_role_claim: Annotated[
        str, Field(description="path of the claim with a person's roles; `groups` is another")
    ] = "realm_access.roles"
    people_roles: Annotated[
        dict[str, Literal["officer", "auditor", "planner", "inspector"]],
        Field(
            default_factory=lambda: {"sextant-officer": "officer", "sextant-auditor": "auditor"},
            description="which role of ours each value of that claim gives; a person has one",
        ),
    ]
    people_skew_s: Annotated[
        int, Field(description="how far the provider's clock may be from ours", ge=0, le=300)
    ] = 30
    people_token_s: Annotated[
        int, Field(description="longest life of a token: until then a lock-out waits", ge=1)
    ] = 900
    people_session_s: Annotated[
        int, Field(description="longest time since a person signed in, where the token says", ge=1)
    ] = 36_000
    people_keys_s: Annotated[
        float,
        Field(
            description="how often the provider's keys are fetched: until then an old one counts",
            gt=0,
        ),
    ] = 300.0

    analysis_pause_s: Annotated[
        float,
        Field(
            description="how long registrations are gathered before they are analysed: each time"
            " it reads, this service leaves one access in the log",
            ge=0,
        ),
    ] = 5.0
    anomalies_quiet_s: Annotated[
        float,
        Field(
            description="how long nothing may be registered before anomalies are looked for: a run"
            " reads all that is registered, half a minute for twenty years of all States",
            ge=0,
        ),
    ] = 900.0
    anomalies_latest_s: Annotated[
        float,
        Field(
            description="after how long they are looked for though registrations go on, as before"
            " a due day",
            ge=0,
        ),
    ] = 21_600.0
    anomalies_timeout_s: Annotated[
        float,
        Field(
            description="how long a run may tell nothing of its progress before its process ends",
            ge=1,
        ),
    ] = 600.0
    profiles_file: Annotated[
        Path | None,
        Field(description="what is publicly known of States' laws and ports, for transfers"),
    ] = None
    terms_file: Annotated[
        Path | None,
        Field(
            description="from when to when States are bound, where the list of this release does"
            " not say so: for transfers, anomalies and obligations"
        ),
    ] = None
    matching_file: Annotated[
        Path | None,
        Field(
            description="policy of transfer matching; without it the one this service comes with"
        ),
    ] = None

    cases_file: Annotated[
        Path | None,
        Field(
            description="policy of cases: cut-off, urgency, which figures are shown to the other"
            " State, bounds of pre-matches; without it the one this service comes with"
        ),
    ] = None

    need_file: Annotated[
        Path | None,
        Field(
            description="who is cleared for what without a grant, and who grants; without it"
            " every officer may know of everything, as in a sandbox"
        ),
    ] = None
    max_unlogged_accesses: Annotated[
        int,
        Field(
            description="reads that may wait for the log; until then only our database has them",
            ge=1,
        ),
    ] = 1_000
    refusals_at_once: Annotated[
        int,
        Field(description="refused reads of one client with an entry each; then counted", ge=1),
    ] = 10
    refusals_pause_s: Annotated[
        float,
        Field(description="then one entry in so long, which counts the others: no flood", gt=0),
    ] = 600.0

    @property
    def token(self) -> TokenAccess:
        """How keys in a hardware token are reached."""
        return TokenAccess(self.pkcs11_module, self.pin_file)

    @field_validator("database_officer_url")
    @classmethod
    def _check_officer(cls, address: str | None) -> str | None:
        return check_address(address)

    @model_validator(mode="after")
    def _check_officer_too(self) -> Self:
        if self.database_url and not self.database_officer_url:
            raise ValueError("DATABASE_URL needs DATABASE_OFFICER_URL: need-to-know has a role")
        if self.environment == "production" and is_readable(self.database_officer_url):
            raise ValueError(
                "DATABASE_OFFICER_URL: production needs sslmode=verify-full or a socket"
            )
        return self

    @property
    def database(self) -> Path:
        """The embedded file of the register, the outbox and the accesses."""
        return self.data_dir / DATABASE

    @property
    def place(self) -> Place:
        """Where the database is: that file, or on a server."""
        place = self.place_of(self.database)
        if isinstance(place, Server):
            return replace(place, narrowed_url=self.database_officer_url)
        return place

    @property
    def exports(self) -> Path:
        """The folder of files that officers ordered."""
        return self.data_dir / "exports"

    @property
    def vault(self) -> Path:
        """The folder of containers and plaintext."""
        return self.data_dir / VAULT
