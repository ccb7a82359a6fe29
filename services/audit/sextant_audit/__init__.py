"""The append-only transparency log of every act."""

__version__ = "0.1.0"
