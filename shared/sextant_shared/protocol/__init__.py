"""Whole flows joined from models, crypto and Merkle arithmetic, used on both ends."""
