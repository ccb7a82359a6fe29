"""`sextant officer login`, `logout` and `whoami`: people sign in at the Secretariat's provider."""

import webbrowser
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.loopback import Loopback
from sextant_client.people import CLIENT, Desk, Secrets, forget, keep, load
from sextant_shared.clock import timestamp_s
from sextant_shared.errors import Code, PlatformError

_WAIT_S = 300
_NOBODY = "Nobody is signed in; the home's key is used."
NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help="Print the address instead of opening it.")
]


def login(
    issuer: Annotated[
        str | None,
        typer.Option(help="Address of the provider; default: that of the last sign-in."),
    ] = None,
    client: Annotated[
        str | None, typer.Option(help=f"Client id at the provider; default: {CLIENT}.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Ask for the password also if the browser knows you.")
    ] = False,
    no_browser: NoBrowser = False,
    wait: Annotated[int, typer.Option(help="Seconds to wait for you.", min=1)] = _WAIT_S,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Sign in as yourself in the browser; the commands for officers go on in your name."""
    run = start(home, as_json=as_json)
    before = load(run.home)
    where = issuer or (before.issuer if before else None)
    if where is None:
        raise PlatformError(
            Code.STATE, "no provider is known", fix="Name it once: --issuer https://…"
        )
    desk = Desk(where, client or (before.client if before else CLIENT))
    places = desk.endpoints()
    secrets = Secrets.fresh()
    with Loopback(secrets.state) as loopback:
        address = desk.address(places, secrets, loopback.redirect_uri, anew=anew)
        opened = not no_browser and webbrowser.open(address)
        typer.echo(
            "Sign in in the browser." if opened else f"Open in a browser: {address}", err=True
        )
        answer = loopback.wait(wait)
    signed_in = desk.redeem(places, secrets, loopback.redirect_uri, answer)
    keep(run.home, signed_in)
    renewed = " and is renewed after" if signed_in.refresh_token else ""
    run.output.result(
        {"name": signed_in.name, "subject": signed_in.subject, "issuer": where},
        [
            f"SIGNED IN  {signed_in.name}",
            f"The token lasts to {timestamp_s(signed_in.expires)}{renewed}.",
        ],
    )


def logout(
    no_browser: NoBrowser = False, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """Sign out here, and at the provider where it offers that."""
    run = start(home, as_json=as_json)
    held = load(run.home)
    if held is None:
        run.output.result({"signed_out": None}, [_NOBODY])
        return
    forget(run.home)  # first: whatever the provider says, this home is signed out
    try:
        address = Desk(held.issuer, held.client).leave(held)
    except PlatformError as error:
        raise PlatformError(
            error.code,
            f"signed out here, but not at the provider: {error.detail}",
            received=error.received,
            fix="End the session there in the browser; what was given out ends by itself.",
        ) from error
    if address is not None and (no_browser or not webbrowser.open(address)):
        typer.echo(f"To end it in the browser too, open: {address}", err=True)
    lines = [f"SIGNED OUT  {held.name}"]
    if address is None:
        lines.append("The provider offers no signing out: the browser may still know you.")
    run.output.result({"signed_out": held.subject}, lines)


def whoami(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Say who is signed in, and until when."""
    run = start(home, as_json=as_json)
    held = load(run.home)
    if held is None:
        run.output.result({"name": None}, [_NOBODY])
        return
    until = timestamp_s(held.expires)
    run.output.result(
        {"name": held.name, "subject": held.subject, "issuer": held.issuer, "expires": until},
        [f"{held.name} ({held.subject}), by {held.issuer}", f"The token lasts to {until}."],
    )
