"""HTTP of the exchange: parse, call one use case, answer."""
