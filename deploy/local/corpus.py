"""Reads the corpus of flawed declarations: files that a domain expert can read and extend."""

import copy
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_shared.errors import Finding
from sextant_shared.rules import Report, check, check_filings
from sextant_shared.rules.filings import Filings
from sextant_shared.rules.policy import DEFAULT_POLICY

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
CORPUS = ROOT / "tests" / "corpus"
MEMBERS = {"why", "example", "set", "remove", "text", "filed", "year", "expect", "says"}
Expected = tuple[str, str, str, str]


@dataclass(frozen=True)
class Case:
    """One flawed declaration with exactly the findings it must give."""

    rule: str
    why: str
    data: bytes
    """The declaration as it is sent."""
    filed: tuple[Mapping[str, Any], ...]
    year: int | None
    expect: tuple[Expected, ...]
    says: tuple[str, ...]

    def filings(self) -> Filings:
        """Return what the State filed before, amended where it was amended."""
        return Filings.from_documents(self.filed)

    def report(self) -> Report:
        """Return what the rules say of the declaration."""
        return check(self.data, DEFAULT_POLICY, self.filings())

    def findings(self) -> Sequence[Finding]:
        """Return what the rules say: of the declaration, or of a whole year's filings."""
        if self.year is None:
            return self.report().findings
        documents = [json.loads(self.data), *self.filed]
        return check_filings(Filings.from_documents(documents), self.year)


def cases() -> Iterator[Case]:
    """Yield every case; a member that no case has is an error, so that no line is ignored."""
    for path in sorted(CORPUS.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        if set(content) != {"case"}:
            raise ValueError(f"{path.name}: only [[case]] tables")
        for members in content["case"]:
            unknown = set(members) - MEMBERS
            if unknown:
                raise ValueError(f"{path.name}: {members.get('why')}: unknown {unknown}")
            yield Case(
                rule=path.stem,
                why=members["why"],
                data=sent(members),
                filed=tuple(spoiled(filed) for filed in members.get("filed", ())),
                year=members.get("year"),
                expect=tuple(
                    (one["rule"], one["way"], one["severity"], one["at"])
                    for one in members["expect"]
                ),
                says=tuple(members.get("says", ())),
            )


def sent(case: Mapping[str, Any]) -> bytes:
    """Return the text of a case, or its spoiled example as text."""
    if "text" in case:
        return str(case["text"]).encode()
    return json.dumps(spoiled(case), ensure_ascii=False).encode()


def spoiled(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return the example of a case with its changes made."""
    document: dict[str, Any] = json.loads((EXAMPLES / case["example"]).read_text())
    for change in case.get("set", ()):
        parent, last = _parent(document, change["at"])
        if isinstance(parent, list) and int(last) == len(parent):
            parent.append(copy.deepcopy(change["to"]))
        else:
            parent[int(last) if isinstance(parent, list) else last] = copy.deepcopy(change["to"])
    for pointer in sorted(case.get("remove", ()), key=_tokens, reverse=True):
        parent, last = _parent(document, pointer)
        del parent[int(last) if isinstance(parent, list) else last]
    return document


def _parent(document: Any, pointer: str) -> tuple[Any, str]:
    *path, last = _tokens(pointer)
    value = document
    for token in path:
        value = value[int(token) if isinstance(value, list) else token]
    return value, last


def _tokens(pointer: str) -> list[str]:
    return [t.replace("~1", "/").replace("~0", "~") for t in pointer.split("/")[1:]]
