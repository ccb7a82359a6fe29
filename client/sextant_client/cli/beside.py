"""What a command compares declarations with: each other, what is named, what the home has sent."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import Run
from sextant_client.prepare.checking import Read, read_file
from sextant_client.prepare.documents import files_below, parse_document
from sextant_client.prepare.filings import Filing, filings_in, filings_sent
from sextant_client.prepare.sourced import Meter
from sextant_shared.errors import Code, PlatformError

With = Annotated[
    list[Path] | None,
    typer.Option("--with", help="File or folder of what the State has filed; may be given again."),
]
Alone = Annotated[
    bool,
    typer.Option(
        "--alone", help="Compare with nothing, neither each other nor what was sent; judge no year."
    ),
]


def declaration_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files that are named, and those of named folders with all below them.

    Raises:
        PlatformError: `E_NOT_FOUND`, for a folder that holds no file of a format of declarations.
    """
    files: list[Path] = []
    for path in paths:
        found = list(files_below(path)) if path.is_dir() else [path]
        if not found:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no declaration in {path}",
                expected="files that end with .json, .xlsx, .csv or .xml",
                received="none",
                fix="Name a folder that holds declarations, or the files.",
            )
        files += found
    return files


def read_all(paths: Iterable[Path], meter: Meter) -> dict[Path, Read]:
    """Read files of any format, and JSON from standard input for `-`."""
    return {
        path: Read(sys.stdin.buffer.read()) if str(path) == "-" else read_file(path, meter)
        for path in paths
    }


def filed_beside(
    run: Run, reads: Mapping[Path, Read], named: Iterable[Path] | None, *, alone: bool
) -> list[Filing]:
    """Return what the files are compared with; the files themselves come first, as they are newest.

    Raises:
        PlatformError: `E_NOT_FOUND` or `E_MALFORMED`, for a named file that is no declaration.
    """
    if alone and named:
        raise typer.BadParameter("--alone and --with exclude each other")
    if alone:
        return []
    filed: list[Filing] = []
    for read in reads.values():
        with suppress(PlatformError):  # its own report says what is wrong with it
            filed.append(Filing.of(parse_document(read.content)))
    for path in named or ():
        filed += filings_in(path)
    return [*filed, *filings_sent(run.home)]
