"""Reaches a token: loads the module, finds the token, logs in once, goes on after it was out.

Whatever keeps a token from working is `E_UNAVAILABLE`, also a wrong PIN: nobody may take the
state of our own token for a flaw of what a State sent. One lock guards everything: modules are
initialised for one thread at a time. A PIN is read when it is needed and not kept.
"""

import contextlib
import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sextant_shared.crypto.pkcs11.uri import TokenUri
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError

T = TypeVar("T")

_LOCK = threading.RLock()
_NAME_MODULE = "Name it: SEXTANT_PKCS11_MODULE, or PKCS11_MODULE in a service's settings."
_NAME_PIN = "Name the file that holds it: SEXTANT_PIN_FILE, or PIN_FILE in a service's settings."
# What a session says once its token was out, was changed by others, or the module started anew.
_LOST = (
    "DeviceError",
    "DeviceRemoved",
    "GeneralError",
    "KeyHandleInvalid",
    "ObjectHandleInvalid",
    "SessionClosed",
    "SessionHandleInvalid",
    "TokenNotPresent",
    "UserNotLoggedIn",
)


class MissingError(Exception):
    """A token or a key in it was not found; told as `refusal` when it is missing twice."""

    def __init__(self, detail: str, fix: str, *, expected: str = "", received: str = "") -> None:
        super().__init__(detail)
        self.refusal = PlatformError(
            Code.UNAVAILABLE, detail, expected=expected, received=received, fix=fix
        )


@dataclass
class _Session:
    """A session we are logged in with."""

    session: Any
    write: bool


_sessions: dict[tuple[Path, str], _Session] = {}
_wrong_pins: set[tuple[Path, str, bytes]] = set()


@dataclass(frozen=True, slots=True)
class TokenAccess:
    """How this process reaches tokens: the maker's module, and the file that holds the PIN."""

    module: Path | None = None
    pin_file: Path | None = None

    def use(self, uri: TokenUri, job: Callable[[Any], T], *, write: bool = False) -> T:
        """Return what `job` does with a session; once more when the session had been lost.

        Raises:
            PlatformError: `E_UNAVAILABLE`, with what to do.
        """
        library = load_library()
        module = self._module()
        with _LOCK:
            try:
                return job(self._session(library, module, uri, write=write))
            except MissingError:
                pass  # nothing was done yet, so nothing is done twice
            except library.exceptions.PKCS11Error as error:
                if write or type(error).__name__ not in _LOST:
                    _forget(module, uri)
                    raise _failure(uri, error) from error
            # It may be back, and many modules look only when they begin.
            _begin_anew(library, module)
            try:
                return job(self._session(library, module, uri, write=write))
            except MissingError as error:
                raise error.refusal from error
            except library.exceptions.PKCS11Error as error:
                _forget(module, uri)
                raise _failure(uri, error) from error

    def _module(self) -> Path:
        if self.module is None:
            raise _unavailable(
                "the key lies in a token, and no PKCS#11 module is named", _NAME_MODULE
            )
        if not self.module.is_file():
            raise _unavailable(f"the PKCS#11 module {self.module} is not there", _NAME_MODULE)
        return self.module

    def _session(self, library: Any, module: Path, uri: TokenUri, *, write: bool) -> Any:
        place = (module, _token_name(uri))
        held = _sessions.get(place)
        if held and (held.write or not write):
            return held.session
        _forget(module, uri)
        token = _find(library, module, uri)
        session = self._log_in(library, module, uri, token, write=write)
        _sessions[place] = _Session(session, write)
        return session

    def _log_in(self, library: Any, module: Path, uri: TokenUri, token: Any, *, write: bool) -> Any:
        if not token.flags & library.TokenFlag.LOGIN_REQUIRED:
            return token.open(rw=write)
        if token.flags & library.TokenFlag.USER_PIN_LOCKED:
            raise _unavailable(
                f"the PIN of {uri.shown} is locked", "Unlock it with the security officer's PIN."
            )
        if token.flags & library.TokenFlag.USER_PIN_FINAL_TRY:
            # A service that tries again and again must not be what locks it.
            raise _unavailable(
                f"{uri.shown} allows one more wrong PIN, which is left to a person",
                "Log in once with the maker's tool, then try again.",
            )
        pin = self._pin(uri)
        tried = (module, _token_name(uri), sha256(pin.encode()))
        if tried in _wrong_pins:
            raise _wrong_pin(uri)
        try:
            return token.open(rw=write, user_pin=pin)
        except library.exceptions.UserAlreadyLoggedIn:
            return token.open(rw=write)  # the login is the process's, not the session's
        except (library.exceptions.PinIncorrect, library.exceptions.PinLenRange) as error:
            _wrong_pins.add(tried)
            raise _wrong_pin(uri) from error

    def _pin(self, uri: TokenUri) -> str:
        if self.pin_file is None:
            raise _unavailable(f"{uri.shown} asks for a PIN, and none is given", _NAME_PIN)
        try:
            return self.pin_file.read_bytes().rstrip(b"\r\n").decode()
        except (OSError, UnicodeDecodeError) as error:
            raise _unavailable(f"cannot read the PIN file {self.pin_file}", _NAME_PIN) from error


