"""Packages on the client's side: taken apart elsewhere, within bounds, or not at all."""

import zipfile
from pathlib import Path

import pytest

from sextant_client import packing, unpacking
from sextant_client.packing import compare, look_at, pack, unpack_apart
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.package import read_package_manifest

JSON = "application/json"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "d.json").write_bytes(b"{}")
    (tmp_path / "план.pdf").write_bytes(b"%PDF-")
    target = tmp_path / "package"
    pack(tmp_path / "d.json", JSON, [tmp_path / "план.pdf"], target)
    return target


def test_another_process_takes_a_package_apart(package: Path, tmp_path: Path) -> None:
    unpack_apart(package, tmp_path / "parts")
    assert {p.name: p.read_bytes() for p in (tmp_path / "parts").iterdir()} == {
        "d.json": b"{}",
        "план.pdf": b"%PDF-",
    }


def test_a_bad_package_is_refused_with_its_own_reason_and_leaves_nothing(
    package: Path, tmp_path: Path
) -> None:
    package.write_bytes(package.read_bytes() + b"x")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(PlatformError, match="more than the manifest names") as raised:
        unpack_apart(package, tmp_path / "parts")
    assert raised.value.code is Code.LENGTH
    assert sorted(tmp_path.iterdir()) == before


def test_a_process_that_dies_releases_nothing(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_CHILD", "sextant_client.nowhere")
    with pytest.raises(PlatformError, match="ended with 1") as raised:
        unpack_apart(package, tmp_path / "parts")
    assert raised.value.code is Code.CONTENT
    assert not (tmp_path / "parts").exists()


def test_a_process_that_takes_too_long_is_ended(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "UNPACK_TIMEOUT_S", 0.001)
    with pytest.raises(PlatformError, match="took too long"):
        unpack_apart(package, tmp_path / "parts")


def test_the_process_bounds_itself_before_it_reads(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(unpacking, "bound_process", lambda: done.append("bound"))
    monkeypatch.setattr(unpacking, "unpack", lambda *_: done.append("unpack"))
    assert unpacking.main(str(package), str(tmp_path / "parts")) == 0
    assert done == ["bound", "unpack"]


def test_a_message_whose_file_name_no_part_can_have_is_called_message(tmp_path: Path) -> None:
    (tmp_path / "a;b.json").write_bytes(b"{}")
    pack(tmp_path / "a;b.json", JSON, [], tmp_path / "package")
    with (tmp_path / "package").open("rb") as source:
        assert read_package_manifest(source)[0].message.name == "message"


def test_files_are_held_against_those_that_the_declaration_names(tmp_path: Path) -> None:
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-")
    (tmp_path / "more.txt").write_bytes(b"")
    attached = look_at([tmp_path / "plan.pdf", tmp_path / "more.txt"])
    right = sha256(b"%PDF-").hex()
    assert compare([("plan.pdf", right), ("more.txt", sha256(b"").hex())], attached) == ()
    found = compare([("plan.pdf", "00" * 32), ("map.png", right)], attached)
    assert [(f.rule, f.pointer) for f in found] == [
        ("REG-8", "/attachments/0/sha256"),
        ("REG-8", "/attachments/1/name"),
        ("REG-8", "/attachments"),
    ]
    assert found[2].message == "the attached file more.txt is not named in the declaration"


def test_an_archive_that_would_be_left_closed_is_told_before_it_is_sent(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../plan.txt", "x")
    (found,) = look_at([tmp_path / "a.zip"])
    assert found.flaws == ("an entry would be written outside of its folder",)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="cannot read") as raised:
        look_at([tmp_path / "nowhere"])
    assert raised.value.code is Code.STATE
