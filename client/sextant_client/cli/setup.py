"""`sextant init`, `sextant trust`, `sextant version`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client import __version__
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.enrolment import make_trust, read_log, read_registrars
from sextant_client.home import Config, Heading, read_json, write_file
from sextant_client.trust import TrustFile
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.channel import open_channel
from sextant_shared.rules import rule_pack_id


def init(
    party: Annotated[str, typer.Option(help="Your party id, such as NA-XAL.")],
    trust_file: Annotated[
        Path, typer.Option("--trust", help="trust.json, from your registrar, out of band.")
    ],
    exchange: Annotated[str | None, typer.Option(help="Address of the exchange.")] = None,
    audit: Annotated[str | None, typer.Option(help="Address of the log.")] = None,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="This machine has no network: a courier carries for it."),
    ] = False,
    declarations: Annotated[
        str | None, typer.Option(help="Address of the officers' service, inside the Secretariat.")
    ] = None,
    client: Annotated[str, typer.Option(help="Name of this machine's access.")] = "submit-1",
    client_id: Annotated[
        str | None, typer.Option(help="Client id of a service's own client, instead of a party's.")
    ] = None,
    trace_file: Annotated[
        Path | None, typer.Option(help="Append the client's spans to this file.")
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(help="A declaration of yours; new ones begin with its State and contact."),
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="Authorities of the operator's edge (PEM).")
    ] = None,
    certificate_file: Annotated[
        Path | None, typer.Option(help="Certificate and key for an edge with mutual TLS (PEM).")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Set up the home folder: who you are, where the services are, what you trust."""
    run = start(home, as_json=as_json)
    if offline == bool(exchange and audit):
        raise typer.BadParameter("name --exchange and --audit, or else --offline")
    pinned = read_model(TrustFile, read_json(trust_file))
    config = Config(
        v=1,
        party=party,
        client_id=client_id or f"{party}/{client}",
        exchange=exchange or "",
        audit=audit or "",
        offline=offline,
        declarations=declarations,
        trace_file=str(trace_file) if trace_file else None,
        heading=heading_of(read_json(like)) if like else None,
        ca_file=str(ca_file.absolute()) if ca_file else None,
        certificate_file=str(certificate_file.absolute()) if certificate_file else None,
    )
    open_channel(ca_file, certificate_file)  # a file that does not load is told now
    run.home.write_config(config)
    write_file(run.home.path / "trust.json", (pinned.model_dump_json(indent=1) + "\n").encode())
    lines = [
        f"Home of {party} is {run.home.path}.",
        f"Pinned: {len(pinned.registrars.registrars)} registrar(s), log {pinned.log.origin}.",
        "Next: sextant keys generate, then sextant doctor.",
    ]
    run.output.result({"home": str(run.home.path), "party": party}, lines)


def heading_of(document: dict[str, Any]) -> Heading:
    """Return the part of a declaration's heading that the State's next ones share.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    names = Heading.model_fields.keys() & document.keys()
    return read_model(Heading, {name: document[name] for name in names})


def trust(
    registrars: Annotated[Path, typer.Option(help="Registrars file.")],
    log: Annotated[Path, typer.Option(help="The log's origin and keys, as JSON.")],
    out: Annotated[Path, typer.Option(help="Where to write trust.json.")],
    policy: Annotated[
        Path | None, typer.Option(help="Witness policy (C2SP tlog-policy) to pin with them.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a trust file from pinned registrars and the log's keys."""
    run = start(DEFAULT_HOME, as_json=as_json)
    witnesses = policy.read_bytes() if policy else None
    pinned = make_trust(read_registrars(registrars), read_log(log), witnesses)
    write_file(out, (pinned.model_dump_json(indent=1) + "\n").encode())
    run.output.result({"trust": str(out), "log": pinned.log.origin}, [f"Wrote {out}."])


def version(as_json: JsonFlag = False) -> None:
    """Print versions."""
    pack = rule_pack_id()
    run = start(DEFAULT_HOME, as_json=as_json)
    run.output.result(
        {"sextant": __version__, "rule_pack": {"version": pack.version, "digest": pack.digest}},
        [f"sextant {__version__}", f"rule pack {pack.version} (sha256:{pack.digest[:12]}…)"],
    )
