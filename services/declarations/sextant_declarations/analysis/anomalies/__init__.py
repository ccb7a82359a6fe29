"""Anomalies: differences within what one State declares, and flows by way of a third State.

Each method is a module of its own over the same facts; `run` gives all cards of a run in their
order. What two States say of one transfer is paired by the transfers package.
"""
