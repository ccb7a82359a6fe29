import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.tiles import (
    Tile,
    bundle_of,
    levels_of,
    parse_bundle,
    parse_tile_path,
    tiles_of,
)
from tests.unit.shared.merkle import naive


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "0/",
        "0/0",
        "0/00",
        "0/0000",
        "00/000",
        "64/000",
        "-1/000",
        "0/-01",
        "0/x000/001",
        "0/x000",
        "0/001/002",
        "0/x001/x002",
        "0/X001/002",
        "0/000.p/0",
        "0/000.p/00",
        "0/000.p/01",
        "0/000.p/256",
        "0/000.p/999",
        "0/000.p/",
        "0/000.p",
        "0/000.p/1/",
        "0/000/",
        "0/000\n",
        " 0/000",
        "0/000.P/1",
        "entries",
        "entries/x000/000",
        "Entries/000",
        "data/000",
        "0/\u0660\u0660\u0660",
        "\u0660/000",
        "0/x001/x001/x001/x001/x001/x001/x001/001",
        "0/../0/000",
        "0//000",
    ],
)
def test_a_path_that_names_no_tile_is_not_found(path: str) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_tile_path(path)
    assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("0/000", Tile(0, 0)),
        ("63/999", Tile(63, 999)),
        ("0/x001/x234/067", Tile(0, 1_234_067)),
        ("2/x001/000.p/255", Tile(2, 1000, 255)),
        ("entries/x273/000.p/1", Tile(None, 273_000, 1)),
    ],
)
def test_a_tile_has_one_path(path: str, tile: Tile) -> None:
    assert parse_tile_path(path) == tile
    assert tile.path == path


@given(st.text(alphabet="0123456789x./pentris\n", max_size=24))
def test_a_path_is_refused_or_formats_back_to_itself(path: str) -> None:
    try:
        tile = parse_tile_path(path)
    except PlatformError as error:
        assert error.code is Code.NOT_FOUND  # noqa: PT017 - both outcomes are right
    else:
        assert tile.path == path


@given(st.integers(0, 63), st.integers(0, 2**55), st.integers(1, 256))
def test_every_tile_reads_back(level: int, index: int, width: int) -> None:
    for tile in (Tile(level, index, width), Tile(None, index, width)):
        assert parse_tile_path(tile.path) == tile


def test_a_tree_of_70000_has_the_tiles_the_specification_counts() -> None:
    tiles = list(tiles_of(70_000))
    widths = {level: [t.width for t in tiles if t.level == level] for level in (0, 1, 2)}
    assert widths == {0: [256] * 273 + [112], 1: [256, 17], 2: [1]}
    assert len(tiles) == 277


def test_a_tree_of_256_has_a_full_tile_and_one_above() -> None:
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]


@given(st.integers(0, 2**40), st.integers(0, 5), st.integers(1, 256))
def test_a_tile_is_within_a_tree_when_all_its_hashes_are(size: int, level: int, width: int) -> None:
    available = size // 256**level
    index = available // 256
    tile = Tile(level, index, width)
    assert tile.is_within(size) == (index * 256 + width <= available)
    if index:
        assert Tile(level, index - 1).is_within(size)
    assert not Tile(level, index + 1, 1).is_within(size)


def test_inner_levels_of_a_tile_end_in_its_root() -> None:
    leaves = [naive.leaf(n) for n in range(256)]
    levels = levels_of(leaves)
    assert [len(level) for level in levels] == [256, 128, 64, 32, 16, 8, 4, 2, 1]
    assert levels[8] == [naive.root(leaves)]
    assert levels[3][5] == naive.root(leaves[40:48])


def test_an_entry_too_long_for_its_length_prefix_is_refused() -> None:
    with pytest.raises(PlatformError) as caught:
        bundle_of([b"", bytes(65_536)])
    assert caught.value.code is Code.TOO_LARGE


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x01ab", b"\x00\x00" * 257])
def test_a_bundle_that_does_not_end_with_an_entry_is_refused(data: bytes) -> None:
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        parse_bundle(data)


@given(st.lists(st.binary(max_size=80), max_size=256))
def test_a_bundle_reads_back(entries: list[bytes]) -> None:
    assert parse_bundle(bundle_of(entries)) == entries


def test_a_bundle_prefixes_each_entry_with_two_bytes() -> None:
    assert bundle_of([b"a" * 258, b""]) == b"\x01\x02" + b"a" * 258 + b"\x00\x00"
