"""Which sites may be inspected, and which of them are drawn: lists, caps, a draw to repeat.

Pure, and in whole numbers throughout: the same inputs give the same list on any machine. Weights,
shares and what the treaty leaves open are data (`policy.json`) with their marks.
"""
