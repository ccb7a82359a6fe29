"""What a party installs: the SDK and the command sextant."""

__version__ = "0.1.0"
