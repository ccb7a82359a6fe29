"""`sextant keys admit`, `dismiss`: whom a service knows, by the public halves of access keys."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field, TypeAdapter, ValidationError

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, PassphraseFile, start
from sextant_client.cli.output import Output
from sextant_client.home import write_file
from sextant_shared.crypto.keys import thumbprint
from sextant_shared.encoding import canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse
from sextant_shared.models.strict import Strict, findings_of
from sextant_shared.protocol.access import Role

_STATIC = sorted(str(role) for role in Role if role is not Role.PARTY)
RoleName = Annotated[str, typer.Option(help=f"What it may do: {', '.join(_STATIC)}.")]


class _Client(Strict):
    """One line of a clients file."""

    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
    role: Annotated[Role, Field(strict=False)]
    party: str | None
    jwk: dict[str, str]


_FILE = TypeAdapter(list[_Client])


def admit(
    client_id: Annotated[str, typer.Argument(help="The name by which the service will know it.")],
    role: RoleName,
    into: Annotated[Path, typer.Option(help="The service's clients file; made if there is none.")],
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Add this home's access key, its public half alone, to the clients file of a service.

    A party is never named there: its document names its own access keys.
    """
    run = start(home, as_json=as_json)
    if role not in _STATIC:
        raise typer.BadParameter(f"it is one of {', '.join(_STATIC)}", param_hint="--role")
    keys = run.keystore(passphrase_file).of_use(KeyUse.API)
    if not keys:
        raise PlatformError(
            Code.KEY,
            f"{run.home.path} holds no access key",
            fix="Make one: sextant keys generate --use api.",
        )
    known = _read(into)
    for key in keys:
        line = {"client_id": client_id, "role": role, "party": None, "jwk": dict(key.jwk)}
        known += [each for each in _checked(canonical_json([line])) if each not in known]
    write_file(into, _FILE.dump_json(known, indent=1) + b"\n")
    lines = [f"{into} names {client_id} as {role}."]
    run.output.result({"clients": str(into), "keys": [key.kid for key in keys]}, lines)


def dismiss(
    kids: Annotated[list[str], typer.Argument(help="Keys to take out, as `keys list` shows them.")],
    from_: Annotated[Path, typer.Option("--from", help="The service's clients file.")],
    last: Annotated[
        bool, typer.Option("--last", help="Also the only key that a client has: it is out then.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take access keys out of the clients file of a service: all of these, or none.

    The service knows them until it reads the file again.
    """
    known = _read(from_)
    gone = [each for each in known if thumbprint(each.jwk) in kids]
    kept = [each for each in known if each not in gone]
    strangers = sorted(set(kids) - {thumbprint(each.jwk) for each in gone})
    if strangers:
        raise PlatformError(
            Code.NOT_FOUND,
            f"{from_} does not name every one of these keys",
            received=", ".join(strangers)[:200],
            fix="Look the keys up: sextant keys list --home HOME.",
        )
    out = {each.client_id for each in gone} - {each.client_id for each in kept}
    if out and not last:
        raise PlatformError(
            Code.STATE,
            "a client would be left without any key",
            received=", ".join(sorted(out)),
            fix="Admit its next key first; or put it out for good, with --last.",
        )
    write_file(from_, _FILE.dump_json(kept, indent=1) + b"\n")
    lines = [f"{from_} no longer names {each.client_id} by this key." for each in gone]
    Output(as_json=as_json).result({"clients": str(from_), "keys": sorted(kids)}, lines)


def _read(path: Path) -> list[_Client]:
    return _checked(path.read_bytes()) if path.exists() else []


def _checked(given: bytes | list[dict[str, object]]) -> list[_Client]:
    try:
        return (
            _FILE.validate_json(given) if isinstance(given, bytes) else _FILE.validate_python(given)
        )
    except ValidationError as error:
        raise PlatformError(
            Code.MALFORMED,
            "this is no clients file",
            expected="a JSON list of clients with client_id, role, party and jwk",
            fix="Name the clients file of the service, or one that is not there yet.",
            findings=findings_of(error),
        ) from error
