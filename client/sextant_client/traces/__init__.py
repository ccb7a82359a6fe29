"""Spans from wherever an operator keeps them, and the story of one declaration that they tell."""
