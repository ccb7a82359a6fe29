"""The platform in one folder: keys, pins, signer, three services, a witness of each State, parties.

Everything is done as an operator would do it: keys, trust files and enrolment through the command
`sextant`, services by their own modules and settings. Keys are fresh for each folder.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from deploy.local.processes import ServiceProcess, free_port
from sextant_shared.protocol.people import DISCOVERY

SEXTANT = Path(sys.executable).with_name("sextant")
ORIGIN = "log.sextant.example/demo"
COMMAND_TIMEOUT_S = 180.0
SEC = "SEC"


class CommandFailedError(RuntimeError):
    """A command ended with another status than expected; the message carries what it said."""


@dataclass(frozen=True)
class Party:
    """A party to enrol, with its profiles: all of S1, S2, K1 and K2 are in daily use."""

    id: str
    name: str
    profile: str = "S1"
    kems: tuple[str, ...] = ("K1", "K2")  # with K1 alone nothing of class C3 could be answered


PARTIES = (
    Party(SEC, "Technical Secretariat (synthetic)", kems=("K2",)),
    Party("NA-XAL", "National Authority of Xanadu-Alba (synthetic)"),
    Party("NA-XBO", "National Authority of Xanadu-Borealis (synthetic)", "S2", kems=("K2",)),
)

INSPECTING = ("planner", "inspector")
CLIENTS = ("exchange-issuer", "exchange", "secretariat", "auditor", "officer", *INSPECTING)
# Registrar, log, homes; a key for each client; keys and enrolment of each party; signer, services.
STEPS = 3 + len(CLIENTS) + 2 * len(PARTIES) + 4
WITNESSES = {"XAL": "NA-XAL", "XBO": "NA-XBO"}  # each State runs one; none is the operator's


@dataclass(frozen=True)
class Finished:
    """A command that ended."""

    status: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Return its one JSON document."""
        return json.loads(self.stdout)


