"""`sextant doctor`: what stands between this machine and a first receipt, and what mends it."""

import stat
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx

from sextant_client import errors as exits
from sextant_client.carrying.offline import KeptDocuments
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.client import Client
from sextant_shared.clock import system_clock
from sextant_shared.crypto.selftest import run_known_answers
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.tokenkeys import try_key

MAX_SKEW_S = 30
TIMEOUT_S = 5.0
_NEEDED = frozenset({KeyUse.SIG, KeyUse.SEAL, KeyUse.API})


def doctor(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> int:
    """Check cryptography, keys, trust, clock and access; each line says ok or what to do."""
    run = start(home, as_json=as_json)
    checks: list[tuple[str, Callable[[Run], str]]] = [
        ("cryptography", _cryptography),
        ("configuration", lambda r: r.home.config().party),
        ("trust", lambda r: r.home.trust.log_keys.origin),
        ("keys", _keys),
        ("token", _token),
        ("exchange", lambda r: _reach(r.home.config().exchange)),
        ("log", lambda r: _reach(r.home.config().audit)),
        ("clock", _clock),
        ("access", _access),
    ]
    if _is_offline(run):
        checks = [*checks[:3], ("keys", _offline_keys), ("documents", _documents)]
    results = [(name, *_try(check, run)) for name, check in checks]
    lines = [f"{'ok  ' if ok else 'FAIL'} {name:<14} {found}" for name, ok, found in results]
    document = {"checks": [{"name": n, "ok": ok, "found": f} for n, ok, f in results]}
    run.output.result(document, lines)
    return exits.OK if all(ok for _, ok, _ in results) else exits.REFUSED


def _try(check: Callable[[Run], str], run: Run) -> tuple[bool, str]:
    try:
        return True, check(run)
    except PlatformError as error:
        return False, f"{error.detail}. {error.fix}".strip()


def _cryptography(_run: Run) -> str:
    run_known_answers()
    return "known answers of S1, S2, K1, K2 hold"


def _is_offline(run: Run) -> bool:
    try:
        return run.home.config().offline
    except PlatformError:
        return False  # the check of the configuration says what is wrong


def _documents(run: Run) -> str:
    """An offline home seals to documents that were carried to it."""
    config, kept = run.home.config(), KeptDocuments.of(run.home, run.home.trust)
    kept.newest(config.party)
    return f"{config.secretariat} {kept.newest(config.secretariat).told(system_clock())}"


def _offline_keys(run: Run) -> str:
    return _keys(run, frozenset({KeyUse.SIG, KeyUse.SEAL}))


def _keys(run: Run, needed: frozenset[KeyUse] = _NEEDED) -> str:
    folder = run.home.keys.folder
    for path in folder.glob("*.json"):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise PlatformError(Code.KEY, f"{path.name} is readable by others", fix="chmod 600 it.")
    uses = sorted({key.use for key in run.home.keys.all()})
    missing = needed - set(uses)
    if missing:
        raise PlatformError(
            Code.KEY, f"no {', '.join(sorted(missing))} key", fix="sextant keys generate"
        )
    return ", ".join(uses)


def _token(run: Run) -> str:
    held = [key for key in run.home.keys.all() if key.token is not None]
    for key in held:
        try_key(key)
    return f"{len(held)} keys sign or open with it" if held else "no key lies in one"


def _get(url: str) -> httpx.Response:
    try:
        return httpx.get(f"{url}/healthz", timeout=TIMEOUT_S, trust_env=False)
    except httpx.TransportError as error:
        raise PlatformError(
            Code.UNAVAILABLE, f"{url} does not answer", fix="Check address and network."
        ) from error


def _reach(url: str) -> str:
    _get(url)
    return url


def _clock(run: Run) -> str:
    date = _get(run.home.config().exchange).headers.get("date")
    if date is None:
        return "the server tells no time"
    skew = system_clock() - parsedate_to_datetime(date).timestamp()
    if abs(skew) > MAX_SKEW_S:
        raise PlatformError(Code.CLOCK, f"{skew:+.0f} s from the server", fix="Set the clock.")
    return f"{skew:+.1f} s from the server"


def _access(run: Run) -> str:
    with Client(run.home) as client:
        client.own.tell = lambda _: None
        sighting = client.own.newest()
        party = client.parties.newest(client.config.party)
    if sighting.is_alert:
        raise PlatformError(Code.INTEGRITY, sighting.words, fix="sextant keys watch")
    return f"{party.document.party} version {party.document.ver} in force, proved by the log"
