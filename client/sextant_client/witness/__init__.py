"""A witness of transparency logs, run by one command: its keys, its memory, its answers, its HTTP.

Knows no log's entries and no envelope; needs neither a home folder nor the exchange.
"""
