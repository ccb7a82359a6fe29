"""`sextant witness`: made once, served by one command, killed at the worst moment."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sextant_shared.merkle.notes import parse_checkpoint_body, parse_note, parse_signatures
from sextant_shared.models.log import LogDiscovery
from sextant_shared.protocol.cosignatures import Cosigner, find_cosignatures
from sextant_shared.protocol.policies import parse_policy
from sextant_shared.protocol.witnessing import (
    AddCheckpoint,
    format_add_checkpoint,
    parse_add_checkpoint,
    parse_size,
)
from tests.support.command import Done, sextant
from tests.support.logs import ORIGIN, log_keys
from tests.support.witness_service import FORK, LOG, request

KILLED = """
import os, signal, sys
from pathlib import Path
from sextant_client.witness.folder import WitnessFolder
from sextant_client.witness.service import Witness
from sextant_client.witness.serving import serve
from sextant_shared.protocol.witnessing import known_logs
at = WitnessFolder(Path(sys.argv[1]))
def step(name):
    if name == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
logs, memory = known_logs(at.logs()), at.memory()
witness = Witness(keys=at.keys(), logs=logs, memory=memory, clock=lambda: 1.8e9, step=step)
serve(witness, "127.0.0.1", 0, lambda url: print('"url": "' + url + '"', flush=True))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "log.json").write_text(
        LogDiscovery(origin=ORIGIN, vkeys=list(log_keys().vkeys)).model_dump_json()
    )
    return tmp_path / "witness"


def made(folder: Path, *options: str) -> Done:
    log = folder.parent / "log.json"
    name = ("--name", "xal.example/w", "--label", "XAL", "--url", "https://xal.example")
    return sextant("witness", "init", *name, "--log", log, "--dir", folder, *options)


class Served:
    """`sextant witness serve` as a process, on a port of its own choice."""

    def __init__(self, folder: Path, kill_at: str | None = None) -> None:
        command = ["-c", KILLED, str(folder), kill_at or ""]
        if kill_at is None:
            main = "import sys; from sextant_client.cli import main; main(sys.argv[1:])"
            options = ["--port", "0", "--dir", str(folder), "--json"]
            command = ["-c", main, "witness", "serve", *options]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split('"url": "')[1].split('"')[0]

    def post(self, body: bytes) -> httpx.Response:
        return httpx.post(f"{self.url}/add-checkpoint", content=body, trust_env=False)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(15)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def test_a_name_that_cannot_name_a_key_is_refused(folder: Path) -> None:
    assert made(folder, "--name", "two words").status == 4
    assert made(folder, "--url", "ftp://x").status == 3


def test_a_witness_that_has_signed_is_not_made_again(folder: Path) -> None:
    assert made(folder).status == 0
    served = Served(folder, kill_at="")
    assert served.post(request(0, 5)).status_code == 200
    assert served.stop() == 0
    done = made(folder)
    assert done.status == 3
    assert "has signed already" in done.stderr


def test_an_interrupted_beginning_goes_on_with_the_keys_it_made(folder: Path) -> None:
    first = made(folder, "--json").json()
    (folder / "ml-dsa-44.json").unlink()
    second = made(folder, "--json").json()
    assert first["vkeys"][0] == second["vkeys"][0]
    assert first["vkeys"][1] != second["vkeys"][1]


def test_keys_without_their_memory_sign_nothing(folder: Path) -> None:
    made(folder)
    (folder / "memory.sqlite3").unlink()
    assert "no memory of what they signed" in made(folder).stderr
    done = sextant("witness", "serve", "--port", "0", "--dir", folder)
    assert done.status == 4
    assert "retire these keys" in done.stderr


@pytest.mark.parametrize("command", [["serve"], ["show"], ["evidence", "--out", "evidence"]])
def test_no_witness_in_a_folder_is_told_with_what_to_do(tmp_path: Path, command: list[str]) -> None:
    done = sextant("witness", *command, "--dir", tmp_path)
    assert done.status == 3
    assert "sextant witness init" in done.stderr


