"""Holds everything that was acknowledged before a site was lost against the site that took over."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.postgresql.rooms import ROOMS
from deploy.local.site_parts import SENDERS, Outcome
from deploy.local.stack import Stack, sextant
from sextant_client.recovery.servers import LocalServer

_ANSWERED = (0, 4)
_LOST_BY = {
    "log": "the log lost",
    "exchange": "the exchange lost",
    "declarations": "declarations lost",
}


def receipts_of(stack: Stack) -> list[str | Path]:
    """Return the options that give every receipt that the senders hold."""
    return [part for name in SENDERS for part in ("--receipts", stack.home(name) / "sent")]


@dataclass(frozen=True)
class Verdict:
    """What is judged: the second site below `into`, its server if it has one; told to `outcome`."""

    stack: Stack
    into: Path
    trust: Path
    second: LocalServer | None
    outcome: Outcome

    def judge(self, report: dict[str, Any], acknowledged: dict[str, float], killed: float) -> None:
        """Hold every receipt of the load against the second site, which now serves."""
        ledger, *beside = self._places()
        pins = ("--trust", self.trust, *beside)
        checking = (
            "ops",
            "check",
            ledger,
            *pins,
            *receipts_of(self.stack),
            "--every-byte",
            "--json",
        )
        after = sextant(*checking, expect=_ANSWERED).json()
        missing = (*after["missing"], *report["missing"])
        for room, words in _LOST_BY.items():
            named = {each["envelope"] for each in missing if words in each["why"]}
            self._rpo(room, named & set(acknowledged), acknowledged, killed)
        log = {each["envelope"] for each in missing if _LOST_BY["log"] in each["why"]}
        self.outcome.add("receipts that verify", f"{after['receipts'] - len(log)}")
        owed = f"{len(report['owed_files'])}; {len(after['owed_files'])} still missing"
        self.outcome.add("containers that declarations fetched again", owed)
        whole = sextant("log", "verify", "--home", self.stack.home("auditor"), expect=(0, 4))
        self.outcome.add("the whole log, by an auditor", whole.stdout.splitlines()[0][:60])
        is_back = whole.status == 0 and not after["owed_files"]
        self.outcome.holds = is_back and (self.second is None or not missing)

    def _places(self) -> list[str | Path]:
        """Return where the rooms of the second site are, as `ops check` is told."""
        into = self.into
        files = {
            "audit": into / "audit" / "log.sqlite3",
            "exchange": into / "exchange" / "exchange.db",
            "declarations": into / "declarations" / "declarations.sqlite3",
        }
        places: dict[str, str | Path] = {**files}
        if self.second is not None:
            named = {name: room.roles.database for name, room in ROOMS.items()}
            places = {name: self.second.address(database) for name, database in named.items()}
        blobs, vault = into / "exchange" / "blobs", into / "declarations" / "vault"
        exchange = ("--exchange", places["exchange"], "--blobs", blobs)
        return [
            places["audit"],
            *exchange,
            *("--declarations", places["declarations"], "--vault", vault),
        ]

    def _rpo(self, room: str, lost: set[str], acknowledged: dict[str, float], at: float) -> None:
        since = max((at - acknowledged[id_] for id_ in lost), default=0.0)
        what = f"{len(lost)} acknowledged lost, of the last {since:.2f} s" if lost else "0"
        self.outcome.add(f"RPO of the {room}", what)

    def judge_loss(self, report: dict[str, Any], expected: set[str]) -> None:
        """The loss that was made on purpose must be found to the envelope."""
        named = {each["envelope"] for each in report["missing"]}
        lost = report["lost"] or {"first": "-", "last": "-"}
        self.outcome.add("lost on purpose", f"{len(expected)} acknowledged envelopes")
        self.outcome.add("found by the heads", f"entries {lost['first']}-{lost['last']}")
        self.outcome.add("named by the receipts", f"{len(named & expected)} of {len(expected)}")
        self.outcome.holds = bool(report["lost"]) and not report["honours"] and named >= expected
