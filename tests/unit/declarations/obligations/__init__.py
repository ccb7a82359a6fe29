"""Obligations: what States owe, and whether it came in time."""
