"""`make demo`: the main job, end to end, through the installed command and nothing private."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.screen import Screen
from deploy.local.stack import Stack, sextant

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STATES = ("NA-XAL", "NA-XBO")
SERVICES = {"client", "exchange", "audit", "declarations"}
REFUSED = (3, 4)


class DemoFailedError(RuntimeError):
    """What the demo showed is not what it promises."""


@dataclass
class Tally:
    """What the summary counts."""

    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    levels: set[str] = field(default_factory=set)
    findings: int = 0
    spans: int = 0
    entries: int = 0
    refusal: str = ""


def run_demo(make: Callable[..., Stack] = Stack) -> None:
    """Run the whole story; raise when any part of it does not hold."""
    screen, tally = Screen(), Tally()
    with tempfile.TemporaryDirectory(prefix="sextant-demo-") as folder:
        stack = make(Path(folder), report=screen.progress)
        try:
            _start(screen, stack)
            for state in STATES:
                _check(screen, state)
                _submit(screen, stack, state, tally)
            _witness(screen, stack, tally)
            _repeat(screen, stack, tally)
            _alter(screen, stack, tally)
            _officer(screen, stack)
            _offline(screen, stack, tally)
            _log(screen, stack, tally)
            _trace(screen, stack, tally)
        finally:
            stack.stop()
    _summary(screen, tally)


def _start(screen: Screen, stack: Stack) -> None:
    with screen.step(
        "Start: fresh keys, three services, a witness of each State, three parties enrolled"
    ):
        stack.prepare()
        stack.start()
        for service in (*stack.services.values(), *stack.witnesses.values()):
            screen.line(f"{service.name:<13} {service.url}  ready")
        for party in stack.enrol():
            name = party["party"]
            screen.line(f"{name:<13} enrolled, log entry {party['index']}")
            screen.line(f"{'':<13} {stack.algorithms(name)}")


def _check(screen: Screen, state: str) -> None:
    with screen.step(f"1. {state} checks its declarations with the Secretariat's own rules"):
        files = sorted((EXAMPLES / state).glob("*.json"))
        screen.lines(sextant("check", *files, expect=(0, 1)).stdout.replace(f"{EXAMPLES}/", ""))


def _submit(screen: Screen, stack: Stack, state: str, tally: Tally) -> None:
    with screen.step(f"2. {state} seals, signs and submits; receipts and answers come back"):
        files = sorted((EXAMPLES / state).glob("*.json"))
        for number, path in enumerate(files, start=1):
            screen.progress(f"{state}: {number}/{len(files)} {path.name}")
            done = sextant(
                "submit", path, "--watch", "--with-findings", "--json", "--home", stack.home(state),
                expect=(0, 1),
            )  # fmt: skip
            (envelope,) = done.json()["envelopes"]
            tally.receipts[envelope["id"]] = {**envelope, "state": state}
            verdict = envelope.get("outcome", "no answer yet")
            tally.verdicts[verdict] = tally.verdicts.get(verdict, 0) + 1
            screen.line(f"{path.name:<22} log entry {envelope['index']:>3}  {envelope['t']}")
            for answer in _answers(stack, state, envelope["id"]):
                found = answer.get("findings", [])
                tally.findings += len(found)
                register = f"  {answer['registration']}" if answer.get("registration") else ""
                screen.line(f"    {answer['kind']:<8} {answer['verdict']}{register}  {answer['t']}")
                for finding in found:
                    screen.line(
                        f"      {finding['severity']}: {finding['rule']} {finding['message']}"
                    )
    missing = [e for e in tally.receipts.values() if "opened" not in e or "outcome" not in e]
    if missing:
        raise DemoFailedError(f"{len(missing)} declaration(s) got no answer in time")


def _answers(stack: Stack, state: str, envelope_id: str) -> list[dict[str, Any]]:
    """Return the stored answers to an envelope, as the home keeps them."""
    contents = sorted(
        (stack.home(state) / "inbox").glob("*/content"), key=lambda p: int(p.parent.name)
    )
    answers = [json.loads(path.read_text()) for path in contents]
    return [answer for answer in answers if answer["env"] == envelope_id]


def _witness(screen: Screen, stack: Stack, tally: Tally) -> None:
    with screen.step("2b. The States' own witnesses cosigned the head: receipts are witnessed"):
        for state in STATES:
            newest = [e for e in tally.receipts.values() if e["state"] == state][-1]
            options = ("--wait", "20", "--json", "--home", stack.home(state))
            found = sextant("receipt", "witness", newest["id"], *options).json()
            tally.levels.add(found["level"])
            screen.line(f"{state}: {found['level']} at size {found['size']}")
            screen.line(f"    {', '.join(found['witnesses'])}")
        screen.lines(sextant("log", "show", "--home", stack.home("NA-XAL")).stdout)


def _repeat(screen: Screen, stack: Stack, tally: Tally) -> None:
    with screen.step("3a. The same POST again: the same receipt, byte for byte"):
        first = next(iter(tally.receipts.values()))
        home = stack.home(first["state"])
        done = sextant("submit", "--again", first["id"], "--json", "--home", home)
        (again,) = done.json()["envelopes"]
        if again["receipt"] != first["receipt"] or not again["repeat"]:
            raise DemoFailedError("a repeated POST gave another receipt")
        screen.line(
            f"{len(again['receipt'])} bytes, identical; log entry {again['index']} as before"
        )


def _alter(screen: Screen, stack: Stack, tally: Tally) -> None:
    with screen.step("3b. One byte altered on the way: refused"):
        home = stack.home("NA-XAL")
        options = ("--seal-only", "--json", "--home", home)
        sealed = sextant("submit", EXAMPLES / "NA-XAL" / "nil-2025.json", *options).json()
        (envelope,) = sealed["envelopes"]
        container = home / "sent" / envelope["id"] / "container.dxe"
        data = bytearray(container.read_bytes())
        data[-1] ^= 1
        container.write_bytes(data)
        done = sextant("submit", "--again", envelope["id"], "--home", home, expect=REFUSED)
        tally.refusal = done.stderr.splitlines()[0]
        screen.lines(done.stderr)


def _officer(screen: Screen, stack: Stack) -> None:
    with screen.step("An officer of the Secretariat lists what is registered"):
        done = sextant("officer", "list", "--home", stack.home("officer"))
        screen.lines(done.stdout)


def _offline(screen: Screen, stack: Stack, tally: Tally) -> None:
    last = list(tally.receipts.values())[-1]
    bundle = stack.root / "copy-of-record.zip"
    with screen.step("4. A copy of record, verified offline while every service is stopped"):
        home = stack.home(last["state"])
        sextant("bundle", "create", last["id"], "--out", bundle, "--with-content", "--home", home)
        stack.stop()
        screen.line(f"services stopped; {bundle.name}, {bundle.stat().st_size:,} bytes")
        demanded = ("--trust", stack.trust_file, "--level", "witnessed")
        screen.lines(sextant("bundle", "verify", bundle, *demanded).stdout)


def _log(screen: Screen, stack: Stack, tally: Tally) -> None:
    with screen.step("5a. Services up again; the auditor rebuilds the whole log from its entries"):
        stack.start()
        done = sextant("log", "verify", "--json", "--home", stack.home("auditor")).json()
        tally.entries = done["size"]
        screen.line(f"CONSISTENT  {done['origin']}, {done['size']} entries, root {done['root']}")
        for kind, number in sorted(done["types"].items()):
            screen.line(f"  {number:>4} {kind}")


def _trace(screen: Screen, stack: Stack, tally: Tally) -> None:
    first = next(iter(tally.receipts.values()))
    with screen.step(f"5b. One declaration, one trace: {first['trace']}"):
        asked = ("ops", "trace", first["id"], "--from", stack.traces)
        screen.lines(sextant(*asked).stdout)
        spans = sextant(*asked, "--json").json()["spans"]
        tally.spans = len(spans)
        seen = {span["service"] for span in spans}
        if seen != SERVICES:
            raise DemoFailedError(f"the trace lacks {', '.join(sorted(SERVICES - seen))}")


def _summary(screen: Screen, tally: Tally) -> None:
    verdicts = ", ".join(
        f"{number} {verdict}" for verdict, number in sorted(tally.verdicts.items())
    )
    screen.table(
        "What was shown",
        [
            ("declarations sent", f"{len(tally.receipts)} by {' and '.join(STATES)}"),
            ("answers of the Secretariat", verdicts),
            ("findings returned", str(tally.findings)),
            ("repeated POST", "same receipt, byte for byte"),
            ("altered byte", tally.refusal),
            ("level of the receipts", f"{', '.join(tally.levels)}, by both States' witnesses"),
            ("offline verification", "every check held with all services stopped"),
            ("log", f"{tally.entries} entries, rebuilt and consistent"),
            ("one trace", f"{tally.spans} spans in {', '.join(sorted(SERVICES))}"),
            ("time", f"{screen.elapsed():.0f} s"),
        ],
    )
