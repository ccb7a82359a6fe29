"""The fonts that come with the platform: FiraGO, for Latin, Greek, Cyrillic, Arabic and Hebrew.

The package that carries them holds each as bytes; a PDF is drawn from files, so they stand in a
folder of their own while a print is made, and only if it needs them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

_NAMES = ("FiraGO_Regular", "FiraGO_Bold")


@contextmanager
def own_fonts() -> Iterator[Callable[[], Path]]:
    """Yield what returns the folder of our fonts, which is made when first asked for."""
    with TemporaryDirectory(prefix="sextant-fonts-") as folder:

        @cache
        def unpacked() -> Path:
            for name in _NAMES:
                data: bytes = import_module(f"pymupdf_fonts.{name}").fontbuffer
                (Path(folder) / f"{name}.ttf").write_bytes(data)
            return Path(folder)

        yield unpacked
