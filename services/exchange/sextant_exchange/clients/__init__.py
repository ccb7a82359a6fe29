"""Other services, seen from the exchange."""
