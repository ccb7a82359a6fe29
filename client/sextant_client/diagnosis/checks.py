"""The checks of `sextant doctor`, in the order in which one failing explains the next."""

import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sextant_client.carrying.offline import KeptDocuments
from sextant_client.client import Client
from sextant_client.clocks import TOLERATED_S, offset_of
from sextant_client.diagnosis.reaching import Ask, reach
from sextant_client.home import Home, KeyPolicy
from sextant_client.identity import upkeep
from sextant_shared.clock import Clock
from sextant_shared.crypto.selftest import run_known_answers
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.problems import error_of
from sextant_shared.protocol.scenarios import HEADER, Scenario
from sextant_shared.protocol.tokenkeys import try_key

OLD_HEAD_DAYS = 30
FEW_BYTES, TOO_FEW_BYTES = 1 << 30, 64 << 20
_MIB = 1 << 20
_OK = 200
_USES = (KeyUse.SIG, KeyUse.SEAL, KeyUse.API)


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what was looked at, how it is, what was found, what to do."""

    name: str
    level: Level
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Caution:
    """Works, and should be looked at."""

    found: str
    fix: str


@dataclass(frozen=True)
class Patient:
    """The home that is looked at, and the ways out of it."""

    home: Home
    clock: Clock
    ask: Ask
    open_client: Callable[[], Client]
    free_bytes: Callable[[], int]


def free_bytes(home: Home) -> int:
    """Return the free disk where the home lies, or will."""
    path = home.path
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


Check = Callable[[Patient], str | Caution]


def diagnose(patient: Patient) -> Iterator[Line]:
    """Yield a line for each check; none hides another."""
    for name, check in (OFFLINE if _is_offline(patient) else CHECKS).items():
        try:
            found = check(patient)
        except PlatformError as error:
            said = "; ".join(part for part in (error.detail, error.received) if part)
            yield Line(name, Level.FAIL, said, error.fix)
            continue
        if isinstance(found, Caution):
            yield Line(name, Level.WARNING, found.found, found.fix)
        else:
            yield Line(name, Level.OK, found)


def _cryptography(_patient: Patient) -> str:
    run_known_answers()
    return "known answers of S1, S2, K1, K2 hold"


def _disk(patient: Patient) -> str | Caution:
    free = patient.free_bytes()
    words = f"{free // _MIB} MiB free at {patient.home.path}"
    if free < TOO_FEW_BYTES:
        raise PlatformError(
            Code.STATE, words, fix="Free some disk: sealed containers and receipts are kept there."
        )
    if free < FEW_BYTES:
        return Caution(words, "Free some disk before a large submission.")
    return words


def _trust(patient: Patient) -> str | Caution:
    trust = patient.home.trust
    policy = "witness policy pinned" if trust.policy else "no witness policy"
    head = trust.checkpoint()
    words = f"{trust.log_keys.origin}, {policy}"
    if head is None:
        return f"{words}, no head verified yet"
    age_s = patient.clock() - head.time
    words += f", head {head.size} signed {_age(age_s)}"
    if _is_offline(patient):
        return words  # as old as the last trip; what was carried says so itself
    if age_s < -TOLERATED_S:
        return Caution(f"{words}: it is ahead of this clock", "Set this machine's clock.")
    if age_s > OLD_HEAD_DAYS * upkeep.DAY_S:
        return Caution(words, "Look at the log: sextant log show.")
    return words


def _age(seconds: float) -> str:
    days, hours = int(seconds // upkeep.DAY_S), int(seconds // 3600)
    if days > 0:
        return f"{days} day(s) ago"
    return f"{hours} hour(s) ago" if hours > 0 else "now"


def _is_offline(patient: Patient) -> bool:
    try:
        return patient.home.config().offline
    except PlatformError:
        return False  # the check of the configuration says what is wrong


def _documents(patient: Patient) -> str:
    """Look at the documents that were carried to an offline home: it seals to them."""
    home = patient.home
    config, kept = home.config(), KeptDocuments.of(home, home.trust)
    kept.newest(config.party)
    return f"{config.secretariat} {kept.newest(config.secretariat).told(patient.clock())}"


def _keys(patient: Patient) -> str:
    keys = patient.home.keys
    for path in keys.folder.glob("*.json"):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise PlatformError(Code.KEY, f"{path.name} is readable by others", fix="chmod 600 it.")
    uses = {key.use for key in keys.all()}
    needed = {*_USES} - ({KeyUse.API} if _is_offline(patient) else set())
    if missing := needed - uses:
        raise PlatformError(
            Code.KEY, f"no {', '.join(sorted(missing))} key", fix="sextant keys generate"
        )
    try:
        keys.pair(KeyUse.SIG)
    except PlatformError as error:
        raise PlatformError(
            Code.KEY,
            "of the signing pair only one half is here",
            fix="Bring the file of the other half back, or make a new pair: sextant keys rotate.",
        ) from error
    return ", ".join(sorted(uses)) + "; both halves of the signing pair"


def _token(patient: Patient) -> str:
    held = [key for key in patient.home.keys.all() if key.token is not None]
    for key in held:
        try_key(key)
    return f"{len(held)} keys sign or open with it" if held else "no key lies in one"


def _exchange(patient: Patient) -> str | Caution:
    return _service(patient, patient.home.config().exchange)


def _log(patient: Patient) -> str | Caution:
    return _service(patient, patient.home.config().audit)


def _service(patient: Patient, url: str) -> str | Caution:
    """Reach a service and ask whether it is ready."""
    answer = reach(patient.ask, f"{url}/readyz")
    if answer.status_code == _OK:
        return url
    try:
        checks = answer.json()["checks"]
        wrong = ", ".join(f"{k}: {v}" for k, v in checks.items() if v != "ok")
    except (ValueError, KeyError, TypeError, AttributeError):
        wrong = f"it answers {answer.status_code}"
    return Caution(f"{url} is not ready ({wrong})", "Try again later, or ask the operator.")


def _clock(patient: Patient) -> str:
    answer = reach(patient.ask, f"{patient.home.config().exchange}/healthz")
    offset = offset_of(answer, patient.clock())
    if offset is None:
        return "the server tells no time"
    words = f"{offset:+.0f} s from the server"
    if abs(offset) > TOLERATED_S:
        raise PlatformError(
            Code.CLOCK, words, fix="Set this machine's clock: proofs of access are refused."
        )
    return words


def _access(patient: Patient) -> str:
    """Get an access token: the key, the clock and the registration of the key all at once."""
    with patient.open_client() as client:
        return f"token for {client.session.log_in():.0f} s as {client.config.client_id}"


def _registry(patient: Patient) -> str:
    """Look at our own entry: nobody changed it, and what is active there is held here."""
    with patient.open_client() as client:
        client.own.tell = lambda _: None
        sighting = client.own.newest()
        party = client.parties.newest(client.config.party)
    if sighting.is_alert:
        raise PlatformError(Code.INTEGRITY, sighting.words, fix="sextant keys watch")
    held = {key.kid for key in patient.home.keys.files()}
    lacking = [str(use) for use in _USES if not held & {key.kid for key in party.active(use)}]
    if lacking:
        raise PlatformError(
            Code.KEY,
            f"no active {', '.join(lacking)} key of the registry is in this home",
            fix="Bring the key files back, or have new ones registered: sextant keys rotate.",
        )
    patient.home.keys.pair(KeyUse.SIG, [key.kid for key in party.active(KeyUse.SIG)])
    return f"{party.document.party} version {party.document.ver} in force, proved by the log"


def _rotation(patient: Patient) -> str | Caution:
    """Say which keys are due, by the policy of this home."""
    home, now = patient.home, patient.clock()
    policy = home.config().key_policy or KeyPolicy()
    with patient.open_client() as client:
        party = client.parties.newest(client.config.party)
    held = {key.kid for key in home.keys.files()}
    found = upkeep.find_due(party, held, policy, upkeep.last_used(home))
    soon = now + policy.warn * upkeep.DAY_S  # next keys are prepared; the rest waits for its day
    near = [one for one in found if one.is_due(now) or (one.act == "rotate" and one.at <= soon)]
    if near:
        words = "; ".join(" ".join(one.words(now).split()) for one in near)
        return Caution(words, "sextant keys due says what, sextant keys rotate makes the next.")
    return f"nothing within {policy.warn} days"


def _drills(patient: Patient) -> str:
    """Ask for a drill where none takes place: the refusal tells whether there are any."""
    url = f"{patient.home.config().exchange}/healthz"
    answer = reach(patient.ask, url, {HEADER: str(Scenario.OUTAGE)})
    if answer.status_code == _OK:
        return "the exchange knows no drills"
    if error_of(answer.status_code, answer.content).code is Code.POLICY:
        return "off: deposits there are real"
    return "on: the exchange is a sandbox"


CHECKS: Mapping[str, Check] = {
    "cryptography": _cryptography,
    "configuration": lambda patient: patient.home.config().party,
    "disk": _disk,
    "trust": _trust,
    "keys": _keys,
    "token": _token,
    "exchange": _exchange,
    "log": _log,
    "clock": _clock,
    "access": _access,
    "registry": _registry,
    "rotation": _rotation,
    "drills": _drills,
}
OFFLINE: Mapping[str, Check] = {
    **{name: CHECKS[name] for name in ("cryptography", "configuration", "disk", "trust", "keys")},
    "token": _token,
    "documents": _documents,
}
"""What a home is asked that reaches no service."""
