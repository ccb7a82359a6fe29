"""Versions of the exchange's schema, applied in order when the service starts."""
