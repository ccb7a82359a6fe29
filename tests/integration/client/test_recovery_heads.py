"""Heads that witnesses hold, fetched where only a private authority vouches for the address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sextant_client.recovery.heads import MAX_HEAD_BYTES
from tests.integration.client.lost_platform import Lost
from tests.support.command import Done
from tests.support.edges import Papers, make_papers
from tests.support.https import serving
from tests.support.postgresql import embedded

pytestmark = embedded  # plans of backups name the files of rooms


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return make_papers(tmp_path_factory.mktemp("authority") / "papers")


@pytest.fixture
def witness(lost: Lost, papers: Papers) -> Iterator[str]:
    """Return the address of what holds the newest head; the backup before has lost some of it."""
    with serving(lost.mirror, papers) as address:
        yield f"{address}/checkpoint"


def asked(lost: Lost, into: Path, *options: str | Path) -> Done:
    return lost.old.restore(into, *options)


def test_a_head_behind_an_unknown_authority_is_refused_with_the_option_that_names_it(
    lost: Lost, papers: Papers, witness: str, tmp_path: Path
) -> None:
    into = tmp_path / "site"
    rogue = ("--ca-file", papers.folder / "rogue.pem")
    for options in ((), rogue):
        done = asked(lost, into, "--checkpoint", witness, *options)
        assert done.status == 3, done.stdout
        told = done.json()["error"]
        assert told["code"] == "E_STATE"
        assert f"no head from {witness}: the certificate does not verify" in told["detail"]
        assert "--ca-file" in told["fix"]
        assert not into.exists()


def test_authorities_that_do_not_load_are_told_before_anything_is_laid_out(
    lost: Lost, witness: str, tmp_path: Path
) -> None:
    (tmp_path / "authority.pem").write_text("no certificate")
    into = tmp_path / "site"
    done = asked(lost, into, "--checkpoint", witness, "--ca-file", tmp_path / "authority.pem")
    assert done.json()["error"]["code"] == "E_KEY"
    assert not into.exists()


def test_what_is_no_head_is_told_with_its_address(
    lost: Lost, papers: Papers, tmp_path: Path
) -> None:
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "large").write_bytes(bytes(MAX_HEAD_BYTES + 1))
    into, trusted = tmp_path / "site", ("--ca-file", papers.folder / "clients.pem")
    with serving(tmp_path / "held", papers) as address:
        missing = asked(lost, into, "--checkpoint", f"{address}/checkpoint", *trusted)
        large = asked(lost, into, "--checkpoint", f"{address}/large", *trusted)
    assert missing.json()["error"]["code"] == "E_STATE"
    assert f"{address}/checkpoint: it answers 404" in missing.json()["error"]["detail"]
    assert large.json()["error"]["code"] == "E_TOO_LARGE"
    assert f"{address}/large is no head" in large.json()["error"]["detail"]
    assert not into.exists()


def test_a_restore_is_held_against_the_head_once_its_authority_is_named(
    lost: Lost, papers: Papers, witness: str, tmp_path: Path
) -> None:
    trusted = ("--checkpoint", witness, "--ca-file", papers.folder / "clients.pem")
    without = lost.old.restore(tmp_path / "alone")
    assert without.json()["lost"] is None
    done = asked(lost, tmp_path / "site", *trusted)
    assert done.status == 4
    assert done.json()["lost"]["last"] == done.json()["newest"]["size"] - 1
    newest = int((lost.mirror / "checkpoint").read_text().splitlines()[1])
    assert done.json()["newest"]["size"] == newest
    verified = lost.backups.verify(*trusted)
    assert verified.json()["honours"] is True
