"""Answers findings of a declaration with reasons, and remembers them for the next one.

A reason is written into the declaration and nowhere else counts; the memory of the home only
offers it again for the same rule at the same place. Nothing is answered silently.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from sextant_client.home import Home, as_json, read_json, write_file
from sextant_shared.errors import Code, Finding, PlatformError
from sextant_shared.models.declaration.heading import Answer
from sextant_shared.models.declaration.natural import StablePlaces
from sextant_shared.models.strict import Strict, read_model
from sextant_shared.rules.answering import is_open

MEMORY = "answers.json"


@dataclass(frozen=True)
class Question:
    """A finding that waits for a correction or a reason, and its stable place."""

    finding: Finding
    place: str

    def is_at(self, at: str) -> bool:
        """Return whether a pointer or a stable place names it."""
        return at in {self.finding.pointer, self.place}


class Remembered(Answer):
    """An answer as it was given: in which declaration, of which kind and State, for which year."""

    state_code: str
    kind: str
    declaration_id: str
    year: int


class Memory(Strict):
    """All answers that were given from a home, oldest first."""

    v: Literal[1] = 1
    answers: list[Remembered] = Field(default_factory=list)

    @classmethod
    def of(cls, home: Home) -> "Memory":
        """Return the memory of a home; empty where nothing was answered yet.

        Raises:
            PlatformError: `E_MALFORMED`, when the file is damaged.
        """
        path = home.path / MEMORY
        return read_model(cls, read_json(path)) if path.exists() else cls()

    def offer(self, document: Mapping[str, Any], question: Question) -> Remembered | None:
        """Return the newest answer to the same question in another declaration of the kind."""
        finding = question.finding
        fitting = [
            known
            for known in self.answers
            if (known.rule, known.place) == (finding.rule, question.place)
            and known.way in {None, finding.way}
            and (known.state_code, known.kind) == (document.get("state_code"), document.get("kind"))
            and known.declaration_id != document.get("declaration_id")
        ]
        return max(fitting, key=lambda known: known.year, default=None)

    def with_answers(
        self, document: Mapping[str, Any], year: int, given: Iterable[Mapping[str, Any]]
    ) -> "Memory":
        """Return the memory with the answers given in a document, in place of its earlier ones."""
        own = {name: document[name] for name in ("state_code", "kind", "declaration_id")}
        new = [read_model(Remembered, {**answer, **own, "year": year}) for answer in given]
        keys = {_key(one) for one in new}
        return Memory(answers=[*(one for one in self.answers if _key(one) not in keys), *new])

    def write(self, home: Home) -> None:
        """Store the memory."""
        members = self.model_dump(mode="json", exclude_none=True)
        write_file(home.path / MEMORY, as_json(members))


def questions(document: Mapping[str, Any], findings: Iterable[Finding]) -> list[Question]:
    """Return the open findings of a document; those of an amendment's result are not its own."""
    stable = StablePlaces(document)
    return [
        Question(finding, stable(finding.pointer))
        for finding in findings
        if is_open(finding) and not finding.document
    ]


def choose(asked: Sequence[Question], rule: str, at: str, way: str | None) -> list[Question]:
    """Return the questions of a rule at a place.

    Raises:
        PlatformError: `E_NOT_FOUND`, with those that there are.
    """
    chosen = [
        question
        for question in asked
        if question.finding.rule == rule
        and question.is_at(at)
        and way in {None, question.finding.way}
    ]
    if not chosen:
        open_ = [f"{question.finding.rule} {question.finding.pointer}" for question in asked]
        raise PlatformError(
            Code.NOT_FOUND,
            f"no finding of {rule}{f'-{way}' if way else ''} waits for a reason at this place",
            expected="; ".join(open_) or "nothing: no finding is open",
            received=f"{rule} {at}"[:200],
            fix="See the open findings with: sextant answer FILE. What must be fixed is corrected.",
        )
    return chosen


def answers_to(
    chosen: Sequence[Question], reason: str, until: int, way: str | None = None
) -> list[dict[str, Any]]:
    """Return the answers, one for each place and rule, as members of a document."""
    named = {"way": way} if way else {}
    places = dict.fromkeys((q.finding.rule, q.place) for q in chosen)
    return [
        {"rule": rule, **named, "place": place, "reason": reason, "until": until}
        for rule, place in places
    ]


def answered(document: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a document with answers, in place of those to the same finding."""
    new = {(one["rule"], one.get("way"), one["place"]) for one in given}
    kept = [
        one
        for one in document.get("answers") or []
        if (one.get("rule"), one.get("way"), one.get("place")) not in new
    ]
    return {**document, "answers": [*kept, *given]}


def _key(known: Remembered) -> tuple[str, str, str, str | None, str]:
    return known.state_code, known.declaration_id, known.rule, known.way, known.place
