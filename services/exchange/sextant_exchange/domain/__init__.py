"""The rules of the exchange: what is accepted, in which order it becomes durable, who gets it."""
