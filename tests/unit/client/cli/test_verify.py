"""`sextant verify` on evidence that was kept: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest

from sextant_client import errors as exits
from sextant_client.cli import main
from tests.frozen.make import FOLDER

KEPT = FOLDER / "2026-11"
TRUST = ("--trust", str(KEPT / "trust.json"))
ENTRY = ("--entry", str(KEPT / "custody.json"))


def ended(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        main(["verify", *arguments])
    return caught.value.code


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param((str(KEPT / "entry.cose"), *TRUST), exits.USAGE, id="no entry"),
        pytest.param(
            (str(KEPT / "entry.cose"), *TRUST, "--entry", str(KEPT / "recall.json")),
            exits.LOG_SIGNATURE,
            id="another entry",
        ),
        pytest.param(
            (str(KEPT / "entry.tlog-proof"), *TRUST, "--entry", str(KEPT / "recall.json")),
            exits.BUNDLE_LOG,
            id="another entry of a text",
        ),
        pytest.param(
            (str(KEPT / "entry.cose"), *TRUST, *ENTRY, "--level", "witnessed"),
            exits.BUNDLE_WITNESSES,
            id="witnesses of a COSE receipt",
        ),
        pytest.param(
            (str(KEPT / "single.zip"), "--trust", str(KEPT / "entry.json")),
            exits.TRUST,
            id="no trust file",
        ),
        pytest.param(
            (str(KEPT / "custody.json"), *TRUST, "--container", str(KEPT / "single.zip")),
            exits.BUNDLE_MALFORMED,
            id="no container",
        ),
        pytest.param((str(KEPT / "missing"), *TRUST), exits.REFUSED, id="no file"),
    ],
)
def test_each_failure_ends_with_its_status(
    arguments: tuple[str, ...], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(*arguments) == status
    told = capsys.readouterr()
    assert (told.out, told.err[:2]) == ("", "E_")


def test_a_failure_is_one_json_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(str(KEPT / "entry.cose"), *TRUST, "--json") == exits.USAGE
    assert json.loads(capsys.readouterr().out)["status"] == exits.USAGE


def test_a_receipt_for_another_container_is_of_another_envelope(tmp_path: Path) -> None:
    container = bytearray((KEPT / "container.dxe").read_bytes())
    at = container.index(b'"signature"') + 40
    container[at] = ord("A") if container[at] != ord("A") else ord("B")
    other = tmp_path / "other.dxe"
    other.write_bytes(container)
    given = (str(KEPT / "custody.json"), *TRUST, "--container", str(other))
    assert ended(*given) == exits.BUNDLE_CUSTODY


def test_what_holds_is_told_check_by_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(str(KEPT / "entry.tlog-proof"), *TRUST, *ENTRY) == exits.OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "ok", "VERIFIED"]
    assert ended(str(KEPT / "custody.json"), *TRUST, "--json") == exits.OK
    assert json.loads(capsys.readouterr().out)["type"] == "envelope.accepted"
