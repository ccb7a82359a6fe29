"""Reads back what a print shows, as far as its fonts are those of every PDF reader."""

import re
import zlib

_STREAM = re.compile(rb"stream\n(.*?)\nendstream", re.DOTALL)
_SHOWN = re.compile(r"\(((?:[^()\\]|\\.)*)\) Tj", re.DOTALL)
_PAGE = re.compile(rb"/Type /Page\n")
_SIZE = re.compile(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]")


def streams(pdf: bytes) -> list[bytes]:
    """Return the streams of a file, inflated where they are deflated."""
    return [_inflated(found) for found in _STREAM.findall(pdf)]


def pages(pdf: bytes) -> list[list[str]]:
    """Return the lines of text of each page, in the order in which they were drawn."""
    contents = [
        one.decode("cp1252", "replace") for one in streams(pdf) if b" Tj" in one or b"] TJ" in one
    ]
    return [[_plain(line) for line in _SHOWN.findall(content)] for content in contents]


def text(pdf: bytes) -> str:
    """Return all lines of a file."""
    return "\n".join(line for page in pages(pdf) for line in page)


def page_count(pdf: bytes) -> int:
    """Return how many pages a file has."""
    return len(_PAGE.findall(pdf))


def sizes(pdf: bytes) -> list[tuple[float, float]]:
    """Return width and height of the pages that say so; the first size is that of all others."""
    return [(float(width), float(height)) for width, height in _SIZE.findall(pdf)]


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return data


def _plain(shown: str) -> str:
    return re.sub(r"\\(.)", r"\1", shown, flags=re.DOTALL)
