"""Makes of the settings who signs tokens, and what is believed of people who sign in elsewhere."""

import httpx

from sextant_declarations.clients.bench import read_passphrase
from sextant_declarations.settings import DeclarationsSettings
from sextant_shared.chassis.identity import Identity, StaticDirectory
from sextant_shared.chassis.people import Discovery, People
from sextant_shared.chassis.reloading import Reloading
from sextant_shared.clock import Clock
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Signer, SoftwareSigner
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Role
from sextant_shared.protocol.keyfiles import read_key_file
from sextant_shared.protocol.people import Provider, check_address


def token_signer(settings: DeclarationsSettings) -> Signer:
    """Return who signs access tokens: a key of all processes, or one that dies with this one.

    Raises:
        PlatformError: `E_KEY`, `E_MALFORMED` for a file that does not load.
    """
    if settings.issuer_key_file is None:
        return SoftwareSigner.generate(Alg.ED25519)
    passphrase = read_passphrase(settings.passphrase_file)
    return read_key_file(settings.issuer_key_file, passphrase).signer


def reread(
    reloading: Reloading,
    settings: DeclarationsSettings,
    static: StaticDirectory,
    identity: Identity,
) -> None:
    """Name the files of callers that are read again when the operator asks for it."""
    reloading.add("clients_file", lambda: static.renew(settings.clients_file))
    if settings.issuer_key_file is not None:
        reloading.add("issuer_key_file", lambda: identity.renew(token_signer(settings)))


def people_of(
    settings: DeclarationsSettings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> People | None:
    """Return who signs people in, None where no provider is set.

    Raises:
        PlatformError: `E_POLICY` for a provider without https, and in production for any on this
            machine, such as one for development.
    """
    issuer = settings.people_issuer
    if issuer is None:
        return None
    check_address(issuer, "provider")
    if settings.environment == "production" and not issuer.startswith("https://"):
        raise PlatformError(
            Code.POLICY,
            "in production people sign in by https alone",
            expected="https",
            received=issuer[:120],
            fix="Set SEXTANT_DECLARATIONS_PEOPLE_ISSUER to the provider of the Secretariat.",
        )
    provider = Provider(
        issuer=issuer,
        audience=settings.people_audience,
        role_claim=settings.people_role_claim,
        roles={name: Role(role) for name, role in settings.people_roles.items()},
        skew_s=settings.people_skew_s,
        longest_life_s=settings.people_token_s,
        session_s=settings.people_session_s,
    )
    return People(provider, Discovery(issuer, transport), clock, settings.people_keys_s)
