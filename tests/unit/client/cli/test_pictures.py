"""The command for pictures asks for what a picture needs before it asks the service."""

from pathlib import Path
from typing import Self

import httpx
import pytest
from typer.testing import CliRunner

from sextant_client.cli import app as command
from sextant_client.cli.officer_pictures import NEEDS, TAKES, Kind, asked, form_of
from sextant_shared.errors import PlatformError
from sextant_shared.models.purposes import PURPOSE_HEADER


@pytest.mark.parametrize("name", ["map", "map.pdf", "map.svgz"])
def test_a_file_whose_name_says_no_form_is_refused(name: str) -> None:
    with pytest.raises(PlatformError) as raised:
        form_of(Path(name))
    assert ".svg" in raised.value.expected


@pytest.mark.parametrize("kind", Kind)
def test_each_picture_takes_what_it_needs_and_nothing_else(kind: Kind) -> None:
    needed = dict.fromkeys(NEEDS.get(kind, ()), 1)
    assert asked(kind, needed) == needed
    for name in needed:
        with pytest.raises(Exception, match=f"needs --{name}"):
            asked(kind, {**needed, name: None})
    strange = {"state", "year", "chemical", "site", "kind"} - set(TAKES[kind])
    for name in strange:
        with pytest.raises(Exception, match=f"no --{name}"):
            asked(kind, {**needed, name: 1})


def test_declared_content_is_not_asked_for_without_a_purpose(tmp_path: Path) -> None:
    out = tmp_path / "d.svg"
    line = ["officer", "picture", "dossier", "--state", "XAL", "--site", "S", "--out", str(out)]
    done = CliRunner().invoke(command, [*line, "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "--purpose" in done.output
    assert not out.exists()


def test_the_form_and_the_purpose_go_with_the_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=b"png")

    session = Asked(httpx.Client(transport=httpx.MockTransport(answer), base_url="http://s"))
    monkeypatch.setattr("sextant_client.cli.officer_pictures.officers_session", lambda _: session)
    out = tmp_path / "d.png"
    line = ["officer", "picture", "dossier", "--state", "XAL", "--site", "S", "--out", str(out)]
    done = CliRunner().invoke(command, [*line, "--purpose", "support", "--home", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert out.read_bytes() == b"png"
    (request,) = seen
    assert request.headers["accept"] == "image/png"
    assert request.headers[PURPOSE_HEADER] == "support"
    assert dict(request.url.params) == {"state": "XAL", "site": "S"}


class Asked:
    """A session with a service that is a few lines."""

    def __init__(self, http: httpx.Client) -> None:
        self.request = http.request

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None
