"""A witness's folder: made once, opened by `serve`, copied whole or not at all.

    witness.json      its name, and the address it is reached at
    logs.txt          the logs it follows: `log` lines of C2SP tlog-policy
    ed25519.json      its Ed25519 key (type 0x04), mode 0600, optionally under a passphrase
    ml-dsa-44.json    its ML-DSA-44 key (type 0x06), likewise
    memory.sqlite3    what it cosigned last (`witness.memory`)

Responsible for never making keys beside a memory that was lost, nor a memory beside used keys.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sextant_client.home import as_json, read_json, write_file
from sextant_client.witness.memory import Memory
from sextant_client.witness.service import CosigningKey
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import VerifierKey, format_vkey, is_key_name, parse_vkey
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.cosignatures import cosigner_key
from sextant_shared.protocol.keyfiles import generate_key, read_key_file, write_key_file
from sextant_shared.protocol.policies import parse_policy

KEY_USE = "witness"
_KEYS = {"ed25519": Alg.ED25519, "ml-dsa-44": Alg.ML_DSA_44}
_LOGS = "logs.txt"
_CONFIG = "witness.json"
_MEMORY = "memory.sqlite3"
_LOG_FIX = "Save what the log publishes at /.well-known/sextant-log, or name a policy file."


class WitnessConfig(Strict):
    """`witness.json`."""

    v: Version1
    name: str
    url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] | None


@dataclass(frozen=True)
class WitnessFolder:
    """One witness on disk."""

    path: Path

    def create(
        self, config: WitnessConfig, logs: list[VerifierKey], passphrase: bytes | None
    ) -> None:
        """Make memory, keys and settings; repeating an interrupted attempt goes on.

        Raises:
            PlatformError: `E_STATE` when a witness lives here that has signed, or keys stand
                without their memory; `E_KEY` for a name that cannot name a key.
        """
        if not is_key_name(config.name):
            raise PlatformError(
                Code.KEY,
                "a witness is named by a schema-less URL without spaces or plus",
                expected="such as witness.example/w1",
                received=config.name[:80],
            )
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._begin_memory()
        for name, alg in _KEYS.items():
            if not self._key_path(name).exists():
                write_key_file(self._key_path(name), generate_key(alg, KEY_USE), passphrase)
        lines = [f"log {format_vkey(key)}\n" for key in logs]
        text = "# The logs that this witness follows; add lines, then start it again.\n"
        write_file(self.path / _LOGS, (text + "".join(lines) + "quorum none\n").encode())
        write_file(self.path / _CONFIG, as_json(config.model_dump(mode="json")))

    def _begin_memory(self) -> None:
        path = self.path / _MEMORY
        if not path.exists():
            if any(self._key_path(name).exists() for name in _KEYS):
                raise PlatformError(
                    Code.STATE,
                    f"{self.path} holds keys, and no memory of what they signed",
                    fix="Restore memory.sqlite3; else choose another folder, with new keys.",
                )
            Memory.create(path).close()
        memory = Memory.open(path)
        try:
            if memory.heads():
                raise PlatformError(
                    Code.STATE,
                    f"the witness in {self.path} has signed already",
                    fix="Serve it; add logs to logs.txt; for another witness choose a folder.",
                )
        finally:
            memory.close()

    def config(self) -> WitnessConfig:
        """Return name and address.

        Raises:
            PlatformError: `E_STATE` when there is no witness here, `E_MALFORMED`.
        """
        if not (self.path / _CONFIG).exists():
            raise PlatformError(
                Code.STATE, f"no witness in {self.path}", fix="Make one: sextant witness init."
            )
        return read_model(WitnessConfig, read_json(self.path / _CONFIG))

    def logs(self) -> list[VerifierKey]:
        """Return the keys of the logs it follows.

        Raises:
            PlatformError: `E_STATE` when the file is missing, `E_MALFORMED`.
        """
        return read_log_keys(self.path / _LOGS)

    def keys(self, passphrase: bytes | None = None) -> list[CosigningKey]:
        """Return both keys, Ed25519 first.

        Raises:
            PlatformError: `E_KEY`, `E_MALFORMED`.
        """
        name = self.config().name
        found: list[CosigningKey] = []
        for file in _KEYS:
            key = read_key_file(self._key_path(file), passphrase)
            if key.use != KEY_USE:
                raise PlatformError(
                    Code.KEY, f"{file}.json is no key of a witness", received=key.use
                )
            found.append(CosigningKey(cosigner_key(name, key.signer), key.signer))
        return found

    def memory(self) -> Memory:
        """Open the memory.

        Raises:
            PlatformError: `E_STATE` when there is no witness here, `E_INTEGRITY` when only the
                memory is missing: these keys must not sign again.
        """
        self.config()  # a folder without a witness is not a witness that lost its memory
        return Memory.open(self.path / _MEMORY)

    def _key_path(self, name: str) -> Path:
        return self.path / f"{name}.json"


def read_log_keys(path: Path) -> list[VerifierKey]:
    """Return the keys of logs in a file: `log` lines of a policy, or the JSON a log publishes.

    Raises:
        PlatformError: `E_STATE` when it cannot be read, `E_MALFORMED`, `E_KEY`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(Code.STATE, f"cannot read {path}", fix=_LOG_FIX) from error
    if data.lstrip().startswith(b"{"):
        found = read_model(LogDiscovery, read_json(path))
        return [parse_vkey(vkey) for vkey in found.vkeys]
    return [log.key for log in parse_policy(data).logs]


def policy_lines(config: WitnessConfig, keys: list[VerifierKey], name: str) -> list[str]:
    """Return the lines that others put into their policy: both keys must sign, as one witness."""
    url = f" {config.url}" if config.url else ""
    names = [f"{name}/{file}" for file in _KEYS]
    lines = [
        f"witness {each} {format_vkey(key)}{url}" for each, key in zip(names, keys, strict=True)
    ]
    return [*lines, f"group {name} all {' '.join(names)}"]
