"""What is told while bytes move."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Told how many bytes of how many have moved."""


def untold(_done: int, _total: int) -> None:
    """Tell nobody."""
