"""The command for exports: waits, tells what failed, and keeps only the bytes that were made."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from typer.testing import CliRunner

from sextant_client.cli import app as command
from sextant_client.cli import officer_exports
from sextant_client.cli.officer_exports import Format, named_by
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.purposes import PURPOSE_HEADER

DATA = b"a,b\r\n1,2\r\n"
LINKS = {"self": "/v1/exports/e", "file": "/v1/exports/e/file"}


class Service:
    """A service that makes one export in three looks; `sent` is what arrives of its file."""

    def __init__(
        self, *states: str, sent: bytes = DATA, error: dict[str, str] | None = None
    ) -> None:
        self.states, self.sent, self.error = list(states), sent, error
        self.seen: list[tuple[str, str]] = []
        self.order: Any = None
        self.headers: Any = None

    def view(self) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        digest = hashlib.sha256(DATA).hexdigest()
        return {
            "state": state,
            "error": self.error if state == "failed" else None,
            "done": 1,
            "total": 2,
            "rows": 1,
            "size": len(DATA),
            "digest": digest,
            "links": LINKS,
        }

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        self.seen.append((method, path))
        if method == "POST":
            self.order, self.headers = options["json"], options["headers"]
        return httpx.Response(200, json=self.view())

    @contextmanager
    def stream(self, path: str) -> Iterator[httpx.Response]:
        self.seen.append(("GET", path))
        digest = base64.b64encode(hashlib.sha256(DATA).digest()).decode()
        headers = {"Repr-Digest": f"sha-256=:{digest}:"}
        yield httpx.Response(200, content=self.sent, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def run(service: Service, out: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> Any:
    monkeypatch.setattr(officer_exports, "officers_session", lambda _: service)
    monkeypatch.setattr("sextant_client.cli.officer_exports.time.sleep", lambda _: None)
    line = ["officer", "export", "records", "--kind", "S2_AND", "--out", str(out), *more]
    return CliRunner().invoke(command, [*line, "--home", str(out.parent)])


def test_an_export_is_ordered_waited_for_verified_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, out = Service("queued", "running", "ready"), tmp_path / "and.xlsx"
    done = run(service, out, monkeypatch, "--purpose", "support")
    assert done.exit_code == 0, done.output
    assert out.read_bytes() == DATA
    assert service.order == {"what": "records", "filters": {"kind": "S2_AND"}, "format": "xlsx"}
    assert service.headers == {PURPOSE_HEADER: "support"}
    assert service.seen[-2:] == [("GET", LINKS["file"]), ("DELETE", LINKS["self"])]


def test_other_bytes_than_were_made_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, out = Service("ready", sent=DATA[:-1]), tmp_path / "and.csv"
    done = run(service, out, monkeypatch)
    assert isinstance(done.exception, PlatformError)
    assert done.exception.code is Code.DIGEST
    assert list(tmp_path.iterdir()) == []


def test_what_failed_says_why_and_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {"code": "E_TOO_LARGE", "detail": "too much", "fix": "Narrow it."}
    service = Service("running", "failed", error=error)
    done = run(service, tmp_path / "and.csv", monkeypatch)
    assert isinstance(done.exception, PlatformError)
    assert (done.exception.code, done.exception.fix) == (Code.TOO_LARGE, "Narrow it.")
    assert service.seen[-1] == ("DELETE", LINKS["self"])


def test_one_that_was_cancelled_elsewhere_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(Service("running", "cancelled"), tmp_path / "and.csv", monkeypatch)
    assert isinstance(done.exception, PlatformError)
    assert done.exception.code is Code.GONE


def test_a_file_that_is_there_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "and.csv"
    out.write_text("mine")
    service = Service("ready")
    assert isinstance(run(service, out, monkeypatch).exception, PlatformError)
    assert (out.read_text(), service.seen) == ("mine", [])


@pytest.mark.parametrize(
    ("name", "format_"),
    [("a.CSV", Format.CSV), ("a.xlsx", Format.XLSX), ("a.parquet", Format.PARQUET), ("a", "csv")],
)
def test_the_name_of_the_file_says_the_format(name: str, format_: str) -> None:
    assert named_by(Path(name)) == format_
