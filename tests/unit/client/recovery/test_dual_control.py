"""Archives that m of n custodians open together, and no one alone."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_client.recovery.dual import (
    Share,
    open_share,
    read_header,
    seal_archive,
    unseal_archive,
)
from sextant_client.recovery.models import Card
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from tests.support.parties import opener

NAMES = ("ONE", "TWO", "THREE")


def cards(*names: str) -> list[Card]:
    return [Card(v=1, name=name, sig=[], seal=dict(opener(name).jwk)) for name in names]


def sealed(folder: Path, content: bytes = b"a key", threshold: int = 2) -> Path:
    folder.mkdir(exist_ok=True)
    source, archive = folder / "source", folder / "archive"
    source.write_bytes(content)
    seal_archive(archive, [("signer/ed25519.json", source)], cards(*NAMES), threshold)
    return archive


def share(archive: Path, name: str) -> Share:
    return open_share(archive, opener(name, Alg.K1))


@pytest.mark.parametrize("pair", list(itertools.combinations(NAMES, 2)), ids="-".join)
def test_any_two_of_three_open_it(tmp_path: Path, pair: tuple[str, str]) -> None:
    archive = sealed(tmp_path)
    [path] = unseal_archive(archive, [share(archive, n) for n in pair], tmp_path / "out")
    assert path.read_bytes() == b"a key"
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_opens_nothing_and_the_same_one_twice_neither(tmp_path: Path) -> None:
    archive = sealed(tmp_path)
    one = share(archive, "ONE")
    for shares in ([], [one], [one, one]):
        with pytest.raises(PlatformError, match="no one person") as caught:
            unseal_archive(archive, shares, tmp_path / "out")
        assert caught.value.code is Code.FORBIDDEN
        assert caught.value.expected == "shares of 2 of ONE, TWO, THREE"


def test_three_of_three_is_not_opened_by_two(tmp_path: Path) -> None:
    archive = sealed(tmp_path, threshold=3)
    two = [share(archive, name) for name in NAMES[:2]]
    with pytest.raises(PlatformError, match="no one person"):
        unseal_archive(archive, two, tmp_path / "out")
    assert unseal_archive(archive, [*two, share(archive, "THREE")], tmp_path / "out")


def test_shares_of_another_archive_count_for_nothing(tmp_path: Path) -> None:
    first, second = sealed(tmp_path / "a"), sealed(tmp_path / "b")
    with pytest.raises(PlatformError, match="no one person"):
        unseal_archive(first, [share(first, "ONE"), share(second, "TWO")], tmp_path / "out")


def test_who_is_no_custodian_has_no_share(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="opens no part"):
        share(sealed(tmp_path), "FOUR")


def test_a_false_part_is_found_before_anything_is_laid_out(tmp_path: Path) -> None:
    archive = sealed(tmp_path)
    one, two = share(archive, "ONE"), share(archive, "TWO")
    false = two.model_copy(update={"parts": dict.fromkeys(two.parts, "A" * 43)})
    with pytest.raises(PlatformError) as caught:
        unseal_archive(archive, [one, false], tmp_path / "out")
    assert caught.value.code is Code.KEY_COMMITMENT
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("at", [-1, -20_000, 60], ids=["end", "middle", "header"])
def test_an_altered_archive_is_refused(tmp_path: Path, at: int) -> None:
    archive = sealed(tmp_path, b"x" * 40_000)
    shares = [share(archive, name) for name in NAMES]
    data = bytearray(archive.read_bytes())
    data[at] ^= 1
    archive.write_bytes(data)
    with pytest.raises(PlatformError):
        unseal_archive(archive, shares, tmp_path / "out")


def test_an_archive_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    archive = sealed(tmp_path, b"x" * 40_000)
    shares = [share(archive, name) for name in NAMES]
    archive.write_bytes(archive.read_bytes()[:-16_400])
    with pytest.raises(PlatformError):
        unseal_archive(archive, shares, tmp_path / "out")


@pytest.mark.parametrize(
    "people", [cards("ONE"), cards("ONE", "ONE")], ids=["one custodian", "one key twice"]
)
def test_fewer_than_two_different_keys_make_no_archive(tmp_path: Path, people: list[Card]) -> None:
    with pytest.raises(PlatformError, match="dual control"):
        seal_archive(tmp_path / "archive", [], people, 2)


def test_a_custodian_without_a_sealing_key_makes_no_archive(tmp_path: Path) -> None:
    people = [*cards("ONE", "TWO"), Card(v=1, name="LACKS", sig=[])]
    with pytest.raises(PlatformError, match="sealing key each"):
        seal_archive(tmp_path / "archive", [], people, 2)


@settings(max_examples=8, deadline=None)
@given(content=st.binary(max_size=70_000))
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("dual")
    archive = sealed(folder, content)
    [path] = unseal_archive(
        archive, [share(archive, "TWO"), share(archive, "THREE")], folder / "out"
    )
    assert path.read_bytes() == content


def test_the_header_names_custodians_and_no_part_of_the_key(tmp_path: Path) -> None:
    header = read_header(sealed(tmp_path))
    assert [each["name"] for each in header.custodians] == list(NAMES)
    assert [group.of for group in header.groups] == [[0, 1], [0, 2], [1, 2]]
