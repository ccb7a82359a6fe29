"""Settings every service has, and the one place that reads the environment.

Secrets are paths of files, never values. A variable with our prefix that no setting knows stops
the process: a misspelt limit must not become a silent default.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, IPvAnyAddress, ValidationError
from pydantic_settings import BaseSettings

from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.strict import findings_of

_WRITTEN = frozenset({"trace_file"})  # the service makes it
BALLAST_BYTES = 64 << 20  # an operator's room to act in: logs, a copy of a ledger, a migration


class ServiceSettings(BaseSettings, frozen=True, extra="forbid"):
    """What an operator may set for any service; each room adds its own."""

    environment: Annotated[
        Literal["development", "production"],
        Field(description="production refuses crash points and development defaults"),
    ] = "development"
    data_dir: Annotated[Path, Field(description="folder of the database, blobs and keys")]
    host: Annotated[str, Field(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(description="port to listen on", ge=1, le=65535)]
    base_url: Annotated[
        str,
        Field(
            description="address callers use; proofs and tokens are bound to it",
            pattern=r"^https?://[^\s?#]*[^\s?#/]$",
        ),
    ]
    clients_file: Annotated[
        Path | None, Field(description="JSON list of static clients with their public keys")
    ] = None
    max_in_flight: Annotated[
        int, Field(description="requests at once; beyond it 503 before anything is read", ge=1)
    ] = 512
    max_uploads: Annotated[
        int,
        Field(description="of them uploads: a slow line may not keep others from reading", ge=1),
    ] = 384
    max_reads: Annotated[
        int,
        Field(description="of them reads: who fetches may not keep others from depositing", ge=1),
    ] = 384
    max_writes: Annotated[
        int, Field(description="of them all that changes something and is no upload", ge=1)
    ] = 384
    max_token_requests: Annotated[
        int, Field(description="of them requests for tokens, which strangers may send", ge=1)
    ] = 64
    place_wait_s: Annotated[
        float,
        Field(description="so long a request waits for a place before 503: most are short", ge=0),
    ] = 0.05
    requests_per_s: Annotated[
        float,
        Field(description="one party's or static client's requests, on average; then 429", gt=0),
    ] = 500.0
    request_burst: Annotated[
        int, Field(description="its requests at once: a year's declarations in one go", ge=1)
    ] = 10_000
    tokens_per_s: Annotated[
        float, Field(description="one client's access tokens, on average; one lasts minutes", gt=0)
    ] = 2.0
    token_burst: Annotated[
        int, Field(description="its tokens at once: a script runs many short commands", ge=1)
    ] = 120
    strangers_per_s: Annotated[
        float,
        Field(description="requests for tokens from one address, before any check; then 429", gt=0),
    ] = 20.0
    stranger_burst: Annotated[
        int, Field(description="such requests at once: an office behind one address", ge=1)
    ] = 200
    max_json_bytes: Annotated[
        int, Field(description="body of a JSON request; party documents are the largest", ge=1024)
    ] = 2_097_152
    body_read_timeout_s: Annotated[
        float, Field(description="longest silence while a body arrives", gt=0)
    ] = 20.0
    head_timeout_s: Annotated[
        float,
        Field(description="time for the head of a request: a slow stranger holds a place", gt=0),
    ] = 10.0
    max_head_bytes: Annotated[
        int,
        Field(description="head of a request; a token and a proof have one kilobyte", ge=4096),
    ] = 32_768
    keep_alive_s: Annotated[
        int,
        Field(description="idle connection; longer than a client's pool keeps its own", ge=1),
    ] = 75
    max_connections: Annotated[
        int, Field(description="connections at once; beyond it 503 and closed", ge=1)
    ] = 8192
    max_connections_per_address: Annotated[
        int, Field(description="of them from one address (IPv6: one /64)", ge=1)
    ] = 1024
    uncounted_addresses: Annotated[
        tuple[str, ...],
        Field(description="addresses without a bound of their own: a balancer, this machine"),
    ] = ("127.0.0.1", "::1")
    trusted_proxies: Annotated[
        tuple[IPvAnyAddress, ...],
        Field(
            description="addresses of the edge: what it says of a caller's address and certificate"
            " is believed, what all others say of them is not"
        ),
    ] = ()
    tls_ca_file: Annotated[
        Path | None,
        Field(description="authorities of the edges we call, PEM; the usual ones by default"),
    ] = None
    tls_certificate_file: Annotated[
        Path | None,
        Field(description="certificate and key we show to an edge with mutual TLS, PEM"),
    ] = None
    security_txt_file: Annotated[
        Path | None,
        Field(description="served as /.well-known/security.txt: whom to tell of a weakness"),
    ] = None
    clock_tolerance_s: Annotated[
        float,
        Field(description="how far the clock may jump or go back; beyond it unready", gt=0),
    ] = 5.0
    clock_settle_s: Annotated[
        float, Field(description="so long a clock that jumped keeps still to be believed", gt=0)
    ] = 60.0
    drain_s: Annotated[
        float, Field(description="seconds of unready service before a stop, for balancers", ge=0)
    ] = 0.0
    sidecar_dir: Annotated[
        Path | None,
        Field(
            description="folder of the keys of details; default <data_dir>/sidecar, in production a"
            " volume that no backup of the database contains"
        ),
    ] = None
    note_after_s: Annotated[
        float,
        Field(
            description="so long a service runs before it tells the log with which settings,"
            " policies and keys: one that ends at once was not in force",
            ge=0,
        ),
    ] = 5.0
    shred_two_persons: Annotated[
        tuple[str, ...],
        Field(description="classes of envelopes whose details two persons destroy, never one"),
    ] = ("C2", "C3")
    trace_file: Annotated[
        Path | None, Field(description="append spans to this file as JSON lines")
    ] = None
    trace_file_bytes: Annotated[
        int,
        Field(
            description="so long that file grows; then it is put aside beside it as"
            " NAME.before.jsonl, in place of the one before",
            ge=1,
        ),
    ] = 33_554_432
    otlp_endpoint: Annotated[
        str | None, Field(description="send spans to this OTLP/HTTP collector")
    ] = None
    otlp_metrics_endpoint: Annotated[
        str | None, Field(description="send metrics to this OTLP/HTTP collector (…/v1/metrics)")
    ] = None
    otlp_logs_endpoint: Annotated[
        str | None, Field(description="send log lines to this OTLP/HTTP collector too (…/v1/logs)")
    ] = None
    otlp_timeout_s: Annotated[
        float,
        Field(description="one try to reach a collector; a stop waits no longer for it", gt=0),
    ] = 2.0
    otlp_queue: Annotated[
        int,
        Field(description="spans, and log lines, that wait for a collector; beyond it lost", ge=1),
    ] = 2048
    certificate_files: Annotated[
        tuple[Path, ...],
        Field(description="certificates (PEM) whose end is watched, such as those of the proxy"),
    ] = ()
    metrics_port: Annotated[
        int | None,
        Field(
            description="answer a Prometheus on 127.0.0.1 at this port (/metrics), beside or"
            " without a collector",
            ge=1,
            le=65535,
        ),
    ] = None
    metrics_interval_s: Annotated[
        float, Field(description="seconds between two sendings of metrics", gt=0)
    ] = 60.0
    trace_sample_ratio: Annotated[
        float, Field(description="share of traces that are recorded", ge=0, le=1)
    ] = 1.0
    trace_service_name: Annotated[
        bool,
        Field(description="name the service in each span too: some back ends keep no resource"),
    ] = False
    trace_parent: Annotated[
        Literal["link", "accept"],
        Field(description="whether a caller's trace is only linked, or continued as parent"),
    ] = "link"
    trace_peers: Annotated[
        tuple[str, ...],
        Field(description="addresses of our own services: their traces go on here in any case"),
    ] = ()
    crash_at: Annotated[
        str, Field(description="drill: end the process at this crash point; not in production")
    ] = ""

    disk_reserve_bytes: Annotated[
        int,
        Field(description="free disk that no new work may touch: what is held is finished", ge=0),
    ] = 67_108_864
    ballast_bytes: Annotated[
        int | None,
        Field(
            description="size of the ballast file in the data folder, made at the start while there"
            " is room, released by a command when the disk is full; default 64 MiB in production,"
            " none in development",
            ge=0,
        ),
    ] = None

    @property
    def ballast_size(self) -> int:
        """Bytes of ballast; 0 is none."""
        if self.ballast_bytes is not None:
            return self.ballast_bytes
        return BALLAST_BYTES if self.environment == "production" else 0

    @property
    def sidecar_folder(self) -> Path:
        """The folder of the keys of details."""
        return self.sidecar_dir or self.data_dir / "sidecar"

    @property
    def tracing(self) -> bool:
        """Whether spans go anywhere."""
        return self.trace_file is not None or self.otlp_endpoint is not None


Settings = TypeVar("Settings", bound=ServiceSettings)
Loaded = TypeVar("Loaded", bound=BaseSettings)  # also of a process that is no service


def load_settings(model: type[Loaded]) -> Loaded:
    """Read the environment variables of `model`, by its prefix.

    Raises:
        PlatformError: `E_MALFORMED`, with one finding for each variable that is unknown, missing
            or does not fit.
    """
    prefix = model.model_config["env_prefix"]
    known = {f"{prefix}{name}".upper() for name in model.model_fields}
    environment = dict(os.environ)  # noqa: TID251 -- the one place that reads the environment
    findings = [
        Finding(
            rule="SETTING",
            severity=Severity.MUST_FIX,
            pointer=f"/{name[len(prefix) :].lower()}",
            message="no setting has this name",
            fix="Correct the spelling or remove the variable.",
        )
        for name in environment
        if name.upper().startswith(prefix) and name.upper() not in known
    ]
    try:
        settings = model()
    except ValidationError as error:
        settings = None
        findings += findings_of(error)
    if settings is None or findings:
        raise PlatformError(
            Code.MALFORMED,
            "settings: "
            + "; ".join(f"{prefix}{f.pointer[1:].upper()}: {f.message}" for f in findings),
            findings=findings,
        )
    return settings


def check_files(settings: BaseSettings) -> None:
    """Return when every file that the settings name can be read.

    Raises:
        PlatformError: `E_MALFORMED`, with one finding for each that cannot.
    """
    findings = [
        Finding(
            rule="SETTING",
            severity=Severity.MUST_FIX,
            pointer=f"/{name}",
            message=f"{path} does not open: {fault}",
            fix="Correct the path, or let the service read the file.",
        )
        for name, path in _files_of(settings)
        if (fault := _fault_of(path))
    ]
    if findings:
        raise PlatformError(
            Code.MALFORMED, f"settings: {len(findings)} files cannot be read", findings=findings
        )


def _files_of(settings: BaseSettings) -> Iterator[tuple[str, Path]]:
    for name in type(settings).model_fields:
        if name.endswith(("_file", "_files")) and name not in _WRITTEN:
            value = getattr(settings, name)
            for path in value if isinstance(value, tuple | list) else [value]:
                if isinstance(path, Path):
                    yield name, path


def _fault_of(path: Path) -> str:
    try:
        path.open("rb").close()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def take_variables(*names: str) -> dict[str, str]:
    """Return variables that are no settings, and remove them: child processes do not see them."""
    environment = os.environ  # noqa: TID251 -- the one place that reads the environment
    return {name: environment.pop(name) for name in names if name in environment}


def describe_settings(settings: BaseSettings) -> dict[str, str]:
    """Return name and value of each setting; there are no secrets among them, only paths."""
    return {name: str(getattr(settings, name)) for name in type(settings).model_fields}
