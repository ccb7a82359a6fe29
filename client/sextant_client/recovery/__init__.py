"""Backups of the platform and what they must still prove after a loss.

Responsible for what stands in a backup, for keys that two custodians open together, and for the
check that a restored log honours every receipt. Commands: `sextant ops`. Not responsible for the
engines that replicate continuously (Litestream, pgBackRest, `pg_receivewal`): they are driven.
"""
