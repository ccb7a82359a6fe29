"""Others, seen from the log: its witnesses."""
