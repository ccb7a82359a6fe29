"""Rows of the log: tables that only grow, the ledger over them, the test that they refuse."""
