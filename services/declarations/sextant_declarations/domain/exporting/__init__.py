"""Exports: tables as files that officers fetch, made beside the requests and kept for a while.

Responsible for what can be exported (`tables`), for the orders and who may see them (`orders`), and
for making files one after the other (`making`). Not responsible for the bytes of a format: that is
storage's (`storage.export_writing`).
"""
