"""Takes in, keeps and hands out sealed envelopes; never opens them."""

__version__ = "0.1.0"
