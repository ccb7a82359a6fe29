"""Says which trace went through all services named, out of what a collector printed.

It reads the output of the collector's `debug` exporter in detail, and knows no more of it than two
lines: the service of a resource, and the trace of a span. Where no trace did, it ends with 1.
"""

import re
import sys
from collections.abc import Iterable

_SERVICE = re.compile(r"-> service\.name: Str\((.+)\)\s*$")
_TRACE = re.compile(r"^\s*Trace ID\s*: ([0-9a-f]{32})\s*$")


def traces(lines: Iterable[str]) -> dict[str, set[str]]:
    """Return the services that each trace has spans of."""
    found: dict[str, set[str]] = {}
    service = ""
    for line in lines:
        if named := _SERVICE.search(line):
            service = named[1]
        elif trace := _TRACE.match(line):
            found.setdefault(trace[1], set()).add(service)
    return found


def main(wanted: list[str]) -> int:
    """Look for one trace in what standard input says: SERVICE..."""
    found = traces(sys.stdin)
    for trace, services in found.items():
        if services >= set(wanted):
            print(f"trace {trace}: {', '.join(sorted(services))}")
            return 0
    seen = sorted({service for services in found.values() for service in services})
    print(f"no trace of {len(found)} has spans of all; seen at all: {', '.join(seen) or 'nobody'}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
