"""One rule pack in three places: the command, the SDK and the Secretariat say the same.

For every flawed declaration of the corpus and every example: the same findings, member for member,
under the same pack.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import sextant_client
from deploy.local.corpus import EXAMPLES, cases
from sextant_declarations.domain.contents import check_content
from sextant_declarations.domain.deliveries import FiledVersion, StateFilings
from sextant_declarations.domain.library import Library
from sextant_shared.encoding import canonical_json, sha256
from sextant_shared.errors import Finding
from sextant_shared.models.declaration import read_declaration
from sextant_shared.models.receipts import ReportedFinding
from sextant_shared.rules.window import revised_by
from tests.support.command import sextant

Members = list[dict[str, Any]]
Said = tuple[Members, str]
ROOM = 100_000_000


@dataclass(frozen=True)
class Input:
    """A declaration, and what its State filed before."""

    name: str
    data: bytes
    filed: Sequence[Mapping[str, Any]] = ()

    @property
    def state(self) -> str | None:
        try:
            return str(json.loads(self.data)["state_code"])
        except (ValueError, KeyError, TypeError):
            return None


def examples() -> Iterable[Input]:
    """Yield every example alone, and beside all others of its folder."""
    for folder in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
        documents = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
        for document in documents:
            others = [d for d in documents if d["declaration_id"] != document["declaration_id"]]
            data = json.dumps(document).encode()
            yield Input(f"{folder.name}/{document['kind']} alone", data)
            yield Input(f"{folder.name}/{document['kind']}", data, others)


INPUTS = [*(Input(f"{c.rule}: {c.why}", c.data, c.filed) for c in cases()), *examples()]


def by_command(given: Input, folder: Path) -> Said:
    file = folder / "declaration.json"
    file.write_bytes(given.data)
    beside: list[str | Path] = ["--alone"]
    if given.filed:
        filed = folder / "filed"
        filed.mkdir()
        for n, document in enumerate(given.filed):
            (filed / f"{n:03}.json").write_text(json.dumps(document))
        beside = ["--with", filed]
    done = sextant("check", file, *beside, "--home", folder / "home", "--json")
    (report,) = done.json()["reports"]
    found = [{n: v for n, v in f.items() if n != "source"} for f in report["findings"]]
    return found, report["rules"]["digest"]


def by_sdk(given: Input) -> Said:
    report = sextant_client.check(given.data, given.filed)
    return members(report.findings), report.pack.digest


def by_secretariat(given: Input, folder: Path) -> Said:
    """Examine as the workshop does, with the State's filings in the vault."""
    content = folder / "content"
    content.write_bytes(given.data)
    newest = sorted(given.filed, key=lambda document: int(document["version"]))
    listed = {
        document["declaration_id"]: in_vault(document, folder / f"{n}.txt")
        for n, document in enumerate(newest)
        if document["state_code"] == given.state
    }
    check = check_content(
        content,
        StateFilings(tuple(listed.values())),
        library=Library(ROOM),
        max_bytes=ROOM,
        max_values=ROOM,
    )
    return members(check.findings), check.pack.digest


def in_vault(document: Mapping[str, Any], path: Path) -> tuple[FiledVersion, Path]:
    data = json.dumps(document).encode()
    path.write_bytes(data)
    declaration = read_declaration(document)
    filed = FiledVersion(
        declaration_id=declaration.declaration_id,
        version=declaration.version,
        kind=declaration.kind,
        year=declaration.year,
        digest=sha256(canonical_json(document)),
        content_digest=sha256(data),
        size=len(data),
        manifest_digest=sha256(data),
        revises=revised_by(declaration),
    )
    return filed, path


def members(findings: Iterable[Finding]) -> Members:
    return [ReportedFinding.of(finding).model_dump(mode="json") for finding in findings]


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.name)
def test_command_sdk_and_secretariat_say_the_same(given: Input, tmp_path: Path) -> None:
    said = by_sdk(given)
    assert by_command(given, tmp_path) == said
    assert by_secretariat(given, tmp_path) == said
