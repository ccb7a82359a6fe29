"""The log itself: growth, proofs, publication, recovery and the check of the whole.

Knows no framework, clock, random source or row; what it needs from outside stands in `ports`.
"""