def load_library() -> Any:
    """Return python-pkcs11, loaded by the first that needs it."""
    try:
        return importlib.import_module("pkcs11")
    except ImportError as error:
        raise _unavailable(
            "the key lies in a token, and the library python-pkcs11 is not installed",
            "Install it: pip install 'sextant-client[token]', or requirements/token.txt.",
        ) from error


def _find(library: Any, module: Path, uri: TokenUri) -> Any:
    try:
        loaded = library.lib(str(module))
    except library.exceptions.PKCS11Error as error:
        raise _unavailable(
            f"{module} does not load as a PKCS#11 module: {str(error) or type(error).__name__}",
            _NAME_MODULE,
        ) from error
    tokens = list(_tokens(library, loaded))
    fitting = [token for token in tokens if _fits(token, uri)]
    if len(fitting) == 1:
        return fitting[0]
    seen = ", ".join(f"{token.label} ({token.serial.decode(errors='replace')})" for token in tokens)
    if fitting:
        raise PlatformError(
            Code.UNAVAILABLE,
            f"{len(fitting)} tokens are {uri.shown}",
            received=seen,
            fix="Name it by serial=.",
        )
    raise MissingError(
        f"{uri.shown} is not there",
        "Plug it in, and check what the module is set up with.",
        received=f"tokens there: {seen or 'none'}",
    )


def _tokens(library: Any, loaded: Any) -> Iterator[Any]:
    for slot in loaded.get_slots(token_present=True):
        with contextlib.suppress(library.exceptions.PKCS11Error):  # that one was just taken out
            token = slot.get_token()
            if token.flags & library.TokenFlag.TOKEN_INITIALIZED:
                yield token


def _fits(token: Any, uri: TokenUri) -> bool:
    serial = token.serial.decode(errors="replace")
    asked = (uri.token, uri.serial, uri.manufacturer, uri.model)
    found = (token.label, serial, token.manufacturer_id, token.model)
    return all(want is None or want == has for want, has in zip(asked, found, strict=True))


def _forget(module: Path, uri: TokenUri) -> None:
    held = _sessions.pop((module, _token_name(uri)), None)
    if held:
        with contextlib.suppress(Exception):  # it may be gone already
            held.session.close()


def _begin_anew(library: Any, module: Path) -> None:
    """Start the module again: all its sessions are ours, and all of them end."""
    for place in [place for place in _sessions if place[0] == module]:
        _sessions.pop(place)
    with contextlib.suppress(library.exceptions.PKCS11Error):
        library.lib(str(module)).reinitialize()


def _token_name(uri: TokenUri) -> str:
    return f"{uri.token};{uri.serial};{uri.manufacturer};{uri.model}"


def _failure(uri: TokenUri, error: Exception) -> PlatformError:
    said = str(error)
    return _unavailable(
        f"{uri.shown} failed: {type(error).__name__}{': ' if said else ''}{said}",
        "Check the token with the maker's tool: does it have this mechanism and this key?",
    )


def _wrong_pin(uri: TokenUri) -> PlatformError:
    return _unavailable(
        f"the PIN does not open {uri.shown}; it is not tried again",
        "Correct the PIN file: most tokens lock after a few wrong tries.",
    )


def _unavailable(detail: str, fix: str) -> PlatformError:
    return PlatformError(Code.UNAVAILABLE, detail, fix=fix)
