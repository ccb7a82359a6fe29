"""The declarations service over a real database, a real vault, real workshop processes."""