def test_where_the_keys_of_a_log_are_published_is_told_when_their_file_is_missing(
    folder: Path,
) -> None:
    (folder.parent / "log.json").unlink()
    done = made(folder)
    assert done.status == 3
    assert "/.well-known/sextant-log" in done.stderr


def test_the_lines_it_prints_make_a_policy_that_asks_for_both_keys(folder: Path) -> None:
    lines = made(folder, "--json").json()["policy"]
    policy = parse_policy("\n".join([*lines, "quorum XAL", ""]).encode())
    assert [witness.name for witness in policy.witnesses] == ["XAL/ed25519", "XAL/ml-dsa-44"]
    assert policy.groups[0].threshold == 2
    assert {witness.url for witness in policy.witnesses} == {"https://xal.example"}


def test_key_files_are_sealed_when_a_passphrase_is_given(folder: Path) -> None:
    secret = folder.parent / "passphrase"
    secret.write_text("correct horse\n")
    assert made(folder, "--passphrase-file", str(secret)).status == 0
    assert (folder / "ed25519.json").stat().st_mode & 0o077 == 0
    assert '"seed"' not in (folder / "ed25519.json").read_text()
    assert sextant("witness", "serve", "--dir", folder).status == 4


def test_served_and_shown(folder: Path) -> None:
    keys = [Cosigner.from_vkey(vkey) for vkey in made(folder, "--json").json()["vkeys"]]
    served = Served(folder)
    answer = served.post(request(0, 5))
    body = parse_checkpoint_body(parse_note(LOG.checkpoint(5)).text)
    assert len(find_cosignatures(keys, body, parse_signatures(answer.text))) == 2
    assert served.post(request(5, 5, FORK)).status_code == 200
    assert served.post(request(5, 8)).status_code == 200
    assert served.post(request(8, 8, FORK)).status_code == 409
    assert httpx.get(f"{served.url}/healthz", trust_env=False).text == "ok\n"
    assert served.stop() == 0
    shown = sextant("witness", "show", "--dir", folder, "--json").json()
    assert shown["logs"] == [{"origin": ORIGIN, "size": 8}]
    assert [refused["size"] for refused in shown["refused"]] == [8]
    assert "REFUSED" in sextant("witness", "show", "--dir", folder).stdout


def test_what_it_refused_becomes_evidence_that_stands_by_itself(folder: Path) -> None:
    made(folder)
    served = Served(folder, kill_at="")
    for body in (request(0, 7), request(7, 7, FORK), request(7, 12, FORK)):
        served.post(body)
    bad = parse_add_checkpoint(request(7, 11))
    served.post(format_add_checkpoint(AddCheckpoint(7, bad.proof[::-1], bad.checkpoint)))
    served.stop()
    out = folder.parent / "evidence"
    done = sextant("witness", "evidence", "--out", out, "--dir", folder, "--json").json()
    assert (len(done["written"]), done["refused"]) == (2, 3)
    for file in done["written"]:
        assert sextant("log", "evidence", "verify", file).status == 0


@pytest.mark.parametrize("point", ["witness.after_persist", "witness.after_sign"])
def test_killed_between_remembering_and_answering_it_signs_no_second_history(
    folder: Path, point: str
) -> None:
    made(folder)
    sequence = Served(folder, kill_at="")
    assert sequence.post(request(0, 5)).status_code == 200
    sequence.stop()
    killed = Served(folder, kill_at=point)
    with pytest.raises(httpx.TransportError):
        killed.post(request(5, 9))
    assert killed.stop() == -signal.SIGKILL
    after = Served(folder, kill_at="")
    try:
        fork = after.post(request(5, 9, FORK))
        assert (fork.status_code, parse_size(fork.content)) == (409, 9)
        assert after.post(request(9, 9, FORK)).status_code == 409
        assert after.post(request(9, 12, FORK)).status_code == 422
        assert after.post(request(9, 9)).status_code == 200
    finally:
        after.stop()
