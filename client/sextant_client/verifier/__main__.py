"""The offline verifier as a command of its own: `python -m sextant_client.verifier FILE --trust T`.

The same checks and exit statuses as `sextant verify`, without the libraries of the other commands.
"""

import argparse
import json
import sys
from pathlib import Path

from sextant_client import errors as exits
from sextant_client.trust import Trust
from sextant_client.verifier.files import About, verify_file
from sextant_client.verifier.heads import classed
from sextant_shared.errors import PlatformError
from sextant_shared.models.receipts import Level


def main(arguments: list[str] | None = None) -> int:
    """Verify one file; return the exit status of its class."""
    given = _parser().parse_args(arguments)
    try:
        trust = classed(exits.TRUST, lambda: Trust.load(given.trust))
        about = About(given.entry, given.container)
        proved = verify_file(given.file, trust, Level(given.level), about)
    except PlatformError as error:
        _tell(error)
        return exits.exit_status(error)
    lines = [json.dumps(proved.document, ensure_ascii=False)] if given.json else proved.lines
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return exits.WARNINGS if proved.is_doubtful else exits.OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sextant_client.verifier",
        description="Verify a bundle, receipt, tlog-proof, COSE receipt or checkpoint offline.",
        epilog="; ".join(f"{status} {meaning}" for status, meaning in exits.TABLE.items()),
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--trust", type=Path, required=True, help="your trust.json")
    parser.add_argument("--entry", type=Path, help="the entry that a proof is of")
    parser.add_argument("--container", type=Path, help="the envelope that a receipt is for")
    parser.add_argument("--level", choices=[str(level) for level in Level], default="logged")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def _tell(error: PlatformError) -> None:
    sys.stderr.write(f"{error.code}: {error.detail}\n")
    for name in ("expected", "received", "fix"):
        if value := getattr(error, name):
            sys.stderr.write(f"  {name}: {value}\n")


if __name__ == "__main__":
    sys.exit(main())
