"""The contract every room of Sextant speaks: models, bytes, crypto, proofs."""

__version__ = "0.1.0"
