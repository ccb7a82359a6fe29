"""Rows of the exchange, and the folder or bucket of its large containers."""
