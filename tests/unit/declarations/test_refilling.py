"""What the vault gets back after a loss, and what is named instead."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sextant_declarations.domain.deliveries import Dossier, Stage
from sextant_declarations.domain.refilling import Refill, TakenIn
from sextant_shared.errors import Code, PlatformError

pytestmark = pytest.mark.anyio


def taken(number: int) -> TakenIn:
    return TakenIn(
        number=number,
        sender="NA-XAL",
        id=f"id-{number}",
        manifest_digest=bytes([number]),
        custody=b"",
        registry_index=1,
        is_opened=False,
        is_package=False,
    )


class World:
    """An exchange that has some containers, and a vault that lacks some files."""

    def __init__(self, has: Sequence[int], lacks: Sequence[int]) -> None:
        self.has, self.missing = set(has), set(lacks)
        self.fault = Code.NOT_FOUND
        self.trust = SimpleNamespace(party="SEC")
        self.fetched: list[str] = []

    async def page(self, after: int, limit: int) -> Sequence[TakenIn]:
        return [taken(n) for n in range(after + 1, 6)][:limit]

    def lacks(self, each: TakenIn) -> bool:
        return each.number in self.missing

    async def fetch(self, _sender: str, id_: str, _into: Path) -> None:
        self.fetched.append(id_)
        if int(id_.removeprefix("id-")) not in self.has:
            raise PlatformError(self.fault, "no such envelope")

    async def proof_at(self, _party: str, _at: int) -> bytes:
        return b""

    async def examine(self, dossier: Dossier) -> Any:
        number = int(dossier.id.removeprefix("id-"))
        digest = b"another" if number == 3 else bytes([number])
        return SimpleNamespace(manifest_digest=digest, result=None)

    @contextlib.contextmanager
    def stage(self) -> Iterator[Stage]:
        yield Stage(container=Path("container"), content=Path("content"))

    async def keep(self, _stage: Stage, manifest_digest: bytes, *, with_content: bool) -> None:
        assert not with_content
        self.missing.discard(manifest_digest[0])

    def refill(self) -> Refill:
        any_ = cast("Any", self)
        return Refill(self.page, any_, any_, any_, any_)


async def test_only_what_is_lacking_is_fetched() -> None:
    world = World(has=[1, 2, 4, 5], lacks=[2, 5])
    done = await world.refill()()
    assert (done.filled, done.lacking, world.missing) == (2, [], set())
    assert world.fetched == ["id-2", "id-5"]


async def test_what_the_exchange_erased_or_altered_is_named_and_the_rest_comes() -> None:
    world = World(has=[3, 4], lacks=[1, 3, 4])
    done = await world.refill()()
    assert (done.filled, world.missing) == (1, {1, 3})
    erased, altered = done.lacking
    assert "id-1" in erased
    assert "id-3" in altered
    assert "not what was taken in" in altered


async def test_an_exchange_that_does_not_answer_ends_it() -> None:
    world = World(has=[4], lacks=[1, 4])
    world.fault = Code.UNAVAILABLE
    with pytest.raises(PlatformError, match="no such envelope"):
        await world.refill()()
    assert world.missing == {1, 4}
