"""No type of entry stands in the table without code in its writer's room that makes it."""

from pathlib import Path
from typing import get_args

import pytest

import sextant_audit
import sextant_declarations
import sextant_exchange
import sextant_shared
from sextant_shared.models.entries import Entry
from sextant_shared.models.service_entries import ServiceEntry

ROOMS = {
    "audit": sextant_audit,
    "exchange": sextant_exchange,
    "declarations": sextant_declarations,
}
MADE_FOR_ALL = ("protocol/notes.py", "chassis/sidecar/shredding.py")
TYPES = {get_args(model.model_fields["type"].annotation)[0]: model for model in get_args(Entry)}


def code_of(module: object) -> str:
    folder = Path(str(module.__file__)).parent  # type: ignore[attr-defined]
    return "\n".join(path.read_text() for path in sorted(folder.rglob("*.py")))


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_each_type_of_entry_is_made_by_its_writer(kind: str) -> None:
    model = TYPES[kind]
    if issubclass(model, ServiceEntry):
        shared = Path(str(sextant_shared.__file__)).parent
        assert any(f'"{kind}"' in (shared / name).read_text() for name in MADE_FOR_ALL)
        for room in ROOMS.values():  # each looks at what it runs with, and destroys by order
            assert ".changed(" in code_of(room)
            assert "Shredding(" in code_of(room)
        return
    code = code_of(ROOMS[model.writer])
    makers = [f'"{kind}"', f"{model.__name__}(", ELSEWHERE.get(kind, f'"{kind}"')]
    assert any(maker in code for maker in makers)


ELSEWHERE = {
    "envelope.accepted": "format_accepted(",
    "backup": "make_note(report.act",
    "restore": "make_note(report.act",
}
