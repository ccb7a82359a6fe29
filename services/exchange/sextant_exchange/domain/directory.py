"""Which machine clients may ask for tokens: parties by their documents, others by file."""

from sextant_exchange.domain.registration import Registration
from sextant_shared.crypto.signing import Verifier
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Role, Subject


class PartyClients:
    """Finds `<party>/<name>` by an active access key in the party's document in force."""

    def __init__(self, registration: Registration) -> None:
        self._registration = registration

    def find(self, client_id: str, kid: str) -> tuple[Subject, Verifier]:
        """Return the party as subject and the key that must have signed.

        Raises:
            PlatformError: `E_AUTH`.
        """
        party, slash, name = client_id.partition("/")
        if not slash or not name:
            raise PlatformError(
                Code.AUTH,
                "unknown client",
                expected="<party>/<name>, or a client of the operator's file",
                received=client_id[:64],
            )
        verifier = self._registration.registry.api_key(party, kid)
        return Subject(client_id, Role.PARTY, party), verifier
