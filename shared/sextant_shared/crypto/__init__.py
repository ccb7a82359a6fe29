"""Primitives: bytes in, bytes out. No wire model, no clock.

`keys` names and thumbprints keys, `signing` signs and verifies with one key, `sealing` wraps a
content key for one recipient, `chunked` encrypts bodies, `selftest` runs known answers at start.
"""
