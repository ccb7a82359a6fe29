"""Measures the platform on this machine, bounded, on loopback; `python -m bench` prints it.

Ratios within one run are what counts: absolute times depend on the machine.
"""
