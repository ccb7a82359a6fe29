"""What bandit finds in the product, held against the exceptions: `make security`.

An exception is one kind of finding in one file. A finding without one fails, and so does an
exception that nothing needs any longer. Reads bandit's report (`-f json`) from standard input.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

JITTER = "spreads callers in time, or draws a sample; nothing is guarded by it"
OWN_WORDS = "names and conditions of our own code; values are bound"
OWN_PROGRAM = "our own module or a program of this machine, words as a list, no shell"
HARMLESS = "a path, the name of a grant or of a kind, or nothing; no password"
MADE_UP = "a made-up load or world, the same for the same seed"
EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("B311", "client/sextant_client/listening.py"): JITTER,
    ("B311", "client/sextant_client/retrying.py"): JITTER,
    ("B311", "client/sextant_client/uploading.py"): JITTER,
    ("B311", "services/declarations/sextant_declarations/domain/intake.py"): JITTER,
    ("B311", "services/declarations/sextant_declarations/domain/relay.py"): JITTER,
    ("B311", "shared/sextant_shared/chassis/http.py"): JITTER,
    ("B311", "shared/sextant_shared/chassis/telemetry.py"): JITTER,
    ("B311", "client/sextant_client/world/chance.py"): MADE_UP,
    ("B311", "deploy/local/scenario/plan.py"): MADE_UP,
    ("B105", "client/sextant_client/people.py"): HARMLESS,
    ("B105", "client/sextant_client/session.py"): HARMLESS,
    ("B105", "deploy/local/issuer.py"): HARMLESS,
    ("B105", "shared/sextant_shared/chassis/http.py"): HARMLESS,
    ("B105", "shared/sextant_shared/chassis/identity.py"): HARMLESS,
    ("B105", "shared/sextant_shared/chassis/places.py"): HARMLESS,
    ("B106", "shared/sextant_shared/protocol/channel.py"): HARMLESS,
    ("B404", "client/sextant_client/cli/scenario.py"): OWN_PROGRAM,
    ("B404", "client/sextant_client/packing.py"): OWN_PROGRAM,
    ("B404", "deploy/local/mutate.py"): OWN_PROGRAM,
    ("B404", "deploy/local/processes.py"): OWN_PROGRAM,
    ("B404", "deploy/local/stack.py"): OWN_PROGRAM,
    ("B404", "client/sextant_client/cli/drilling.py"): OWN_PROGRAM,
    ("B404", "client/sextant_client/recovery/replicas.py"): OWN_PROGRAM,
    ("B404", "client/sextant_client/recovery/servers.py"): OWN_PROGRAM,
    ("B404", "deploy/local/debian.py"): OWN_PROGRAM,
    ("B404", "deploy/local/postgresql/receiver.py"): OWN_PROGRAM,
    ("B404", "deploy/local/site_loss.py"): OWN_PROGRAM,
    (
        "B405",
        "client/sextant_client/prepare/book.py",
    ): "a class of the interface alone; defusedxml parses",
    (
        "B405",
        "shared/sextant_shared/chassis/objects/parts.py",
    ): "names of types alone; defusedxml parses",
    (
        "B406",
        "client/sextant_client/prepare/xml/parsing.py",
    ): "a class of the interface alone; defusedxml parses",
    ("B603", "client/sextant_client/cli/scenario.py"): OWN_PROGRAM,
    ("B603", "client/sextant_client/packing.py"): OWN_PROGRAM,
    ("B603", "deploy/local/mutate.py"): OWN_PROGRAM,
    ("B603", "deploy/local/processes.py"): OWN_PROGRAM,
    ("B603", "deploy/local/stack.py"): OWN_PROGRAM,
    ("B603", "client/sextant_client/cli/drilling.py"): OWN_PROGRAM,
    ("B603", "client/sextant_client/recovery/replicas.py"): OWN_PROGRAM,
    ("B603", "client/sextant_client/recovery/servers.py"): OWN_PROGRAM,
    ("B603", "deploy/local/debian.py"): OWN_PROGRAM,
    ("B603", "deploy/local/postgresql/receiver.py"): OWN_PROGRAM,
    ("B603", "deploy/local/site_loss.py"): OWN_PROGRAM,
    ("B608", "services/declarations/sextant_declarations/storage/export_writing.py"): OWN_WORDS,
    ("B608", "services/declarations/sextant_declarations/storage/sight.py"): OWN_WORDS,
    ("B608", "shared/sextant_shared/chassis/sight.py"): OWN_WORDS,
    ("B608", "services/declarations/sextant_declarations/storage/row_security.py"): OWN_WORDS,
    ("B608", "shared/sextant_shared/chassis/row_sight.py"): OWN_WORDS,
}


def judged(
    findings: Iterable[Mapping[str, Any]], exceptions: Mapping[tuple[str, str], str]
) -> list[str]:
    """Return what must be looked at: findings without a reason, and reasons without a finding."""
    left = set(exceptions)
    lines = []
    for found in findings:
        key = (str(found["test_id"]), str(found["filename"]).removeprefix("./"))
        left.discard(key)
        if key not in exceptions:
            lines.append(f"{key[1]}:{found['line_number']}: {key[0]} {found['issue_text']}")
    return lines + [f"{path}: {test} is no longer found; remove it" for test, path in sorted(left)]


def main() -> int:
    """Judge a report; return the exit status."""
    report = json.load(sys.stdin)
    unread = [f"{error['filename']}: {error['reason']}" for error in report["errors"]]
    lines = unread + judged(report["results"], EXCEPTIONS)
    print("\n".join(lines) or f"{len(EXCEPTIONS)} exceptions, each with its reason; nothing else")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
