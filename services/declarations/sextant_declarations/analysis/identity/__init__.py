"""Which codes of a State may be one plant site: proposed with weights, decided by a person.

Pure. Records are made of what is in force of a State; pairs that share a place or an operator are
compared on five questions; each answer has a weight (Fellegi and Sunter, 1969). Weights are fitted
without any answer key, kept in a reviewed file, and never learned from what is in the register.
"""
