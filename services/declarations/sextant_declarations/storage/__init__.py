"""Rows: what is stored of each envelope, what is owed for it, and who read it.

Tables never leave this package; values of the domain and answers do.
"""
