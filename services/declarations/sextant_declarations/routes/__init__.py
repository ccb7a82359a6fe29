"""The officers' REST interface: each route asks one use case."""