def sextant(*arguments: str | Path, expect: Sequence[int] = (0,)) -> Finished:
    """Run the installed command.

    Raises:
        CommandFailedError: when it ends with another status than expected.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SEXTANT_")}
    done = subprocess.run(
        [str(SEXTANT), *map(str, arguments)],
        env={**environment, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_TIMEOUT_S,
    )
    if done.returncode not in expect:
        shown = " ".join(str(argument) for argument in arguments)
        raise CommandFailedError(
            f"sextant {shown}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return Finished(done.returncode, done.stdout, done.stderr)


def _init(service: ServiceProcess) -> str:
    done = subprocess.run(
        [sys.executable, "-m", service.module, "init"],
        env={**os.environ, **service.settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_TIMEOUT_S,
    )
    if done.returncode != 0:
        raise CommandFailedError(f"{service.name} could not begin:\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass
class Stack:
    """Three services, the signer and the witnesses of their log, and their folder.

    `report` is told each step of setting up, with numbers.
    """

    root: Path
    sample_ratio: float = 1.0
    tracing: bool = True
    witnessed: bool = True
    people: bool = False
    """Whether a provider for development runs too, at which made-up people sign in."""
    services: dict[str, ServiceProcess] = field(default_factory=dict)
    witnesses: dict[str, ServiceProcess] = field(default_factory=dict)
    report: Callable[[str], None] = lambda _text: None
    call: Callable[..., Finished] = sextant
    """What runs `sextant` while setting up: the installed one, or its code in this process."""
    _done: int = 0

    @cached_property
    def signer(self) -> ServiceProcess:
        """The log's signer: a process of its own, which alone reads the log's keys."""
        socket_path = self.root / "signer.sock"
        settings = {"ORIGIN": ORIGIN, "DIR": self.root / "signer", "SOCKET": socket_path}
        return ServiceProcess(
            name="signer",
            module="sextant_audit.signer",
            port=0,
            settings={f"SEXTANT_SIGNER_{name}": str(value) for name, value in settings.items()},
            log_path=self.root / "logs" / "signer.log",
            socket_path=socket_path,
        )

    @cached_property
    def provider(self) -> ServiceProcess:
        """Where made-up people sign in; like every service it learns what environment it is in."""
        port = free_port()
        return ServiceProcess(
            name="sign-in",
            module="",
            port=port,
            settings={k: v for k, v in os.environ.items() if k.endswith("_ENVIRONMENT")},
            log_path=self.root / "logs" / "sign-in.log",
            command=(sys.executable, "-m", "deploy.local.issuer", "--port", str(port)),
            ready_path=DISCOVERY,
        )

    @property
    def processes(self) -> dict[str, ServiceProcess]:
        """Everything that runs, in the order in which it starts."""
        provider = {"sign-in": self.provider} if self.people else {}
        return {"signer": self.signer, **self.witnesses, **provider, **self.services}

    def home(self, name: str) -> Path:
        """Folder of a party's, an officer's or the auditor's client."""
        return self.root / "homes" / name

    @property
    def traces(self) -> Path:
        """Folder of spans, a file for each service and one for the clients."""
        return self.root / "traces"

    @property
    def steps(self) -> int:
        """How many steps setting up has."""
        return STEPS + (len(WITNESSES) if self.witnessed else 0) + int(self.people)

    @property
    def trust_file(self) -> Path:
        """What parties and auditors pin."""
        return self.root / "pins" / "trust.json"

    def prepare(self) -> None:
        """Make keys, pins and settings in an empty folder; no service runs yet."""
        for name in ("pins", "logs", "traces", "homes"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self._define_services()
        self._tell("keys of the registrar")
        self.call("keys", "generate", "--home", self.home("REG-1"), "--use", "sig", "--use", "api")
        registrars = self.root / "pins" / "registrars.json"
        self.call("keys", "registrars", "--home", self.home("REG-1"), "--out", registrars)
        for name in CLIENTS:
            self._tell(f"access key of {name}")
            self.call("keys", "generate", "--home", self.home(name), "--use", "api")
        self._write_clients()
        self._tell("the log begins")
        log_file = self.root / "pins" / "log.json"
        log_file.write_text(self._init_log())
        pinned: list[str | Path] = ["--registrars", registrars, "--log", log_file]
        pinned += ["--policy", self._init_witnesses(log_file)] if self.witnessed else []
        self.call("trust", *pinned, "--out", self.trust_file)
        for party in PARTIES:
            self._tell(f"keys of {party.id}")
            self._prepare_party(party)
        self._tell("homes of auditor and officer")
        self._init_home("auditor", "AUD", "auditor")
        for who in ("officer", *INSPECTING):
            self._init_home(who, SEC, who)

    def start(self, *names: str) -> None:
        """Start services (all by default) and wait until they are ready; the signer comes first."""
        processes = self.processes
        chosen = [processes[name] for name in names or processes if name != "signer"]
        if not self.signer.is_running():
            self._tell("signer starts")
            self.signer.start()
            self.signer.wait_ready()
        for service in chosen:
            service.start()
        for service in chosen:
            self._tell(f"{service.name} starts")
            service.wait_ready()

    def stop(self) -> None:
        """Stop everything, last started first."""
        for service in reversed(self.processes.values()):
            service.stop()

    def enrol(self) -> list[dict[str, Any]]:
        """Have the registrar give every party's document to the exchange."""
        return [self._enrol(party) for party in PARTIES]

    def _enrol(self, party: Party) -> dict[str, Any]:
        self._tell(f"{party.id} is enrolled")
        request, exchange = self.root / "pins" / f"{party.id}.json", self.addresses(SEC)["exchange"]
        registrar = ("--client-id", "REG-1", "--home", self.home("REG-1"))
        done = self.call("keys", "enrol", request, "--exchange", exchange, *registrar, "--json")
        return dict(done.json())

    def _tell(self, text: str) -> None:
        """Report a step while setting up; a later start of services is none of it."""
        self._done += 1
        if self._done <= self.steps:
            self.report(f"{self._done}/{self.steps} {text}")

    def api_key(self, name: str, use: str = "api") -> Path:
        """Return the only key file of one use in a home."""
        return self.key_files(name, use)[0]

    def key_files(self, name: str, use: str) -> list[Path]:
        """Return the key files of one use in a home, classical half first."""
        return sorted((self.home(name) / "keys").glob(f"{use}-*.json"))

    def algorithms(self, name: str) -> str:
        """Say what a party signs with and is sealed to, by its own key files."""
        held = [json.loads(path.read_text()) for path in self.key_files(name, "*")]
        signing = " and ".join(key["alg"] for key in held if key["use"] == "sig")
        sealing = " and ".join(key["alg"] for key in held if key["use"] == "seal")
        return f"signs with {signing}, is sealed to with {sealing}"

    def _define_services(self) -> None:
        for name in ("audit", "exchange", "declarations"):
            port = free_port()
            self.services[name] = ServiceProcess(
                name=name,
                module=f"sextant_{name}",
                port=port,
                settings={},
                log_path=self.root / "logs" / f"{name}.log",
            )
        own = {"audit": self._audit(), "exchange": self._exchange()}
        for name, settings in own.items():
            self._settle(name, settings)

    def _settle(self, name: str, settings: dict[str, str]) -> None:
        service = self.services[name]
        common = {
            "DATA_DIR": str(self.root / "data" / name),
            "PORT": str(service.port),
            "BASE_URL": service.url,
            "CLIENTS_FILE": str(self.root / "pins" / f"clients-{name}.json"),
            "TRACE_PARENT": "accept",  # one operator, one machine: the client's trace goes on
            "TRACE_SAMPLE_RATIO": str(self.sample_ratio),
            "NOTE_AFTER_S": "0",  # a platform of minutes: the log comes to rest at once
        }
        if self.tracing:
            common["TRACE_FILE"] = str(self.traces / f"{name}.jsonl")
        prefix = f"SEXTANT_{name.upper()}_"
        service.settings = {f"{prefix}{k}": v for k, v in {**common, **settings}.items()}

    def _audit(self) -> dict[str, str]:
        return {"ORIGIN": ORIGIN, "SIGNER_SOCKET": str(self.signer.socket_path)}

    def _exchange(self) -> dict[str, str]:
        pins = self.root / "pins"
        return {
            "REGISTRARS_FILE": str(pins / "registrars.json"),
            "LOG_FILE": str(pins / "log.json"),
            "AUDIT_URL": self.services["audit"].url,
            "SCENARIOS": "true",  # a local platform is a sandbox: docs/sandbox.md
        }

    def _declarations(self) -> dict[str, str]:
        sealing = [str(path) for path in self.key_files(SEC, "seal")]
        signing = [str(path) for path in self.key_files(SEC, "sig")]
        return {
            "TRUST_FILE": str(self.trust_file),
            "EXCHANGE_URL": self.addresses(SEC)["exchange"],
            "EXCHANGE_CLIENT_ID": f"{SEC}/worker-1",
            "EXCHANGE_KEY_FILE": str(self.api_key(SEC)),
            "AUDIT_URL": self.services["audit"].url,
            "AUDIT_CLIENT_ID": "secretariat",
            "AUDIT_KEY_FILE": str(self.api_key("secretariat")),
            "SEALING_KEY_FILES": json.dumps(sealing),
            "SIGNING_KEY_FILES": json.dumps(signing),
            "ANALYSIS_PAUSE_S": "0",  # as with notes: the log comes to rest at once
            **({"PEOPLE_ISSUER": self.provider.url} if self.people else {}),
        }

    def _write_clients(self) -> None:
        clients = {
            "audit": [
                ("exchange", "exchange"),
                ("secretariat", "secretariat"),
                ("auditor", "auditor"),
            ],
            "exchange": [("REG-1", "registrar")],
            "declarations": [(who, who) for who in ("officer", "auditor", *INSPECTING)],
        }
        for service, known in clients.items():
            lines = [
                {
                    "client_id": name,
                    "role": role,
                    "party": None,
                    "jwk": json.loads(self.api_key(name).read_text())["jwk"],
                }
                for name, role in known
            ]
            path = self.root / "pins" / f"clients-{service}.json"
            path.write_text(json.dumps(lines, indent=1))
        keys = {
            "ISSUER_KEY_FILE": str(self.api_key("exchange-issuer")),
            "AUDIT_KEY_FILE": str(self.api_key("exchange")),
        }
        self._settle("exchange", {**self._exchange(), **keys})

    def _init_log(self) -> str:
        """Have the signer make its keys, then the log begin with them."""
        _init(self.signer)
        self.signer.start()
        try:
            self.signer.wait_ready()
            return _init(self.services["audit"])
        finally:
            self.signer.stop()

    def _init_witnesses(self, log_file: Path) -> Path:
        """Make a witness for each State, and the policy that asks for all of them."""
        lines: list[str] = []
        for label in WITNESSES:
            port = free_port()
            folder = self.root / "witnesses" / label
            named = ("--name", f"witness.{label.lower()}.example/w1", "--label", label)
            options = (*named, "--url", f"http://127.0.0.1:{port}", "--log", log_file)
            made = self.call("witness", "init", *options, "--dir", folder, "--json").json()
            lines += made["policy"]
            serve = ("witness", "serve", "--port", str(port), "--dir", str(folder))
            self.witnesses[f"witness-{label}"] = ServiceProcess(
                name=f"witness-{label}",
                module="",
                port=port,
                settings={},
                log_path=self.root / "logs" / f"witness-{label}.log",
                command=(str(SEXTANT), *serve),
                ready_path="/healthz",
            )
        lines += [f"group states all {' '.join(WITNESSES)}", "quorum states", ""]
        policy = self.root / "pins" / "policy.txt"
        policy.write_text("\n".join(lines))
        self._settle("audit", {**self._audit(), "WITNESS_POLICY_FILE": str(policy)})
        return policy

    def _prepare_party(self, party: Party) -> None:
        home, request = self.home(party.id), self.root / "pins" / f"{party.id}.json"
        self._init_home(party.id, party.id, f"{party.id}/submit-1")
        made = ("keys", "generate", "--home", home)
        self.call(*made, "--profile", party.profile, "--kem", party.kems[0])
        for kem in party.kems[1:]:
            self.call(*made, "--use", "seal", "--kem", kem)
        named = ("--party", party.id, "--name", party.name)
        self.call("keys", "request", "--home", home, *named, "--out", request)
        self.call("keys", "countersign", request, "--home", self.home("REG-1"))
        if party.id == SEC:
            self._settle("declarations", self._declarations())

    def addresses(self, _name: str) -> dict[str, str]:
        """Return where the home of that name finds each service."""
        return {name: self.services[name].url for name in ("exchange", "audit", "declarations")}

    def _init_home(self, name: str, party: str, client_id: str) -> None:
        options: list[str | Path] = ["--home", self.home(name), "--party", party]
        options += ["--client-id", client_id, "--trust", self.trust_file]
        options += [f"--{service}={url}" for service, url in self.addresses(name).items()]
        options += ["--trace-file", self.traces / "client.jsonl"] if self.tracing else []
        self.call("init", *options)
