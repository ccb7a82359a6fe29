"""The page docs/prepare.md, as it stands: its commands, its cells, what it says is shown."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import load_workbook

from deploy.local.stack import Stack, sextant
from sextant_client.prepare.documents import read_sourced

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "prepare.md").read_text(encoding="utf-8")
WALK = PAGE[: PAGE.index("## The tables")]
_STEP = re.compile(r"```(sh)?\n(.*?)```|^\| (\w+!\w+) \| (.+?) \|$", re.DOTALL | re.MULTILINE)


@dataclass
class Walker:
    """Somebody who does what the page says, in a folder of their own."""

    home: Path
    folder: Path
    shown: str = ""

    def run(self, line: str) -> None:
        command, _, note = line.partition("#")
        expect = int(note.split()[-1]) if "ends with" in note else 0
        arguments = [self.place(word) for word in shlex.split(command)[1:]]
        if arguments[0] in {"copy", "template", "submit"}:
            arguments += ["--home", str(self.home)]
        self.shown = sextant(*arguments, expect=[expect]).stdout

    def place(self, word: str) -> str:
        if word.startswith("examples/"):
            return str(ROOT / word)
        is_file = word.endswith((".xlsx", ".csv", ".json"))
        return str(self.folder / word) if is_file else word

    def type(self, cell: str, text: str) -> None:
        """Type into a cell as a person does: what looks like a number becomes one."""
        (path,) = self.folder.glob("site-*.xlsx")
        book = load_workbook(path)
        sheet, _, at = cell.partition("!")
        number = re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)
        book[sheet][at] = float(text) if number else text
        book.save(path)


def test_the_page_leads_from_last_year_to_a_receipt(stack: Stack, tmp_path: Path) -> None:
    walker = Walker(stack.home("NA-XAL"), tmp_path)
    commands = 0
    for shell, block, cell, text in _STEP.findall(WALK):
        if cell:
            walker.type(cell, text)
        elif shell:
            for line in block.strip().splitlines():
                walker.run(line)
                commands += 1
        else:
            for line in block.strip().splitlines():
                told = line.replace(" site-2026", f" {tmp_path}/site-2026")
                assert told in walker.shown
    assert commands == 10


def test_the_csv_of_the_page_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (block,) = re.findall(r"```\n(sheet,.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "x.csv"
    path.write_text(block)
    read = read_sourced(path)
    assert read.findings == ()
    (record,) = read.document["records"]
    assert record["produced"] == {"value": "412.5", "unit": "t"}
    assert record["exports"][0]["quantity"] == {"value": "86.5", "unit": "t"}
