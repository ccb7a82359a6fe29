"""The operator's `security.txt`: served as it is, and no file that a reader could not use."""

import datetime as dt
from pathlib import Path

import httpx
import pytest

from sextant_shared.chassis.security_txt import MAX_BYTES, read_security_txt
from sextant_shared.errors import Code, PlatformError
from tests.unit.shared.chassis.test_application import client, make_app

GOOD = "# Sextant\nContact: https://secretariat.example/security\nExpires: 2099-01-01T00:00:00Z\n"
PATH = "/.well-known/security.txt"
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", {"/Contact", "/Expires"}),
        ("Contact: https://a.example\n", {"/Expires"}),
        (f"{GOOD}Expires: 2099-01-01T00:00:00Z\n", {"/Expires"}),
        (GOOD.replace("Z", ""), {"/Expires"}),
        (GOOD.replace("2099-01-01T00:00:00Z", "soon"), {"/Expires"}),
        (GOOD.replace("https://", ""), {"/Contact"}),
        (f"{GOOD}# {'x' * MAX_BYTES}\n", {"/size"}),
    ],
)
def test_a_file_of_no_use_is_refused_with_all_that_is_wrong(
    text: str, wrong: set[str], tmp_path: Path
) -> None:
    (tmp_path / "security.txt").write_text(text)
    with pytest.raises(PlatformError) as refused:
        read_security_txt(tmp_path / "security.txt")
    assert refused.value.code is Code.MALFORMED
    assert {finding.pointer for finding in refused.value.findings} == wrong


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    for name in ("nowhere", "latin"):
        with pytest.raises(PlatformError, match="does not open"):
            read_security_txt(tmp_path / name)


async def test_without_the_setting_there_is_none(tmp_path: Path) -> None:
    async with client(make_app(tmp_path)) as http:
        assert (await http.get(PATH)).status_code == httpx.codes.NOT_FOUND


async def test_it_is_served_byte_for_byte_and_with_line_ends_of_either_kind(tmp_path: Path) -> None:
    path = tmp_path / "security.txt"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode())
    async with client(make_app(tmp_path, security_txt_file=path)) as http:
        answer = await http.get(PATH)
        ready = (await http.get("/readyz")).json()
    assert answer.content == path.read_bytes()
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert ready["notes"] == {}


async def test_one_that_expired_is_told_to_the_operator(tmp_path: Path) -> None:
    path = tmp_path / "security.txt"
    path.write_text(GOOD.replace("2099", "2020"))
    async with client(make_app(tmp_path, security_txt_file=path)) as http:
        ready = (await http.get("/readyz")).json()
    assert ready["ready"]
    assert "2020-01-01" in ready["notes"]["security.txt"]
    held = read_security_txt(path)
    assert held.expires == dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
