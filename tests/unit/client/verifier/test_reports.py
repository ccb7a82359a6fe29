"""What the report of a file that holds says: every line of it, for each kind and each lack."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sextant_client.trust import Trust
from sextant_client.verifier.__main__ import main
from sextant_client.verifier.files import About, Proved, verify_file
from sextant_shared.models.receipts import Level
from tests.frozen.make import FOLDER
from tests.frozen.test_frozen import EXPECTED, about
from tests.unit.client.verifier.bundles import ROOM, Bundle, Change, edited
from tests.unit.client.verifier.test_bundles import WORDS, repinned, trusted, without

FROZEN = [
    "2026-10/single.zip",
    "2026-11/logged.zip",
    "2026-11/single.zip",
    "2026-11/recalled.zip",
    "2026-11/recall.json",
    "2026-11/custody.json",
    "2026-11/checkpoint.txt",
    "2026-11/entry.tlog-proof",
    "2026-11/entry.cose",
    "2026-11-deliveries/acknowledgement.json",
]


def told(found: Proved) -> dict[str, Any]:
    """Return what a report says, each thing once; the document and the lines say the same."""
    document, lines = found.document, found.lines
    checks = [f"ok  {each['name']:<18} {each['found']}" for each in document.pop("checks")]
    assert lines[:-1] == checks
    return {"lines": lines, **json.loads(json.dumps(document))}


@pytest.mark.parametrize("case", FROZEN)
def test_a_file_that_was_handed_out_is_told_with_all_that_it_proves(case: str) -> None:
    name, _, file = case.partition("/")
    folder = FOLDER / name
    level = EXPECTED[name][file][1]
    found = verify_file(
        folder / file, Trust.load(folder / "trust.json"), level, about(folder, file)
    )
    assert told(found) == WORDS["reports"][case]


def no_reply(bundle: Bundle) -> None:
    bundle.index["replies"] = []


def alone(bundle: Bundle) -> None:
    """Leave what bundles of before had: no newest checkpoint, no documents for others' tools."""
    bundle.drop("checkpoint.txt")
    no_reply(bundle)
    without("entry", "proof", "cose", "history", "statements")(bundle)


def no_checkpoint(bundle: Bundle) -> None:
    """The receipt of the reply is under the head that the COSE receipt is under."""
    bundle.index.update(envelope=bundle.replies[0], replies=[])
    bundle.replies[0].update(proof=None)  # it bears cosignatures that came later
    bundle.drop("checkpoint.txt")


LACKS: dict[str, tuple[Change, Callable[[], Trust]]] = {
    "no content": (without("content"), trusted),
    "no key of the content": (without("kpc"), trusted),
    "no history": (without("history"), trusted),
    "no statements": (without("statements"), trusted),
    "no entry": (without("entry"), trusted),
    "no tlog-proof": (without("proof"), trusted),
    "no COSE receipt": (without("cose"), trusted),
    "no reply": (no_reply, trusted),
    "a reply without history": (lambda b: b.replies[0].update(history=None), trusted),
    "nothing but the envelope": (alone, trusted),
    "no newest checkpoint": (no_checkpoint, trusted),
    "no key of receipts": (lambda _: None, lambda: repinned(receipt_key=None)),
    "no policy": (lambda _: None, lambda: trusted(policy=None)),
}


def unlike(found: Proved) -> dict[str, list[str]]:
    """Return in which lines a report differs from that of the whole bundle."""
    whole, lines = WORDS["reports"]["2026-11/single.zip"]["lines"], told(found)["lines"]
    return {
        "gone": [line for line in whole if line not in lines],
        "new": [line for line in lines if line not in whole],
    }


@pytest.mark.parametrize("case", LACKS)
def test_what_a_bundle_lacks_is_told(case: str, tmp_path: Path) -> None:
    change, trust = LACKS[case]
    bundle = Bundle()
    change(bundle)
    bundle.seal()
    found = verify_file(bundle.write(tmp_path / "bundle.zip"), trust())
    assert unlike(found) == WORDS["lacks"][case]


SINGLE: dict[str, tuple[str, Callable[[], Trust], Level, About]] = {
    "no policy": ("checkpoint.txt", lambda: trusted(policy=None), Level.LOGGED, About()),
    "the known head": (
        "checkpoint.txt",
        lambda: trusted(checkpoint=(ROOM / "checkpoint.txt").read_text(encoding="utf-8")),
        Level.WITNESSED,
        About(),
    ),
    "no detail": ("recall.json", trusted, Level.LOGGED, About()),
    "no container": ("custody.json", trusted, Level.LOGGED, About()),
    "a receipt for the entry": (
        "entry.cose",
        trusted,
        Level.LOGGED,
        About(entry=ROOM / "custody.json"),
    ),
}


@pytest.mark.parametrize("case", SINGLE)
def test_what_is_not_given_with_a_file_is_told(case: str, tmp_path: Path) -> None:
    file, trust, level, given = SINGLE[case]
    path = tmp_path / file
    path.write_bytes((ROOM / file).read_bytes())
    if case == "no detail":
        path.write_bytes(edited(file, detail=None, salt=None))
    assert told(verify_file(path, trust(), level, given)) == WORDS["single"][case]


def test_the_command_prints_the_report_as_lines_or_as_one_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [str(ROOM / "entry.cose"), "--trust", str(ROOM / "trust.json"), "--entry"]
    given.append(str(ROOM / "entry.json"))
    report = WORDS["reports"]["2026-11/entry.cose"]
    assert main(given) == 0
    assert capsys.readouterr().out.splitlines() == report["lines"]
    assert main([*given, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["root"]) == ("cose", report["root"])
    assert main([*given, "--level", "witnessed"]) == 17
    assert capsys.readouterr().err.splitlines() == [
        "E_POLICY: no COSE receipt can carry a witness's cosignature",
        "  expected: witnessed",
        "  received: a COSE receipt",
        "  fix: Verify the tlog-proof of the same entry.",
    ]
