"""Scenarios: a deadline day of many States on real processes, some of which are killed.

`python -m deploy.local.scenario list | run NAME`; `sextant scenario` calls it.
"""
