"""The guard of the log's keys: a built-in witness that signs a fork for nobody, not even for us.

Knows the keys, a small state file kept apart from the ledger and its backups, and nothing else.
"""
