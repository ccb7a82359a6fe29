"""The guard of the log's keys: a built-in witness that signs a fork for nobody, not even for us.

Knows the keys, a small state file kept apart from the ledger and its backups, and nothing else. It
runs inside the audit service, or as a process and user of its own: `python -m sextant_audit.signer`
loads no web framework, no database and no client of a network.
"""
