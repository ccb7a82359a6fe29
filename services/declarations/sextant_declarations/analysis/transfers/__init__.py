"""Transfers of scheduled chemicals: what two States say of the same flow, and how it fits.

`model` says what goes in and comes out; `facts` takes rows out of declarations; `comparing` gives
intervals and classes of one pair; `hypotheses` the explanations that an officer may try; `index`
holds a world of pairs and matches again what a new version touches; `notices` pairs the notices of
Schedule 1. A hypothesis is shown and never applied.
"""
