"""HTTP for the log: the C2SP read path, proofs, and the one way to append."""
