"""The edge before several exchanges: nginx with the rules of `deploy/edge`, without TLS.

It spreads callers over the exchanges as an operator's does, and writes down each answer: what the
world outside was told while a fault held is read from there.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

from deploy.local.processes import ServiceProcess, free_port
from tests.support.edges import FOLDER

DEPOSITS = "/v1/envelopes"
LARGE = 128 << 10  # what a request of more bytes brings, the exchange does not keep in a row
UNEXPECTED = 500
ASKED_BACK = (429, 502, 503, 504)
SHIPPED_PORTS = ("8002", "8012")
_LINE = (
    '{"at":$msec,"method":"$request_method","path":"$uri","status":$status,'
    '"length":$request_length,"retry_after":"$sent_http_retry_after"}'
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the edge's log: what was asked, and what the caller was told when."""

    at: float
    method: str
    path: str
    status: int
    length: int
    retry_after: str

    @property
    def is_deposit(self) -> bool:
        """Whether an envelope was given."""
        return self.method == "POST" and self.path == DEPOSITS

    @property
    def is_large(self) -> bool:
        """Whether it brought what is kept as an object."""
        return self.length > LARGE

    @property
    def is_accepted(self) -> bool:
        """Whether the envelope is held."""
        return self.status in {200, 201, 202}

    @property
    def asks_back(self) -> bool:
        """Whether it was refused for now, and the caller was told for how long."""
        return self.status in ASKED_BACK and self.retry_after.isdigit()


def rude(answers: Iterable[Answer]) -> str:
    """Say which answer was 500, or refused for now without saying when to come back."""
    for answer in answers:
        if answer.status == UNEXPECTED or (answer.status in ASKED_BACK and not answer.asks_back):
            return f"{answer.method} {answer.path} was answered {answer.status}, no Retry-After"
    return ""


def configured(shipped: str, ports: Sequence[int], port: int, folder: Path) -> str:
    """Return a file for nginx: what is shipped for several exchanges, and one name on loopback."""
    found = re.search(r"upstream exchange \{.*?\n    \}", shipped, re.DOTALL)
    if found is None:
        raise ValueError("deploy/edge has no list of exchanges")
    upstream = found.group()
    for there, here in zip(SHIPPED_PORTS, ports, strict=True):
        upstream = re.sub(rf"\b{there}\b", str(here), upstream)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in kinds)
    largest = re.search(r"client_max_body_size \d+;", shipped)
    return f"""\
user root; daemon off; worker_processes 1; pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
{temporary}
    map $host $client_cert {{ default ""; }}
    log_format answers escape=json '{_LINE}';
    access_log {folder}/answers.jsonl answers;
    {upstream}
    server {{
        listen 127.0.0.1:{port};
        {largest.group() if largest else ""}
        set $service http://exchange;
        location = /edge {{ return 200; }}
        location / {{ include sextant/proxy.conf; }}
        include sextant/problems.conf;
    }}
}}
"""


@dataclass
class Edge:
    """One edge, at a port that was chosen before it runs."""

    program: Path
    folder: Path
    port: int

    @classmethod
    def placed(cls, program: Path, folder: Path) -> "Edge":
        """Choose a port."""
        return cls(program, folder, free_port())

    @property
    def url(self) -> str:
        """The public address of the exchange."""
        return f"http://127.0.0.1:{self.port}"

    def process(self, ports: Sequence[int], log_path: Path) -> ServiceProcess:
        """Write its files and return the process before exchanges at these ports."""
        copytree(FOLDER / "nginx", self.folder)
        config = self.folder / "nginx.conf"
        config.write_text(configured(config.read_text(), ports, self.port, self.folder))
        words = ("-p", str(self.folder), "-c", str(config), "-e", "stderr")
        return ServiceProcess(
            name="edge",
            module="",
            port=self.port,
            settings={},
            log_path=log_path,
            command=(str(self.program), *words),
            ready_path="/edge",
        )

    def answers(self, since: float, until: float = float("inf")) -> list[Answer]:
        """Return what callers were told in a time, by the wall clock."""
        lines = (self.folder / "answers.jsonl").read_text().splitlines()
        answers = [Answer(**json.loads(line)) for line in lines]
        return [answer for answer in answers if since <= answer.at <= until]
