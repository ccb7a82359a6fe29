"""`sextant inbox --follow` over real processes: what is sent while it stays is printed at once."""

import json
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from deploy.local.stack import SEXTANT, Stack
from sextant_client.client import Client
from sextant_client.home import Home

pytestmark = pytest.mark.processes
PATIENCE_S = 180.0  # from the start of an interpreter to the end of the command, on a busy machine


def test_what_is_sent_to_a_party_that_follows_is_printed_as_it_comes(
    stack: Stack, tmp_path: Path
) -> None:
    command = [str(SEXTANT), "inbox", "--follow", "--json", "--home", str(stack.home("NA-XBO"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        overdue = threading.Timer(PATIENCE_S, process.kill)
        overdue.start()
        content = tmp_path / "note.txt"
        content.write_text("a note")
        with Client(Home(stack.home("NA-XAL"))) as client:
            sealed = client.seal(
                content,
                type_="correspondence",
                cty="text/plain",
                classification="C1",
                to=["NA-XBO"],
            )
            client.deposit(sealed)
        assert process.stdout is not None
        seen: dict[str, int] = {}
        while sealed.id not in seen:
            line = process.stdout.readline()
            assert line, "it ended before the note came"
            printed = json.loads(line)
            seen[printed["id"]] = printed["seq"]
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        overdue.cancel()
    home = Home(stack.home("NA-XBO"))
    assert home.cursor() >= seen[sealed.id]
    assert (home.inbox / str(seen[sealed.id])).is_dir()
