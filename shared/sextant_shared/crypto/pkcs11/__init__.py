"""Classical halves of keys in a hardware token, over PKCS#11.

`uri` names a token or a key in it, `device` reaches it, `keys` signs, agrees and makes keys. The
library python-pkcs11 is an extra, and is loaded when the first token is reached and not before.
"""

from sextant_shared.crypto.pkcs11.device import TokenAccess
from sextant_shared.crypto.pkcs11.keys import (
    HELD,
    TokenAgreement,
    TokenSigner,
    discard,
    generate_agreement,
    generate_signer,
)
from sextant_shared.crypto.pkcs11.uri import TokenUri

__all__ = [
    "HELD",
    "TokenAccess",
    "TokenAgreement",
    "TokenSigner",
    "TokenUri",
    "discard",
    "generate_agreement",
    "generate_signer",
]
