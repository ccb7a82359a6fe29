"""Asks the service of this machine whether it answers: `probe PORT PATH`, or `probe SOCKET`.

For images that have no curl. Responsible for one question over loopback and an exit status: 0 yes,
1 no, 2 not understood. It loads the standard library alone: it runs every few seconds.
"""

import http.client
import socket
import sys

USAGE = "usage: python -m sextant_shared.chassis.probe PORT PATH | SOCKET\n"
PATIENCE_S = 3.0
_OK = 200


def main(arguments: list[str]) -> int:
    """Ask; say what is wrong when something is."""
    match arguments:
        case [port, path] if port.isdecimal() and path.startswith("/"):
            found = _ask(int(port), path)
        case [path] if path.startswith("/"):
            found = _knock(path)
        case _:
            sys.stderr.write(USAGE)
            return 2
    if found:
        sys.stderr.write(f"{' '.join(arguments)}: {found}\n")
    return 1 if found else 0


def _ask(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read(4096).decode(errors="replace")
    except (OSError, OverflowError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return "" if answer.status == _OK else f"{answer.status} {said}"


def _knock(path: str) -> str:
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(PATIENCE_S)
        try:
            one.connect(path)
        except OSError as error:
            return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
