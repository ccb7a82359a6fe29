"""The page docs/air-gap.md, as it stands; and attachments from a file to an officer's hands."""

import hashlib
import json
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.support.command import Done, sextant

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "air-gap.md").read_text(encoding="utf-8")


@dataclass
class Walker:
    """Somebody who does what the page says, in a folder of their own."""

    folder: Path
    values: dict[str, str]
    done: list[Done] = field(default_factory=list)

    def run(self, line: str) -> None:
        words = [self.place(word) for word in shlex.split(line)]
        if words[0] == "mkdir":
            Path(words[1]).mkdir()
        elif words[0] == "mv":
            for path in self.folder.glob(words[1].removeprefix(f"{self.folder}/")):
                shutil.move(path, words[2])
        else:
            self.done.append(sextant(*words[1:]))
            assert self.done[-1].status == 0, (line, self.done[-1])

    def place(self, word: str) -> str:
        if word in self.values:
            return self.values[word]
        if word.startswith("examples/"):
            return str(ROOT / word)
        is_here = word.partition("/")[0] in {"offline", "courier"} or word.endswith(".zip")
        return str(self.folder / word) if is_here else word


def test_the_page_leads_from_an_offline_machine_to_receipt_and_outcome(
    stack: Stack, tmp_path: Path
) -> None:
    shutil.copytree(stack.home("NA-XBO") / "keys", tmp_path / "offline" / "keys")
    addresses = {f"${n.upper()}": stack.services[n].url for n in ("exchange", "audit")}
    walker = Walker(tmp_path, {**addresses, "trust.json": str(stack.trust_file)})
    lines = [
        line
        for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
        for line in block.strip().splitlines()
    ]
    assert len(lines) == 16
    for line in lines:
        walker.run(line)
        if line.startswith("sextant submit"):
            said = walker.done[-1]
            assert "SEALED" in said.stderr
            assert "(today)" in said.stderr
            (folder,) = (tmp_path / "offline" / "sent").iterdir()
            walker.values["ENVELOPE-ID"] = folder.name
    accepted, verified, told = walker.done[-3:]
    sent = walker.values["ENVELOPE-ID"]
    assert f"RECEIPT  {sent}" in accepted.stdout
    assert re.search(rf"OPENED   {sent}  OPENED", accepted.stdout)
    assert re.search(rf"OUTCOME  {sent}  RE", accepted.stdout)
    assert verified.stdout.startswith(f"Holds: {sent} is log entry")
    assert re.search(r"acknowledged +SEC", told.stdout)
    assert "Nothing is owed." in told.stdout
    assert "Carried here as of" in told.stdout
    assert not list((tmp_path / "offline" / "keys").glob("api-*"))
    assert "http" not in (tmp_path / "offline" / "config.json").read_text()


def test_an_attachment_goes_from_a_file_to_an_officer(stack: Stack, tmp_path: Path) -> None:
    plan, declared = tmp_path / "plan.pdf", tmp_path / "declaration.json"
    plan.write_bytes(b"%PDF-1.7 plan")
    document = json.loads((ROOT / "examples" / "NA-XAL" / "nil-2025.json").read_text())
    document |= {"declaration_id": f"{document['declaration_id']}-WITH-PLAN", "part_count": 1}
    digest = hashlib.sha256(plan.read_bytes()).hexdigest()
    named = {"name": plan.name, "sha256": digest, "classification": document["confidentiality"]}
    home, officer = stack.home("NA-XAL"), stack.home("officer")
    submit = ("submit", declared, "--attach", plan, "--watch", "--json", "--home", home)

    declared.write_text(json.dumps({**document, "attachments": [{**named, "sha256": "0" * 64}]}))
    refused = sextant(*submit)
    assert refused.status == 1
    assert "is not the one that the declaration names" in refused.json()["attachments"][0]

    declared.write_text(json.dumps({**document, "attachments": [named]}))
    done = sextant(*submit)
    (envelope,) = done.json()["envelopes"]
    assert envelope["opened"] == "OPENED"
    assert done.json()["attachments"] == [
        {"name": "plan.pdf", "size": 13, "sha256": digest, "flaws": []}
    ]
    listed = sextant("officer", "list", "--state", "XAL", "--json", "--home", officer).json()
    (found,) = [
        d["id"] for d in listed["declarations"] if d["declaration_id"] == document["declaration_id"]
    ]
    why = ("--purpose", "examination", "--home", officer)
    unsaid = sextant("officer", "attachments", found, "--home", officer)
    assert (unsaid.status, "--purpose" in unsaid.stderr) == (2, True)
    shown = sextant("officer", "attachments", found, *why)
    assert "plan.pdf" in shown.stdout
    out = tmp_path / "fetched.pdf"
    fetch = ("officer", "attachments", found, "--fetch", "1", "--out", out, *why)
    assert sextant(*fetch).status == 0
    assert out.read_bytes() == plan.read_bytes()
    again = sextant(*fetch)
    assert again.status == 3
    assert "is there already" in again.stderr
