"""Adapters to what is outside this process: the exchange, the log, and the workshop processes."""
