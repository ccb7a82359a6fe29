"""The signer's folder: two key files and the state file, made once and opened together.

    ed25519.json      the Ed25519 key (type 0x01), mode 0600, optionally under a passphrase
    ml-dsa-44.json    the ML-DSA-44 key (type 0x06), likewise
    es384.json        the key of COSE receipts, likewise; a log of before has none until it is added
    state.json        what was signed last (`state`)

Responsible for never making keys beside a memory that was lost. Keep this folder out of the
ledger's backups; back its keys up apart, and `state.json` nowhere (docs/recovery.md).
"""

from pathlib import Path

from sextant_audit.domain.ports import CrashPoint
from sextant_audit.signer.guard import SignerGuard
from sextant_audit.signer.state import Memory, StateFile, read_memory
from sextant_shared.clock import Clock
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import LogKeys, verify_checkpoint
from sextant_shared.protocol.cose_receipts import ReceiptKey
from sextant_shared.protocol.keyfiles import (
    MAX_KEY_FILE_BYTES,
    KeyFile,
    generate_key,
    read_key_file,
    write_key_file,
)

KEY_USE = "log"
RECEIPT_USE = "log-receipt"  # never a key of the checkpoints: one key, one format
_STATE = "state.json"
_KEYS = {"ed25519.json": Alg.ED25519, "ml-dsa-44.json": Alg.ML_DSA_44}
_RECEIPT = "es384.json"


def has_state(folder: Path) -> bool:
    """Whether the folder remembers a log, begun or not."""
    return (folder / _STATE).exists()


def remembers_head(folder: Path, origin: str) -> bool:
    """Whether it signed a head of its log; an empty folder and an interrupted attempt did not.

    Raises:
        PlatformError: `E_INTEGRITY` when the memory is damaged or of another log.
    """
    return has_state(folder) and read_memory(folder / _STATE, origin).size > 0


def create_signer(
    folder: Path, origin: str, clock: Clock, passphrase: bytes | None = None
) -> SignerGuard:
    """Make the memory of an empty log and its keys; repeating an interrupted attempt goes on.

    Raises:
        PlatformError: `E_STATE` when a log was begun here, or keys stand without their memory.
    """
    if not has_state(folder):
        if any((folder / name).exists() for name in _KEYS):
            raise PlatformError(
                Code.STATE,
                f"{folder} holds keys, and no memory of what they signed",
                fix="Restored keys: `python -m sextant_audit.signer remember`; for a new log choose"
                " another folder.",
            )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        StateFile.create(folder / _STATE, origin).close()
    memory = read_memory(folder / _STATE, origin)
    if memory.size > 0:
        raise PlatformError(
            Code.STATE,
            "this log was begun already",
            received=f"a signer that signed size {memory.size}",
            fix="Serve it; a log is begun once.",
        )
    for name, alg in _KEYS.items():
        if not (folder / name).exists():
            write_key_file(folder / name, generate_key(alg, KEY_USE), passphrase)
    if not (folder / _RECEIPT).exists():
        write_key_file(folder / _RECEIPT, generate_key(Alg.ES384, RECEIPT_USE), passphrase)
    return open_signer(folder, origin, clock, passphrase)


def remember_head(folder: Path, origin: str, note: str) -> Memory:
    """Make the memory of a signer whose folder was lost, from the newest head that others hold.

    Keys come out of a backup, memory never: one that is too old would let a second history be
    signed. So it is made from a head that these keys signed and that the world has seen.

    Raises:
        PlatformError: `E_STATE` when a memory stands there, `E_KEY` or `E_SIGNATURE` for a head
            that these keys did not sign.
    """
    if has_state(folder):
        raise PlatformError(
            Code.STATE,
            f"{folder} remembers what it signed",
            fix="A memory is never replaced; this command is for restored keys alone.",
        )
    classical, post_quantum = (_verifier(folder / name) for name in _KEYS)
    head = verify_checkpoint(note, LogKeys(origin, classical, post_quantum))
    state = StateFile.create(folder / _STATE, origin, (head.size, head.root))
    state.close()
    return state.memory


def add_receipt_key(folder: Path, origin: str, passphrase: bytes | None = None) -> None:
    """Give a log that was begun without one the key of its COSE receipts.

    Raises:
        PlatformError: `E_INTEGRITY` when the folder remembers no such log, `E_STATE` when it has
            the key: a key is never made twice.
    """
    read_memory(folder / _STATE, origin)
    write_key_file(folder / _RECEIPT, generate_key(Alg.ES384, RECEIPT_USE), passphrase)


def open_signer(
    folder: Path,
    origin: str,
    clock: Clock,
    passphrase: bytes | None = None,
    crash_point: CrashPoint = lambda _name: None,
) -> SignerGuard:
    """Open keys and memory for this process alone.

    Raises:
        PlatformError: `E_KEY` when a key does not load, `E_INTEGRITY` when the memory is missing
            or damaged, `E_STATE` when another process holds it.
    """
    classical, post_quantum = (_signer(folder / name, passphrase) for name in _KEYS)
    signers = (classical, post_quantum)
    keys = LogKeys.of_signers(origin, signers)
    receipt = folder / _RECEIPT
    receipts = _signer(receipt, passphrase, RECEIPT_USE) if receipt.exists() else None
    state = StateFile.open(folder / _STATE, origin)
    return SignerGuard(keys, signers, state, clock, crash_point, receipts)


def read_public(folder: Path, origin: str) -> tuple[LogKeys, Memory]:
    """Return the log's identity and what was signed last, without holding or opening a key.

    Raises:
        PlatformError: `E_KEY`, `E_MALFORMED` or `E_INTEGRITY` when a file is missing or damaged.
    """
    classical, post_quantum = (_verifier(folder / name) for name in _KEYS)
    return LogKeys(origin, classical, post_quantum), read_memory(folder / _STATE, origin)


def read_receipt_key(folder: Path, origin: str) -> ReceiptKey | None:
    """Return the public key of the log's COSE receipts, if it has one.

    Raises:
        PlatformError: `E_KEY` or `E_MALFORMED` for a damaged file.
    """
    path = folder / _RECEIPT
    return ReceiptKey(origin, _verifier(path)) if path.exists() else None


def read_passphrase(path: Path | None) -> bytes | None:
    """Return what opens the key files, if a file of it is named.

    Raises:
        PlatformError: `E_KEY` when it cannot be read.
    """
    if path is None:
        return None
    try:
        return path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise PlatformError(Code.KEY, f"cannot read the passphrase file {path.name}") from error


def _signer(path: Path, passphrase: bytes | None, use: str = KEY_USE) -> Signer:
    key = read_key_file(path, passphrase)
    if key.use != use:
        raise PlatformError(
            Code.KEY, f"{path.name} is no key of a log", expected=use, received=key.use
        )
    return key.signer


def _verifier(path: Path) -> Verifier:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(Code.KEY, f"cannot read the key file {path.name}") from error
    file = read_model(KeyFile, parse_json(data, max_bytes=MAX_KEY_FILE_BYTES))
    return Verifier.from_jwk(file.jwk)
