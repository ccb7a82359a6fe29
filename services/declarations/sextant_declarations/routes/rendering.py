"""A picture as whoever asks wants it: SVG, PNG, or its table as HTML or CSV.

PNG is drawn by resvg, which runs and fetches nothing, with the fonts that come with the platform
and no others: equal pictures give equal bytes on every machine.
"""

import asyncio
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path

import resvg_py
from starlette.requests import Request
from starlette.responses import Response

from sextant_declarations.analysis.pictures.drawing import Picture
from sextant_shared.chassis.api_docs import Responses, answer, binary
from sextant_shared.chassis.caching import cacheable
from sextant_shared.chassis.headers import hash_of
from sextant_shared.errors import Code, PlatformError

SVG, PNG, HTML, CSV = "image/svg+xml", "image/png", "text/html", "text/csv"
FORMS = (SVG, PNG, HTML, CSV)
ZOOM = 2  # pixels for each unit of the SVG: sharp on paper and on dense screens
_CACHE = "private, no-cache"
_FAMILY, _FONTS = "FiraGO", ("FiraGO_Regular", "FiraGO_Bold")
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem}table{border-collapse:collapse}"
    "caption{font-weight:600;text-align:left;padding-bottom:.5rem}"
    "td,th{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #8885}"
)
_PAGE = (
    '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n'
    "<style>{style}</style>\n{table}</html>\n"
)
_POLICY = (
    f"default-src 'none'; style-src {hash_of(_STYLE)}; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; sandbox"
)
ANSWERS: Responses = {
    200: {
        "description": "The picture, or its table; `Accept` says which, SVG by default",
        "content": {
            **answer("", SVG, {"type": "string"})["content"],
            **binary("", PNG)["content"],
            **answer("", HTML, {"type": "string"})["content"],
            **answer("", CSV, {"type": "string"})["content"],
        },
    },
}


def accepted(header: str) -> str:
    """Return the form that an `Accept` header asks for, best first (RFC 9110 §12.5.1).

    Raises:
        PlatformError: `E_MALFORMED` when it takes none of them.
    """
    if not header.strip():
        return SVG
    ranges = {media: q for media, q in map(_range, header.split(",")[:20]) if media}
    scored = []
    for place, form in enumerate(FORMS):
        wild = f"{form.split('/')[0]}/*"
        quality = next((ranges[m] for m in (form, wild, "*/*") if m in ranges), 0.0)
        scored.append((-quality, form not in ranges, place, form))
    best = min(scored)
    if not best[0]:
        raise PlatformError(
            Code.MALFORMED,
            "a picture has none of the forms that are accepted",
            expected=", ".join(FORMS),
            received=header[:120],
        )
    return best[-1]


async def rendered(request: Request, picture: Picture, form: str) -> Response:
    """Return the picture in this form, cacheable by whoever asked."""
    if form == PNG:
        data = await asyncio.to_thread(png, picture.svg)
    elif form == HTML:
        table = picture.table
        data = _PAGE.format(title=picture.kind, style=_STYLE, table=table.html()).encode()
    else:
        data = (picture.svg if form == SVG else picture.table.csv()).encode()
    media = f"{form}; charset=utf-8" if form in {HTML, CSV} else form
    response = cacheable(request, data, media, _CACHE)
    response.headers["Vary"] = "Accept, Authorization"
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def png(svg: str) -> bytes:
    """Return a picture of our own writer as PNG."""
    drawn: bytes = resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=ZOOM,
        skip_system_fonts=True,
        font_files=[str(path) for path in _font_files()],
        font_family=_FAMILY,
        sans_serif_family=_FAMILY,
    )
    return bytes(drawn)


@cache
def _font_files() -> tuple[Path, ...]:
    """Write the platform's fonts where the renderer can read them, once for each process."""
    folder = Path(tempfile.mkdtemp(prefix="sextant-fonts-"))
    paths = []
    for name in _FONTS:
        path = folder / f"{name}.ttf"
        path.write_bytes(import_module(f"pymupdf_fonts.{name}").fontbuffer)
        paths.append(path)
    return tuple(paths)


def _range(part: str) -> tuple[str, float]:
    media, *parameters = (one.strip().lower() for one in part.split(";"))
    quality = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return media, max(0.0, min(1.0, float(quality)))
    except ValueError:
        return "", 0.0
