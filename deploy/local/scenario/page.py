"""The page `docs/scenarios.md`: the scenarios as they are, and what was measured."""

import csv
from pathlib import Path

from deploy.local.scenario.profiles import PROFILES, SHAPES, Profile, Stop

MEASURED = Path(__file__).with_name("measured.csv")
_INTRO = """\
# Scenarios

Generated from the code by `make docs-tables`; do not edit.

A scenario is a deadline day on this machine: up to 193 synthetic States declare in the last hour
before a due day ends, the hour squeezed into a minute, on a platform of real processes with fresh
keys, some of which are killed (SIGKILL) and started again meanwhile. It needs a checkout.

```
sextant scenario list
sextant scenario run deadline-day
sextant scenario run half-killed --parties 20 --minutes 0.5 --seed 7 --json
```

The exit status is 0 only when every envelope got its receipt, none was lost, none was doubled, and
the log verifies. What is sent follows from the seed: declarations of a made-up world of one year
([world](world.md)), sealed before the clock starts.

The report says:

* **lost**: an envelope with a receipt that is not at the exchange, not in the log, or neither in
  the Secretariat's register nor in its queue.
* **duplicates**: an envelope with two deliveries to the Secretariat, two lines in its register, two
  entries of the log, two answers of one type, or another receipt when its sender asks again.
* **due to receipt**: from the instant at which it was due to a verified receipt, with all repeats.
  What waits behind another envelope of its State waits by that too.
* **sent again**: envelopes for which a whole round of the SDK's tries failed, so that the same
  bytes went again in another.
* **oldest in the queue**: the greatest age of a delivery that waited for the Secretariat, looked at
  each second while it answers.
* **log**: its auditor rebuilds the whole log from its entries and compares the root with the signed
  one, as `sextant log verify` does.

Senders are the SDK's own clients, one for each State, in one process on the same machine. The log
has no witnesses here.

## The scenarios

Four are named after the futures of the Medium-Term Plan 2015-2019 (EC-77/S/1), which lie on two
axes: the level of conflict and the resources of the Organisation. **Where a future lies on the
axes and every figure below is our reading;** the plan gives no such figures. Conflict is read as
urgent traffic (notices of Schedule 1 transfers, in waves), scarce resources as services that die
and a log that stays away.
"""
_HEAD = "| scenario | conflict | resources | story | burst | each State | large | urgent | killed |"
_MEASURED_INTRO = """
Shares are of the declarations, instants of the burst's length. A large declaration has 256 KiB.
Outages come one after another: one that takes longer than planned puts off the next.

## Measured

On 2 cores that three services and all senders share. The load is that of the last minute before
and after the run: other work went on, so the times are upper bounds. `sextant scenario run NAME
--minutes MINUTES --json`, seed 7.
"""


def scenarios_page() -> str:
    """Return the page."""
    lines = [*_INTRO.splitlines(), "", _HEAD, "| --- " * 9 + "|"]
    lines += [_line(profile) for profile in PROFILES.values()]
    lines += ["", *(f"* Burst `{shape}`: {said}." for shape, said in SHAPES.items())]
    lines += _MEASURED_INTRO.splitlines()
    with MEASURED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    names = [name.replace("_s", ", s").replace("_", " ") for name in rows[0]]
    lines += ["", f"| {' | '.join(names)} |", "| --- " * len(names) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in rows[1:]]
    return "\n".join(lines) + "\n"


def _line(profile: Profile) -> str:
    drawn = [f"{profile.kills} drawn with the seed"] if profile.kills else []
    stops = "; ".join([*map(_stop, profile.stops), *drawn]) or "none"
    axes = [("" if level == "none" else level) for level in (profile.conflict, profile.resources)]
    shares = f"{profile.each} | {profile.large:.0%} | {profile.urgent:.0%}"
    head = f"| `{profile.name}` | {axes[0]} | {axes[1]} | {profile.story}"
    return f"{head} | {profile.shape} | {shares} | {stops} |"


def _stop(stop: Stop) -> str:
    away = f", away for {stop.away:.0%}" if stop.away else ""
    return f"at {stop.at:.0%} {' and '.join(stop.services)}{away}"
