"""How the tables of the log came to be, one step a file."""
