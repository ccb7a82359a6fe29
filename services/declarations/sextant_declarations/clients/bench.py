"""The bench: what one process of the workshop does, with the keys it needs.

Responsible for reading the keys, doing jobs by name, and telling errors without declared content.
Not responsible for processes: `workshop` starts, feeds and ends them.
"""

import contextlib
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sextant_declarations.domain.contents import check_content
from sextant_declarations.domain.examination import Examine
from sextant_declarations.domain.library import Library
from sextant_declarations.domain.packages import Unpack
from sextant_declarations.domain.registry import read_trust_file
from sextant_declarations.domain.sealing import Seal
from sextant_shared.crypto.pkcs11 import TokenAccess
from sextant_shared.crypto.sealing import Opener
from sextant_shared.crypto.signing import Signer, profile_of
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.keyfiles import PrivateKey, read_key_file
from sextant_shared.protocol.keyring import KeyRing, folder_state, read_keyring
from sextant_shared.protocol.tokenkeys import try_key

Job = tuple[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a bench is set up with; paths only, so that keys are read where they are used."""

    party: str
    trust_file: Path
    sealing_key_files: tuple[Path, ...]
    signing_key_files: tuple[Path, Path] | None
    passphrase_file: Path | None
    created_tolerance_s: int
    max_declaration_bytes: int
    max_declaration_values: int
    max_filings_bytes: int
    process_memory_bytes: int
    token: TokenAccess = field(default_factory=TokenAccess)
    key_folder: Path | None = None
    unpack: Unpack = field(default_factory=Unpack)


@dataclass(frozen=True, slots=True)
class Bench:
    """The two jobs, with the keys they need."""

    examine: Examine
    seal: Seal

    @classmethod
    def set_up(cls, tools: Tools) -> "Bench":
        """Read the keys and the trust file; a key in a token is tried.

        Raises:
            PlatformError: `E_KEY` or `E_MALFORMED` for files that do not fit; `E_UNAVAILABLE` for
                a token that does not work.
        """
        read = partial(_read, tools=tools)
        ring = read_keyring(tools.key_folder, read) if tools.key_folder else KeyRing({})
        openers: list[Opener] = [read(path).opener for path in tools.sealing_key_files]
        openers += ring.openers().values()
        named: list[Signer] = [read(path).signer for path in tools.signing_key_files or ()]
        first, second = named or ring.signing_pair()
        profile_of([first.alg, second.alg])
        trust = read_trust_file(tools.trust_file, tools.party)
        examine = Examine(
            trust=trust,
            openers={opener.kid: opener for opener in openers},
            created_tolerance_s=tools.created_tolerance_s,
            check=partial(
                check_content,
                library=Library(tools.max_filings_bytes),
                max_bytes=tools.max_declaration_bytes,
                max_values=tools.max_declaration_values,
            ),
            unpack=tools.unpack,
        )
        return cls(examine, Seal(tools.party, (first, second)))

    def do(self, job: Job) -> Any:
        """Do one job by name."""
        name, argument = job
        return self.examine(argument) if name == "examine" else self.seal(argument)


class FreshBench:
    """A bench that is set up anew when its key folder has changed: between jobs, never within one.

    A folder that cannot be read halfway through a change leaves the keys as they were: what they
    do not open comes again (`E_UNAVAILABLE`), and the next job looks again.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._state = self._folder_state()
        self._bench = Bench.set_up(tools)

    def do(self, job: Job) -> Any:
        """Do one job by name, with the keys that the folder holds now."""
        state = self._folder_state()
        if state != self._state:
            with contextlib.suppress(PlatformError, OSError):
                self._bench = Bench.set_up(self._tools)
                self._state = state
        return self._bench.do(job)

    def _folder_state(self) -> object:
        return folder_state(self._tools.key_folder) if self._tools.key_folder else None


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it travels: exceptions with keyword arguments do not survive pickling."""

    code: Code
    detail: str
    fix: str = ""

    def error(self) -> PlatformError:
        """Return the error that it was."""
        return PlatformError(self.code, self.detail, fix=self.fix)


def _read(path: Path, tools: Tools) -> PrivateKey:
    """Read a key, and try it when it lies in a token: a wrong PIN stops the start, not a job."""
    key = read_key_file(path, read_passphrase(tools.passphrase_file), tools.token)
    if key.token is not None:
        try_key(key)
    return key


def read_passphrase(path: Path | None) -> bytes | None:
    """Return the passphrase of sealed key files, None when they are open.

    Raises:
        PlatformError: `E_KEY` when the file cannot be read.
    """
    try:
        return path.read_bytes().rstrip(b"\r\n") if path else None
    except OSError as error:
        raise PlatformError(Code.KEY, f"cannot read the passphrase file {path}") from error


def attempt(work: Callable[[Job], Any], job: Job) -> Any:
    """Return the answer to a job, or how it failed; never raise."""
    try:
        return work(job)
    except PlatformError as error:
        return Failure(error.code, error.detail, error.fix)
    except OSError as error:
        return Failure(Code.UNAVAILABLE, f"the disk refused: {error.strerror}")
    except Exception as error:  # noqa: BLE001 - the message could repeat declared content
        return Failure(Code.INTERNAL, f"the workshop met a defect: {type(error).__name__}")


def serve(pipe: Connection, tools: Tools) -> None:
    """Do jobs until the parent closes the pipe or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops in order
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no key and no plaintext in a core file
    memory = (tools.process_memory_bytes, tools.process_memory_bytes)
    resource.setrlimit(resource.RLIMIT_AS, memory)
    bench = attempt(lambda _: FreshBench(tools), ("set up", None))
    if isinstance(bench, Failure):
        pipe.send(bench)
        return
    pipe.send(None)
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(attempt(bench.do, pipe.recv()))
