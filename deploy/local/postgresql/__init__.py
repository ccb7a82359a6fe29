"""Throw-away PostgreSQL servers: their programs, what rooms need there, and a server.

Responsible for the servers of `make demo DATABASE=postgresql`, of benches, drills and tests. Not
for one that people rely on: they set it up by the pages, and `deploy/postgresql` has its files.
"""
