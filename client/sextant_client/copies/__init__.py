"""Copies of the log: checked whole, and kept.

A copy is what C2SP tlog-tiles serves: `checkpoint`, `tile/<level>/<index>`, `tile/entries/<index>`,
in a folder or behind a URL. `checking` rebuilds one and names what is wrong in it (`sextant log
fsck`); `keeping` makes one and carries it on (`sextant log mirror`). Neither believes a byte that
the signed head does not cover.
"""
