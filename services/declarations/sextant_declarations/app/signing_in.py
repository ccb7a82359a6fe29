"""Makes of the settings what the service believes of people who sign in elsewhere."""

import httpx

from sextant_declarations.settings import DeclarationsSettings
from sextant_shared.chassis.people import Discovery, People
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Role
from sextant_shared.protocol.people import Provider, check_address


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
