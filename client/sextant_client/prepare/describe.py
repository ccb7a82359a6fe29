"""What the models say of their members: the sentence behind each, and the paragraph in brackets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel

from sextant_shared.models.declaration.schema import member_texts

_LAW = re.compile(r"\s*\[([^\[\]]+)\]\s*$")


@dataclass(frozen=True)
class Told:
    """What is told of one member; `law` is the paragraph that asks for it."""

    text: str = ""
    law: str = ""


@cache
def told_of(model: type[BaseModel]) -> Mapping[str, Told]:
    """Return what is told of each member, by its name in the document."""
    texts = member_texts(model)
    return {
        info.alias or attribute: _told(texts.get(attribute, ""))
        for attribute, info in model.model_fields.items()
    }


def _told(text: str) -> Told:
    law = _LAW.search(text)
    return Told(text) if law is None else Told(text[: law.start()], law.group(1))
