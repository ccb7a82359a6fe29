"""Nil: a State says that, for a scope and year, there is nothing to declare."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.declaration.heading import DeclarationBase

Scope = Literal["S1", "S2", "S3", "OCPF", "AND_S2", "AND_S3", "X4"]


class Nil(DeclarationBase):
    """Closes what would else be expected; the treaty asks for no annual nil, practice welcomes it.

    Article VI(7) makes the initial declaration a duty also where there is nothing to declare.
    """

    kind: Literal["NIL"]
    scope: Annotated[list[Scope], Field(min_length=1, max_length=7)]

    @property
    def is_nil(self) -> bool:
        """True."""
        return True
