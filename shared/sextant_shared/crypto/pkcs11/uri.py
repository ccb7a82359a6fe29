"""Names of tokens and of keys in them: PKCS#11 URIs (RFC 7512), the part that a key file may say.

A key file names a token and a key, never how to reach them: which module is loaded into the
process and where the PIN lies is said by whoever runs it. So query attributes are refused.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from sextant_shared.errors import Code, PlatformError

SCHEME = "pkcs11:"
MAX_URI = 1024
_EXAMPLE = "such as pkcs11:token=NA-XBO"
_TEXT = ("token", "manufacturer", "serial", "model", "object")
_PRIVATE = "private"
# RFC 7512 §2.3: unreserved, pct-encoded, and the reserved characters a path attribute may have.
_VALUE = re.compile(r"(?:[A-Za-z0-9\-._~:\[\]@!$'()*+,=&]|%[0-9A-Fa-f]{2})*", re.ASCII)
_SAFE = "-._~:[]@!$'()*+,=&"
_QUERY_FIX: Final = (
    "Leave it out: the module is named by SEXTANT_PKCS11_MODULE, the PIN lies in the file named "
    "by SEXTANT_PIN_FILE."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUri:
    """A token by label, maker or serial number; with `id` or `object`, one private key in it."""

    token: str | None = None
    manufacturer: str | None = None
    serial: str | None = None
    model: str | None = None
    object: str | None = None
    id: bytes | None = None

    @classmethod
    def parse(cls, text: str) -> "TokenUri":
        """Return what a URI names.

        Raises:
            PlatformError: `E_MALFORMED` for another scheme, attributes that are unknown, repeated
                or wrongly written, query attributes, and a URI that names no token.
        """
        if not text.startswith(SCHEME) or len(text) > MAX_URI:
            raise _malformed("no PKCS#11 URI", text, _EXAMPLE)
        path, _, query = text.removeprefix(SCHEME).partition("?")
        if query:
            name = query.partition("=")[0]
            raise PlatformError(
                Code.MALFORMED,
                f"a key's PKCS#11 URI has no query attributes, and this one has {name[:40]!r}",
                fix=_QUERY_FIX,
            )
        found: dict[str, bytes] = {}
        for part in path.split(";"):
            name, equals, value = part.partition("=")
            if not equals or name in found or name not in (*_TEXT, "id", "type"):
                raise _malformed(
                    "a PKCS#11 URI has an attribute that is unknown, repeated or without a value",
                    part,
                    f"each once: {', '.join(_TEXT)}, id, type=private",
                )
            if not _VALUE.fullmatch(value):
                raise _malformed(
                    f"the value of {name} is not written as RFC 7512 says",
                    part,
                    "other characters as %XX",
                )
            found[name] = unquote_to_bytes(value)
        if found.pop("type", _PRIVATE.encode()) != _PRIVATE.encode():
            raise _malformed("a key file names a private key", path, "type=private, or no type")
        return cls._of(found, text)

    @classmethod
    def _of(cls, found: dict[str, bytes], text: str) -> "TokenUri":
        identifier = found.pop("id", None)
        try:
            texts = {name: value.decode() for name, value in found.items()}
        except UnicodeDecodeError as error:
            raise _malformed("the values of a PKCS#11 URI are UTF-8", text, "") from error
        if not (texts.get("token") or texts.get("serial")):
            raise _malformed("the PKCS#11 URI names no token", text, _EXAMPLE)
        return cls(**texts, id=identifier)

    def key(self, identifier: bytes, label: str) -> "TokenUri":
        """Return the URI of a key in this token."""
        return TokenUri(
            token=self.token,
            manufacturer=self.manufacturer,
            serial=self.serial,
            model=self.model,
            object=label,
            id=identifier,
        )

    @property
    def names_key(self) -> bool:
        """Whether it names a key, and not the token alone."""
        return self.id is not None or self.object is not None

    @property
    def shown(self) -> str:
        """The token as a person names it."""
        return f"token {self.token}" if self.token else f"token with serial number {self.serial}"

    def __str__(self) -> str:
        parts = [
            f"{name}={quote(value, safe=_SAFE)}"
            for name in _TEXT
            if (value := getattr(self, name)) is not None
        ]
        if self.id is not None:
            parts.append("id=" + "".join(f"%{byte:02X}" for byte in self.id))
        if self.names_key:
            parts.append(f"type={_PRIVATE}")
        return SCHEME + ";".join(parts)


def _malformed(detail: str, received: str, expected: str) -> PlatformError:
    return PlatformError(Code.MALFORMED, detail, expected=expected, received=received[:80])
